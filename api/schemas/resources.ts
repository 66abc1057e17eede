/** The resources of the management API as they go over the wire. */
import Type from 'typebox';
import { ArtifactManifestSchema } from '../../domain/artifact/manifest.js';
import { DemandsSchema } from '../../domain/artifact/operation.js';
import { deliveryStates, type DeliveryState } from '../../domain/delivery/state.js';
import { nodeOrigins, nodeStates } from '../../domain/balancer/pool.js';
import { strategyNames } from '../../domain/balancer/strategies.js';
import { EndpointSchema } from '../../domain/gateway/endpoint.js';
import { deploymentModes } from '../../domain/rollout/deployment-mode.js';
import { riskKinds } from '../../domain/plan/plan-risks.js';
import { optimalities, type Plan } from '../../domain/plan/plan.js';
import { limits } from '../../domain/limits.js';
import { Text } from '../../domain/text.js';
import { rolloutEventKinds } from '../../domain/rollout/events.js';
import { RolloutState } from '../../domain/rollout/state.js';
import { stepNames } from '../../domain/rollout/steps.js';
import {
  InstantSchema,
  NameSchema,
  NullableInstantSchema,
  NullableTextSchema,
  strict,
  TemporalUiSchema,
} from './common.js';

export const ArtifactSchema = Type.Object({
  name: Type.String(),
  version: Type.String(),
  kind: Type.String(),
  digest: Type.String(),
  sizeBytes: Type.Integer(),
  createdAt: InstantSchema,
  signedBy: Type.Array(Type.String(), { description: 'Ids of the keys that have signed it' }),
  manifest: ArtifactManifestSchema,
});

export const NodeSchema = Type.Object({
  id: Type.String(),
  address: Type.String({ description: 'Empty while it is being launched' }),
  state: Type.Enum([...nodeStates]),
  origin: Type.Enum([...nodeOrigins], {
    description: 'own: came by itself; operator: asked for; pool: launched because all nodes were full',
  }),
  labels: Type.Record(Type.String(), Type.String(), { description: 'site, latitude, longitude' }),
  endpoints: Type.Array(EndpointSchema, { description: 'Where it serves which protocol' }),
  gatewayCount: Type.Integer(),
  deliveryCount: Type.Integer({ description: 'Unfinished deliveries of its gateways' }),
  requestedAt: NullableInstantSchema,
  launchedAt: NullableInstantSchema,
  startedAt: InstantSchema,
  sharedAt: NullableInstantSchema,
  heartbeatAt: InstantSchema,
  attempts: Type.Integer({ description: 'Failed launches in a row' }),
  problem: NullableTextSchema,
  stats: Type.Object(
    {
      cpuShare: Type.Optional(Type.Number({ description: 'Of all processors of its machine, 0 to 1' })),
      cpuSeconds: Type.Optional(Type.Number()),
      memoryShare: Type.Optional(Type.Number({ description: "Of its machine's memory, 0 to 1" })),
      rssBytes: Type.Optional(Type.Integer()),
      queue: Type.Optional(Type.Integer({ description: 'Requests of gateways that wait' })),
      activities: Type.Optional(Type.Integer({ description: 'Activities under way' })),
    },
    { additionalProperties: true, description: 'What its process last said that it uses' },
  ),
});

export const NodePoolSchema = Type.Object({
  strategy: Type.Enum(strategyNames),
  threshold: Type.Integer({ description: 'Gateways that fill a node' }),
  minNodes: Type.Integer(),
  maxNodes: Type.Integer({ description: '0: no node is launched for need' }),
  settleMs: Type.Integer({ description: 'How long the load must be low before a node goes' }),
  channels: Type.Array(Type.String(), {
    description: 'Channels or protocols that gateways are spoken to by where they can, in order',
  }),
  queued: Type.Integer({ description: 'Registrations that wait for a node' }),
});

export const DeploymentSchema = Type.Object({
  name: Type.String(),
  gatewayIds: Type.Array(Type.String()),
  select: NullableTextSchema,
  mode: Type.Enum([...deploymentModes], {
    description:
      'live: the selector is looked up each time; frozen: it was looked up once, or the gateways are a list',
  }),
  createdAt: InstantSchema,
});

