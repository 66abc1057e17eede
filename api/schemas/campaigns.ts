/** Campaigns as they go over the wire. */
import Type from 'typebox';
import { errorClasses, type ErrorClass } from '../../domain/campaign/error-class.js';
import { previewRiskKinds } from '../../domain/campaign/preview.js';
import { shownGroups, shownSites } from '../../domain/campaign/preview-work.js';
import { campaignStates } from '../../domain/campaign/state.js';
import { StrategySchema } from '../../domain/campaign/strategy.js';
import { limits } from '../../domain/limits.js';
import { RolloutState } from '../../domain/rollout/state.js';
import { Text } from '../../domain/text.js';
import { StatedStrategySchema } from '../stated-strategy.js';
import {
  InstantSchema,
  NameSchema,
  NullableInstantSchema,
  NullableTextSchema,
  strict,
  TemporalUiSchema,
} from './common.js';

const ReasonSchema = Type.Optional(
  Text(500, { minLength: 1, description: 'Why, for those who read it later' }),
);

export const NewCampaignSchema = Type.Object(
  {
    id: Type.Optional(
      Type.String({
        format: 'uuid',
        description: 'As a preview gave it: phases get the same gateways; another one when not given',
      }),
    ),
    requests: Type.Array(Text(400, { minLength: 1, description: 'NAME or NAME@RANGE' }), {
      minItems: 1,
      maxItems: limits.requests,
    }),
    deployment: Type.Optional(NameSchema),
    gateways: Type.Optional(
      Type.Array(Text(128, { minLength: 1 }), { minItems: 1, maxItems: limits.deploymentGateways }),
    ),
    select: Type.Optional(Text(limits.selectorLength, { minLength: 1 })),
    strategy: Type.Optional(
      Type.Union(StatedStrategySchema.anyOf, {
        description: 'How it goes through the gateways; all at once when not given',
      }),
    ),
    allowRemove: Type.Optional(
      Type.Boolean({
        description: 'Newer versions may take away what was asked for before; default false',
      }),
    ),
    allowDowngrade: Type.Optional(
      Type.Boolean({
        description: 'What was asked for may come in an older version than the gateway has; default false',
      }),
    ),
    reason: ReasonSchema,
  },
  strict,
);

export const CampaignVerbSchema = Type.Object({ reason: ReasonSchema }, strict);

export const CampaignPhaseVerbSchema = Type.Object(
  {
    reason: ReasonSchema,
    phase: Type.Optional(
      Type.Integer({ minimum: 1, maximum: limits.campaignPhases + 1, description: 'The first is 1' }),
    ),
  },
  strict,
);

const CampaignStateSchema = Type.Enum([...campaignStates]);

export const CampaignSummarySchema = Type.Object({
  id: Type.String(),
  requests: Type.Array(Type.String()),
  selected: Type.Array(Type.String(), { description: 'NAME@VERSION: the same in all phases' }),
  deployment: Type.String({ description: 'To what, for people' }),
  state: CampaignStateSchema,
  reason: { ...NullableTextSchema, description: 'Why it is in this state' },
  waitingFor: NullableTextSchema,
  createdBy: { ...NullableTextSchema, description: 'Who asked for it' },
  createdAt: InstantSchema,
  endedAt: NullableInstantSchema,
});

export const CampaignPhaseSchema = Type.Object({
  phase: Type.Integer({ description: 'The first is 1' }),
  name: Type.String(),
  gateways: Type.Integer(),
  startedAt: NullableInstantSchema,
  notBegun: Type.Integer(),
  open: Type.Integer({ description: 'At work' }),
  succeeded: Type.Integer(),
  failed: Type.Object(
    Object.fromEntries(errorClasses.map((name) => [name, Type.Integer()])) as Record<
      ErrorClass,
      Type.TInteger
    >,
    { description: 'By class of failure' },
  ),
  left: Type.Integer({
    description: 'Out: cancelled, superseded, taken out of service, or on its way back',
  }),
  unwell: Type.Integer({ description: 'Succeeded, and not well after the bake time' }),
});

/** Gateways named of each phase of a preview. */
export const previewedGateways = 100;

