/** Wanted states, and the values that belong to them, as they go over the wire. */
import Type from 'typebox';
import { campaignStates } from '../../domain/campaign/state.js';
import { StrategySchema } from '../../domain/campaign/strategy.js';
import { limits } from '../../domain/limits.js';
import { Text } from '../../domain/text.js';
import { standings } from '../../domain/wanted-state/judge.js';
import { StatedStrategySchema } from '../stated-strategy.js';
import { InstantSchema, NameSchema, NullableInstantSchema, NullableTextSchema, strict } from './common.js';
import { ComplianceSchema, ValueChangesSchema } from './gateways.js';
import { RequestsSchema } from './resources.js';

export const NewWantedStateSchema = Type.Object(
  {
    requests: RequestsSchema,
    deployment: NameSchema,
    automatic: Type.Optional(
      Type.Boolean({
        description: 'A new version in the range is rolled out by itself; default: false without a strategy',
      }),
    ),
    strategy: Type.Optional(
      Type.Union(StatedStrategySchema.anyOf, {
        description:
          'How a new version goes through the gateways, by a campaign; to all at once when not given',
      }),
    ),
    deadlineSeconds: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 31 * 86_400,
        description: 'Time that a gateway has in a rollout until it counts as lost; default: one day',
      }),
    ),
  },
  strict,
);

const wanted = {
  id: Type.String(),
  requests: Type.Array(Type.String()),
  deployment: Type.String(),
  automatic: Type.Boolean(),
  strategy: Type.Union([StrategySchema, Type.Null()], {
    description: 'Null: new versions go to all at once',
  }),
  deadlineSeconds: Type.Integer(),
  versions: Type.Array(Type.String(), {
    description: '`name@version` of the newest that counts, one for each request',
  }),
  problem: { ...NullableTextSchema, description: 'Why a newer version is not brought out' },
  createdAt: InstantSchema,
  endedAt: NullableInstantSchema,
};

export const WantedStateSchema = Type.Object(wanted);

export const WantedStateDetailSchema = Type.Object({
  ...wanted,
  compliance: ComplianceSchema,
  lookingAtAll: Type.Boolean({ description: 'Not all gateways have been looked at yet' }),
  rollouts: Type.Array(
    Type.Object({
      id: Type.String(),
      gateways: Type.Integer(),
      state: Type.String(),
      createdAt: InstantSchema,
    }),
    { description: 'The last ones that it has started, newest first' },
  ),
  campaigns: Type.Array(
    Type.Object({
      id: Type.String(),
      selected: Type.Array(Type.String(), { description: 'NAME@VERSION that it brings' }),
      state: Type.Enum([...campaignStates]),
      createdAt: InstantSchema,
    }),
    { description: 'The last ones that it has started, newest first; none without a strategy' },
  ),
});

export const WantedMemberSchema = Type.Object({
  gatewayId: Type.String(),
  standing: Type.Enum([...standings]),
  reason: NullableTextSchema,
  attempts: Type.Integer({ description: 'Rollouts in a row that did not bring it there' }),
  dueAt: NullableInstantSchema,
  rollout: NullableTextSchema,
  changedAt: InstantSchema,
});

const SelectSchema = Type.Optional(
  Text(limits.selectorLength, { minLength: 1, description: 'A selector; without it: the fleet' }),
);

export const SharedValueSchema = Type.Object({
  key: Type.String(),
  value: Type.Union([Type.String(), Type.Null()], { description: 'Null when it is a secret' }),
  secret: Type.Boolean(),
  select: Type.Union([Type.String(), Type.Null()], { description: 'Null: of the fleet' }),
  updatedAt: InstantSchema,
});

export const SharedValueChangesSchema = Type.Object(
  { select: SelectSchema, ...ValueChangesSchema.properties },
  strict,
);

export const UndeclaredSchema = Type.Array(Type.String(), {
  description: 'Keys among those set that no artifact of the repository declares: nothing will ask for them',
});