/** Who belongs to a deployment. */
export const DeploymentContentSchema = Type.Object(
  {
    gatewayIds: Type.Optional(Type.Array(Text(128), { minItems: 1, maxItems: limits.deploymentGateways })),
    select: Type.Optional(Text(limits.selectorLength, { minLength: 1 })),
    mode: Type.Optional(
      Type.Enum([...deploymentModes], {
        description: 'Of a selector; default live. frozen: who matches now belongs to it from now on',
      }),
    ),
  },
  strict,
);

export const NewDeploymentSchema = Type.Object(
  {
    name: NameSchema,
    ...DeploymentContentSchema.properties,
  },
  strict,
);

export const PackageSchema = Type.Object({
  id: Type.String(),
  digest: Type.String({ description: 'sha256 of the archive' }),
  sizeBytes: Type.Integer(),
  installedBytes: Type.Integer(),
  artifacts: Type.Array(Type.String()),
  builtBy: Type.String(),
  builtAt: InstantSchema,
  lastNeededAt: InstantSchema,
  log: Type.String(),
});

const KeysSchema = Type.Array(Type.String(), { description: 'name@version of each' });

/** A plan as `leonore resolve --json` prints it; kept open, since plans grow facts. */
export const PlanSchema = Type.Unsafe<Plan>(
  Type.Object(
    {
      artifacts: Type.Array(
        Type.Object(
          {
            name: Type.String(),
            version: Type.String(),
            variant: Type.String({ description: 'Label of its platform; any when it runs anywhere' }),
            variantIndex: Type.Union([Type.Integer(), Type.Null()], { description: 'Which of its variants' }),
            requiredBy: Type.Array(Type.String(), {
              description:
                'Names; the word request when it was asked for, installed when it only replaces what is there',
            }),
            demands: Type.Optional(DemandsSchema),
          },
          { additionalProperties: true },
        ),
      ),
      install: KeysSchema,
      remove: KeysSchema,
      keep: KeysSchema,
      orphans: Type.Optional(KeysSchema),
      removeFirst: Type.Boolean({
        description: 'What is removed goes before the new is unpacked, to make room',
      }),
      restore: Type.Optional(KeysSchema),
      downloadSize: Type.Integer(),
      installedSize: Type.Integer(),
      peakDisk: Type.Integer({ description: 'Highest number of bytes needed beyond what is there now' }),
      tree: Type.Array(Type.Unknown(), { description: 'The dependency tree below each requested artifact' }),
      optimal: Type.Optional(
        Type.Enum([...optimalities], {
          description: 'Whether it is proven that no plan is better, or the budget ended before',
        }),
      ),
      consent: Type.Optional(
        Type.Array(Type.String(), {
          description: 'Those of remove that an operator asked for and nothing replaces',
        }),
      ),
    },
    { additionalProperties: true, description: 'A plan, as leonore resolve --json prints it' },
  ),
);

export const RequestsSchema = Type.Array(Text(400, { minLength: 1, description: 'NAME or NAME@RANGE' }), {
  minItems: 1,
  maxItems: limits.requests,
});

const AllowRemoveSchema = Type.Optional(
  Type.Boolean({ description: 'Newer versions may take away what was asked for before; default false' }),
);

const AllowDowngradeSchema = Type.Optional(
  Type.Boolean({
    description: 'What is asked for may come in an older version than a gateway has; default false',
  }),
);

/** Whom a request is for: exactly one of them. */
const targetProperties = {
  deployment: Type.Optional(NameSchema),
  gateways: Type.Optional(
    Type.Array(Text(128), {
      minItems: 1,
      maxItems: limits.deploymentGateways,
      description: 'Ids of gateways',
    }),
  ),
  select: Type.Optional(Text(limits.selectorLength, { minLength: 1, description: 'A selector' })),
};

