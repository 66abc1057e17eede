/** The evidence of a campaign as it goes over the wire. */
import Type from 'typebox';
import {
  InstantSchema,
  NullableInstantSchema,
  NullableTextSchema,
  PageQuerySchema,
  strict,
} from './common.js';
import { reasonParts } from './deliveries.js';

const KeysSchema = Type.Union([Type.Array(Type.String()), Type.Null()]);

export const ReportQuerySchema = Type.Object(
  {
    ...PageQuerySchema.properties,
    format: Type.Optional(
      Type.Enum(['json', 'jsonl', 'csv'], {
        description: 'json: a page at a time (default); jsonl, csv: all of it as a download',
      }),
    ),
  },
  strict,
);

export const CampaignEvidenceSchema = Type.Object({
  gatewayId: Type.String(),
  phase: Type.Integer({ description: 'The first is 1' }),
  standing: Type.String({ description: 'waiting, gone, or the state of its last delivery' }),
  rollout: { ...NullableTextSchema, description: 'Its last work' },
  attempts: Type.Integer({ description: 'Deliveries that it had' }),
  before: { ...KeysSchema, description: 'name@version that it had when it was first given work' },
  installed: { ...KeysSchema, description: 'name@version that it has now' },
  archiveDigest: { ...NullableTextSchema, description: 'sha256 of the archive that it was brought' },
  stateBefore: { ...NullableTextSchema, description: 'Digest by which the gateway named its state before' },
  failure: { ...NullableTextSchema, description: 'What went wrong, in sentences' },
  reason: Type.Union([Type.Object(reasonParts), Type.Null()]),
  leftBecause: { ...NullableTextSchema, description: 'Why the way back leaves it as it is' },
  offeredAt: NullableInstantSchema,
  endedAt: NullableInstantSchema,
});

export const DependentsSchema = Type.Object({
  gateways: Type.Object({
    count: Type.Integer(),
    sample: Type.Array(Type.String(), { description: 'Some of them' }),
  }),
  needs: Type.Array(Type.Object({ artifact: Type.String(), because: Type.String() }), {
    description: 'Artifacts of the repository that nothing else would do for',
  }),
  wantedStates: Type.Array(Type.String(), { description: 'Ids of wanted states that are kept at it' }),
  campaigns: Type.Array(Type.String(), { description: 'Ids of campaigns that bring it and have not ended' }),
  rollouts: Type.Array(Type.String(), { description: 'Ids of rollouts that install it and have not ended' }),
  countedAt: InstantSchema,
});
