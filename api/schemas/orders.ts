/** Orders as they go over the wire. */
import Type from 'typebox';
import { namePattern } from '../../domain/artifact/manifest.js';
import { deliveryStates } from '../../domain/delivery/state.js';
import { limits } from '../../domain/limits.js';
import { orderedActions } from '../../domain/order/ordered-action.js';
import { Text } from '../../domain/text.js';
import { InstantSchema, NameSchema, NullableInstantSchema, NullableTextSchema, strict } from './common.js';

export const NewOrderSchema = Type.Object(
  {
    action: Type.Enum([...orderedActions]),
    artifact: Type.Optional(
      Type.String({
        pattern: namePattern,
        description: 'Name, without a version; wipe and profile are about no artifact',
      }),
    ),
    keepData: Type.Optional(
      Type.Boolean({
        description:
          'Of uninstall: whether its data stays on the gateway; default: as the policy of the artifact says',
      }),
    ),
    deployment: Type.Optional(NameSchema),
    gatewayIds: Type.Optional(Type.Array(Text(128), { minItems: 1, maxItems: limits.deploymentGateways })),
    deadlineSeconds: Type.Optional(Type.Integer({ minimum: 1, maximum: 31 * 86_400 })),
  },
  strict,
);

export const OrderPreviewSchema = Type.Object({
  gateways: Type.Integer({ description: 'Gateways that get the order: those meant that have the artifact' }),
  also: Type.Record(Type.String(), Type.Integer(), {
    description:
      'Dependencies that nothing needs any more and that go with it, with the number of gateways; empty when the order was known',
  }),
});

export const OrderAnswerSchema = Type.Object({ id: Type.String(), ...OrderPreviewSchema.properties });

export const GatewayOrderSchema = Type.Object({
  order: Type.String(),
  gatewayId: Type.String(),
  action: Type.Enum([...orderedActions, 'configure']),
  artifact: Type.String(),
  state: Type.Enum(deliveryStates),
  error: Type.Unknown({ description: "The gateway's error, or null" }),
  createdBy: { ...NullableTextSchema, description: 'Who gave it' },
  createdAt: InstantSchema,
  deadlineAt: InstantSchema,
  endedAt: NullableInstantSchema,
});