export const PlanRequestSchema = Type.Object(
  {
    requests: RequestsSchema,
    ...targetProperties,
    gatewayId: Type.Optional(Text(128, { description: 'The same as gateways with this one alone' })),
    plans: Type.Optional(Type.Integer({ minimum: 1, maximum: limits.plans })),
    allowRemove: AllowRemoveSchema,
    budgetSeconds: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        maximum: limits.dryRun.totalMs / 1_000,
        description: `How long to compute at most for all gateways with the same facts; default ${String(limits.dryRun.groupMs / 1_000)}`,
      }),
    ),
    allowDowngrade: AllowDowngradeSchema,
  },
  strict,
);

const someGateways = {
  gateways: Type.Integer(),
  sample: Type.Array(Type.String(), { description: 'Some of the gateways' }),
};

export const PlanAnswerSchema = Type.Object({
  gateways: Type.Integer(),
  incompatible: Type.Integer(),
  lackingValues: Type.Integer({
    description: 'Gateways that have a plan, and would be offered nothing since they lack values',
  }),
  downloadBytes: Type.Integer({ description: 'What all gateways together would fetch' }),
  undecided: Type.Integer({
    description: 'Gateways for which it was not found out in the time for planning whether there is a plan',
  }),
  groups: Type.Array(
    Type.Object({
      gateways: Type.Integer(),
      sample: Type.Array(Type.String(), { description: 'Some of the gateways' }),
      plans: Type.Array(PlanSchema),
      explanation: NullableTextSchema,
      undecided: Type.Boolean(),
      package: Type.Union(
        [
          Type.Object({
            there: Type.Boolean({ description: 'It was built before' }),
            bytes: Type.Integer({
              description:
                'What a gateway fetches: of the archive, or what the plan says while there is none',
            }),
          }),
          Type.Null(),
        ],
        { description: 'The package of the first plan; null when there is nothing to do' },
      ),
      configured: Type.Object(someGateways, {
        description: 'Gateways that have all of it, and get other values without a package',
      }),
      lacking: Type.Array(
        Type.Object({ keys: Type.String({ description: 'What has no value' }), ...someGateways }),
        { description: 'Gateways that would be offered nothing since they lack values' },
      ),
      risks: Type.Array(
        Type.Object({
          kind: Type.Enum([...riskKinds]),
          what: Type.String({ description: 'In words' }),
          ...someGateways,
        }),
        { description: 'What to look at before it begins' },
      ),
    }),
  ),
});

export const NewRolloutSchema = Type.Object(
  {
    requests: RequestsSchema,
    ...targetProperties,
    deadlineSeconds: Type.Optional(Type.Integer({ minimum: 1, maximum: 31 * 86_400 })),
    balancer: Type.Optional(
      Type.Enum(strategyNames, {
        description:
          'Spreads the gateways of this rollout over all nodes first; default: each stays on its node',
      }),
    ),
    allowRemove: AllowRemoveSchema,
    allowDowngrade: AllowDowngradeSchema,
  },
  strict,
);

const WaitingForSchema = Type.Union([Type.String(), Type.Null()], {
  description:
    'What it waits for besides gateways: PostgreSQL, Temporal, the blob store, a node; null: for nothing',
});
const RolloutStateSchema = Type.Enum(Object.values(RolloutState));
const DeliveryStateSchema = Type.Enum(deliveryStates);

export const CountsSchema = Type.Object(
  Object.fromEntries(deliveryStates.map((state) => [state, Type.Integer()])) as Record<
    DeliveryState,
    Type.TInteger
  >,
);

export const RolloutSummarySchema = Type.Object({
  id: Type.String(),
  requests: Type.Array(Type.String()),
  deployment: Type.String({ description: 'Whom it goes to, for people: the deployment, or what is named' }),
  state: RolloutStateSchema,
  deadlineSeconds: Type.Integer(),
  allowRemove: Type.Boolean(),
  allowDowngrade: Type.Boolean(),
  createdBy: Type.Union([Type.String(), Type.Null()], { description: 'Who asked for it' }),
  campaign: Type.Union([Type.String(), Type.Null()], { description: 'The campaign that it belongs to' }),
  createdAt: InstantSchema,
  endedAt: NullableInstantSchema,
  failure: Type.Unknown(),
  waitingFor: WaitingForSchema,
});

