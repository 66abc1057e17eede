/** Gateways and their fleet as they go over the wire. */
import Type from 'typebox';
import { valueKeyPattern } from '../../domain/artifact/manifest.js';
import { gatewayConditions, type GatewayCondition } from '../../domain/gateway/condition.js';
import { gatewayEventKinds } from '../../domain/gateway/gateway-event.js';
import { GatewayProfileSchema, LabelsSchema } from '../../domain/gateway/profile.js';
import { limits } from '../../domain/limits.js';
import { RecordOf, Text } from '../../domain/text.js';
import { valueLevels } from '../../domain/values/levels.js';
import { standings } from '../../domain/wanted-state/judge.js';
import { InstantSchema, NullableTextSchema, strict } from './common.js';

export const GatewaySchema = Type.Object({
  id: Type.String(),
  state: Type.Enum(['pending', 'queued', 'active', 'decommissioned']),
  nodeId: NullableTextSchema,
  protocol: Type.String(),
  strategy: Type.String(),
  channelReason: Type.String({ description: 'Why this channel was agreed on' }),
  fallbacks: Type.Array(Type.String(), {
    description: 'Channels agreed on besides, in the order in which they are tried: `http/pull`',
  }),
  awaySince: Type.Union([InstantSchema, Type.Null()], {
    description: 'Since when it is known to be away, where its protocol tells',
  }),
  agentVersion: NullableTextSchema,
  registeredAt: InstantSchema,
  lastSeenAt: InstantSchema,
  pollSeconds: Type.Number({ description: 'Its pause between two polls' }),
  conditions: Type.Array(Type.Enum([...gatewayConditions]), {
    description: 'silent: not heard of for longer than its pauses explain; contested: within a day',
  }),
  troubles: Type.Array(Type.String(), {
    description: 'What is not as it should be, by the state that it reported last: a line each',
  }),
  labels: LabelsSchema,
  operatorLabels: LabelsSchema,
  reportedLabels: Type.Array(Type.String(), {
    description: 'Labels that the gateway may set itself: names, or `*`',
  }),
  key: Type.Union([Type.String(), Type.Null()], { description: 'What it proves itself by' }),
  readmitted: Type.Boolean({ description: 'It may be enrolled anew' }),
  registeredFrom: NullableTextSchema,
  profile: GatewayProfileSchema,
});

/** One gateway, with what is looked up for it alone. */
export const GatewayDetailSchema = Type.Object({
  ...GatewaySchema.properties,
  installedSince: Type.Record(Type.String(), InstantSchema, {
    description: 'By name@version, of what a delivery brought',
  }),
});

export const GatewayValueSchema = Type.Object({
  key: Type.String(),
  value: Type.Union([Type.String(), Type.Null()], { description: 'Null when it is a secret' }),
  secret: Type.Boolean(),
  level: Type.Enum([...valueLevels], { description: 'Where it comes from: the nearest that there is' }),
  select: Type.Union([Type.String(), Type.Null()], {
    description: 'The selector that it comes by; null unless level is select',
  }),
  updatedAt: InstantSchema,
});

const ValueKeySchema = Type.String({ pattern: valueKeyPattern });

export const ValueChangesSchema = Type.Object(
  {
    set: Type.Optional(
      RecordOf(valueKeyPattern, Text(limits.valueLength), { maxProperties: limits.gatewayValues }),
    ),
    secret: Type.Optional(Type.Boolean({ description: 'What is set is secret: it is never shown again' })),
    unset: Type.Optional(Type.Array(ValueKeySchema, { maxItems: limits.gatewayValues })),
  },
  strict,
);

/** What happened to a gateway, in order. */
export const GatewayEventSchema = Type.Object({
  at: InstantSchema,
  kind: Type.Enum(['registered', 'delivery', 'person', 'contest', ...gatewayEventKinds]),
  what: Type.String({ description: 'In words' }),
  rollout: Type.Union([Type.String(), Type.Null()], { description: 'What it belongs to' }),
  by: Type.Union([Type.String(), Type.Null()], { description: 'Who asked for it' }),
});

/** How many gateways stand how to a wanted state. */
export const ComplianceSchema = Type.Object(
  Object.fromEntries(standings.map((standing) => [standing, Type.Integer()])) as Record<
    (typeof standings)[number],
    Type.TInteger
  >,
  { description: 'How many gateways stand how' },
);

/** How many gateways have what. */
export const FleetSchema = Type.Object({
  gateways: Type.Integer(),
  conditions: Type.Object(
    Object.fromEntries(gatewayConditions.map((name) => [name, Type.Integer()])) as Record<
      GatewayCondition,
      Type.TInteger
    >,
  ),
  installed: Type.Array(
    Type.Object({ name: Type.String(), version: Type.String(), gateways: Type.Integer() }),
    { description: 'The 500 that most have' },
  ),
  nodes: Type.Array(Type.Object({ id: Type.String(), gateways: Type.Integer() })),
  protocols: Type.Array(Type.Object({ protocol: Type.String(), gateways: Type.Integer() })),
  failures: Type.Array(Type.Object({ class: Type.String(), deliveries: Type.Integer() }), {
    description:
      'Deliveries that ended badly within a day, by the class of the failure, or as what they ended',
  }),
  wanted: Type.Array(
    Type.Object({
      id: Type.String(),
      deployment: Type.String(),
      requests: Type.Array(Type.String()),
      compliance: ComplianceSchema,
    }),
    { description: 'How they stand to the wanted states that have not ended; empty within a scope' },
  ),
});
