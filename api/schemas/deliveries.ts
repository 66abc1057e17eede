/** Deliveries as people look for them, as they go over the wire. */
import Type from 'typebox';
import { errorClasses } from '../../domain/campaign/error-class.js';
import { deliveryStates } from '../../domain/delivery/state.js';
import { NullableTextSchema } from './common.js';
import { CountedSchema, FacetsSchema } from './facets.js';
import { DeliverySchema } from './resources.js';

const kind = {
  class: Type.Enum([...errorClasses]),
  template: Type.String({ description: 'What happened, with # where ids, addresses and numbers stand' }),
};
const reasonProperties = {
  key: Type.String({ description: 'The same wherever it went wrong for this reason: lists are asked by it' }),
  ...kind,
};
const differing = {
  parameters: Type.Array(Type.String(), { description: 'What stands there, in order' }),
  output: { ...NullableTextSchema, description: 'The end of what a script printed' },
};

/** A reason without its key. */
export const reasonParts = { ...kind, ...differing };

const NullableReasonSchema = Type.Union([Type.Object({ ...reasonProperties, ...differing }), Type.Null()], {
  description: 'Why it ended badly; null when it did not',
});

export const ListedDeliverySchema = Type.Object({
  ...DeliverySchema.properties,
  reason: NullableReasonSchema,
});

export const FleetDeliverySchema = Type.Object({
  rollout: Type.String({ description: 'Id of the rollout or the order' }),
  requests: Type.Array(Type.String()),
  ...ListedDeliverySchema.properties,
});

export const DeliveryFacetsSchema = FacetsSchema({
  state: Type.Array(Type.Object({ value: Type.Enum(deliveryStates), count: Type.Integer() })),
  class: Type.Array(Type.Object({ value: Type.Enum([...errorClasses]), count: Type.Integer() })),
  node: Type.Array(CountedSchema),
  reason: Type.Array(
    Type.Object({
      ...reasonProperties,
      count: Type.Integer(),
      example: Type.Object({ gatewayId: Type.String(), rollout: Type.String(), ...differing }),
    }),
    { description: 'What went wrong most, first' },
  ),
});