export const StepSchema = Type.Object({
  step: Type.Enum(Object.keys(stepNames)),
  name: Type.String(),
  nodeId: Type.String({ description: 'Empty for steps that no single node does' }),
  startedAt: InstantSchema,
  endedAt: NullableInstantSchema,
});

export const GroupSchema = Type.Object({
  id: Type.String(),
  nodeId: Type.String(),
  state: Type.Enum(['planned', 'built', 'failed', 'incompatible']),
  gateways: Type.Integer(),
  plans: Type.Array(PlanSchema),
  planIndex: Type.Union([Type.Integer(), Type.Null()]),
  packageId: NullableTextSchema,
  attempts: Type.Array(
    Type.Object({
      planIndex: Type.Integer(),
      outcome: Type.Enum(['built', 'reused', 'failed']),
      packageId: NullableTextSchema,
      error: NullableTextSchema,
      log: Type.String(),
    }),
  ),
  explanation: NullableTextSchema,
});

export const RolloutEventSchema = Type.Object({
  kind: Type.Enum([...rolloutEventKinds]),
  detail: Type.Record(Type.String(), Type.Unknown(), { description: 'Facts; `what` says it in words' }),
  at: InstantSchema,
});

export const RolloutSchema = Type.Object({
  ...RolloutSummarySchema.properties,
  failureText: Type.Union([Type.String(), Type.Null()], {
    description: 'Why the rollout as a whole came to nothing, and what to do; null when it did not',
  }),
  counts: CountsSchema,
  channels: Type.Array(
    Type.Object({ protocol: Type.String(), strategy: Type.String(), counts: CountsSchema }),
    { description: 'Its deliveries by protocol and strategy' },
  ),
  steps: Type.Array(StepSchema),
  groups: Type.Array(GroupSchema, { description: 'The largest 200' }),
  events: Type.Array(RolloutEventSchema, { description: 'What happened to it besides its steps, in order' }),
  temporalUi: TemporalUiSchema,
});

/** The data of the events of a rollout. */
export const RolloutProgressSchema = Type.Object({
  id: Type.String(),
  state: RolloutStateSchema,
  counts: CountsSchema,
  steps: Type.Array(StepSchema),
  failure: Type.Unknown(),
  waitingFor: WaitingForSchema,
});

const FailureTextSchema = Type.Union([Type.String(), Type.Null()], {
  description: 'What went wrong, what the gateway has now, and what to do; null when nothing went wrong',
});

export const DeliverySchema = Type.Object({
  gatewayId: Type.String(),
  nodeId: NullableTextSchema,
  groupId: NullableTextSchema,
  state: DeliveryStateSchema,
  protocol: Type.String(),
  strategy: Type.String(),
  error: Type.Unknown(),
  supersededBy: Type.Union([Type.String(), Type.Null()], {
    description: 'Id of the newer rollout that took its place',
  }),
  failure: FailureTextSchema,
  explanation: NullableTextSchema,
  packageId: NullableTextSchema,
  updatedAt: InstantSchema,
  endedAt: NullableInstantSchema,
});

/** One gateway's part in a rollout or an order, whoever asked for it, with all that happened to it. */
export const GatewayDeliverySchema = Type.Object({
  rollout: Type.String({ description: 'Id of the rollout or the order' }),
  gatewayId: Type.String(),
  action: Type.String({ description: 'install, or what was ordered' }),
  requests: Type.Array(Type.String()),
  artifact: NullableTextSchema,
  createdBy: Type.Union([Type.String(), Type.Null()], { description: 'Who asked for it' }),
  state: DeliveryStateSchema,
  failure: FailureTextSchema,
  error: Type.Unknown(),
  explanation: NullableTextSchema,
  packageId: NullableTextSchema,
  createdAt: InstantSchema,
  updatedAt: InstantSchema,
  endedAt: NullableInstantSchema,
  history: Type.Array(Type.Object({ at: InstantSchema, what: Type.String({ description: 'In words' }) }), {
    description: 'What happened to it, in order',
  }),
});