export const CampaignPreviewSchema = Type.Object({
  id: Type.String({ description: 'What gateways are drawn by: give it to the start for the same phases' }),
  requests: Type.Array(Type.String()),
  selected: Type.Array(Type.String(), { description: 'NAME@VERSION: the same in all phases' }),
  deployment: Type.String({ description: 'To what, for people' }),
  gateways: Type.Integer(),
  deliverySeconds: Type.Number({ description: 'What a delivery is taken to last' }),
  isMeasured: Type.Boolean({ description: 'Whether that is what the last ones took' }),
  endsAt: { ...InstantSchema, description: 'If all goes well, and approvals are given at once' },
  phases: Type.Array(
    Type.Object({
      phase: Type.Integer({ description: 'The first is 1' }),
      name: Type.String(),
      gateways: Type.Integer(),
      gatewayIds: Type.Array(Type.String(), {
        description: `In the order in which they are served; the first ${previewedGateways}`,
      }),
      beginsAt: { ...NullableInstantSchema, description: 'Null: not before the deadline' },
      endsAt: NullableInstantSchema,
      approval: { ...NullableTextSchema, description: 'Role of who has to approve it' },
      zones: Type.Array(
        Type.Object({
          zone: Type.String(),
          gateways: Type.Integer(),
          opensAt: InstantSchema,
          closesAt: InstantSchema,
        }),
        { description: 'The next window of each time zone; empty without windows' },
      ),
      groups: Type.Array(
        Type.Object({
          gateways: Type.Integer(),
          sample: Type.Array(Type.String(), { description: 'The first of them' }),
          install: Type.Array(Type.String(), { description: 'NAME@VERSION in order' }),
          remove: Type.Array(Type.String()),
          explanation: { ...NullableTextSchema, description: 'Why there is no plan, or why nobody knows' },
          package: Type.Union(
            [
              Type.Object({
                there: Type.Boolean({ description: 'It was built before' }),
                bytes: Type.Integer({ description: 'That each gateway fetches' }),
              }),
              Type.Null(),
            ],
            { description: 'Null where none is needed' },
          ),
          lacking: Type.Integer({ description: 'Gateways without values that the package needs' }),
        }),
        { description: `Gateways that need the same, the most first; at most ${shownGroups}` },
      ),
      groupCount: Type.Integer({ description: 'How many there are' }),
      packagesToBuild: Type.Integer({ description: 'Those that no phase before has needed' }),
      packagesThere: Type.Integer(),
      downloadBytes: Type.Integer({ description: 'Of all gateways together' }),
      sites: Type.Array(
        Type.Object({
          site: Type.String({ description: 'Value of the label; empty for gateways without it' }),
          gateways: Type.Integer(),
          bytes: Type.Integer({ description: 'That go over its line' }),
        }),
        { description: `The busiest line first; at most ${shownSites}` },
      ),
      siteCount: Type.Integer({ description: 'How many there are' }),
    }),
  ),
  siteLabel: Type.String({
    description: 'Label whose values name lines: that of the speed limit, or `site`',
  }),
  risks: Type.Array(
    Type.Object({
      kind: Type.Enum([...previewRiskKinds]),
      text: Type.String(),
      sample: Type.Array(Type.String()),
    }),
  ),
});

const ExpectedEndSchema = Type.Union([
  Type.Object({ earliest: InstantSchema, latest: InstantSchema }),
  Type.Null(),
]);

export const CampaignProgressSchema = Type.Object({
  gateways: Type.Integer(),
  samples: Type.Array(
    Type.Object({
      at: InstantSchema,
      ended: Type.Union([Type.Integer(), Type.Null()], {
        description: 'Gateways whose work had ended; null: that is to come',
      }),
      succeeded: Type.Union([Type.Integer(), Type.Null()]),
      atLeast: Type.Integer({
        description: 'Predicted at its start, were deliveries as slow as the slowest of ten',
      }),
      atMost: Type.Integer({ description: 'Likewise, as quick as the quickest of ten' }),
    }),
    {
      description:
        'From its start to its end, real or predicted, at even distances; empty until its gateways are chosen',
    },
  ),
  ends: {
    ...ExpectedEndSchema,
    description:
      'When it ends, if it goes on from where it is as was predicted; null: it has, or somebody has to decide first',
  },
  predicted: {
    ...ExpectedEndSchema,
    description:
      'As was predicted at its start, were all to go well, and approvals given at once; null: no window opens before its deadline',
  },
  isMeasured: Type.Boolean({
    description: 'Whether it stands on what deliveries took that had ended before; else it is a guess',
  }),
});

export const CampaignEventSchema = Type.Object({
  at: InstantSchema,
  kind: Type.String(),
  who: { ...NullableTextSchema, description: 'Null: the campaign itself' },
  why: NullableTextSchema,
  detail: Type.Record(Type.String(), Type.Unknown()),
});

export const CampaignSchema = Type.Object({
  ...CampaignSummarySchema.properties,
  strategy: StrategySchema,
  phases: Type.Array(CampaignPhaseSchema, { description: 'Empty until its gateways are chosen' }),
  rollouts: Type.Array(
    Type.Object({
      id: Type.String(),
      phase: Type.Integer(),
      work: Type.Enum(['phase', 'retry', 'roll-back']),
      action: Type.String({ description: 'install; uninstall for what came besides' }),
      requests: Type.Array(Type.String()),
      state: Type.Enum(Object.values(RolloutState)),
      createdAt: InstantSchema,
      endedAt: NullableInstantSchema,
    }),
    { description: 'What it started, in order; the first 500' },
  ),
  wayBack: Type.Union([
    Type.Object({
      open: Type.Integer({ description: 'Gateways that are on their way still' }),
      left: Type.Array(Type.Object({ gatewayId: Type.String(), because: Type.String() }), {
        description: 'Gateways that are left as they are; the first 500',
      }),
    }),
    Type.Null(),
  ]),
  events: Type.Array(CampaignEventSchema, { description: 'What people and the campaign did, in order' }),
  temporalUi: TemporalUiSchema,
});
