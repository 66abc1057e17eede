/** What a page is told as it happens. */
import Type from 'typebox';
import { CampaignSummarySchema } from './campaigns.js';
import { InstantSchema, strict } from './common.js';
import { ConditionCountsSchema } from './facets.js';
import { CountsSchema, NodeSchema, RolloutProgressSchema, RolloutSummarySchema } from './resources.js';

const uuid = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
/** Rollouts that one stream follows closely. */
export const followedRollouts = 20;

export const StreamQuerySchema = Type.Object(
  {
    topics: Type.Optional(
      Type.String({
        pattern: '^(?:rollouts|campaigns|gateways|nodes)(?:,(?:rollouts|campaigns|gateways|nodes)){0,3}$',
        description: 'What to tell of, separated by commas: rollouts, campaigns, gateways, nodes',
      }),
    ),
    rollout: Type.Optional(
      Type.String({
        pattern: `^${uuid}(?:,${uuid}){0,${followedRollouts - 1}}$`,
        description: 'Ids of rollouts whose progress is told besides, separated by commas',
      }),
    ),
  },
  strict,
);

const age = {
  at: { ...InstantSchema, description: 'When it was looked at' },
  ageMs: Type.Integer({ description: 'How old it was when it was sent' }),
};

export const StreamMessageSchema = Type.Union([
  Type.Object(
    {
      ...age,
      items: Type.Array(Type.Object({ ...RolloutSummarySchema.properties, counts: CountsSchema })),
    },
    { title: 'rollouts', description: 'Those that have changed' },
  ),
  Type.Object(
    { ...age, items: Type.Array(CampaignSummarySchema) },
    { title: 'campaigns', description: 'Those that have changed' },
  ),
  Type.Object(
    { ...age, total: Type.Integer(), complete: Type.Boolean(), conditions: ConditionCountsSchema },
    { title: 'gateways', description: 'How many there are, and how they stand' },
  ),
  Type.Object(
    { ...age, items: Type.Array(NodeSchema) },
    { title: 'nodes', description: 'All of them, when one has changed' },
  ),
  Type.Object({ ...age, progress: RolloutProgressSchema }, { title: 'rollout' }),
  Type.Object(age, {
    title: 'tick',
    description: 'Nothing has changed; the age is that of what was looked at longest ago',
  }),
]);
