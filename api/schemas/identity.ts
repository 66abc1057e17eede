import Type from 'typebox';
import { approvals } from '../../domain/enrolment/grant.js';
import { idGlobPattern } from '../../domain/enrolment/id-glob.js';
import { contestReasons } from '../../domain/gateway/admission.js';
import { gatewayIdPattern } from '../../domain/gateway/gateway-id.js';
import { labelNamePattern, LabelsSchema } from '../../domain/gateway/profile.js';
import { anyLabel } from '../../domain/gateway/labels.js';
import { limits } from '../../domain/limits.js';
import { RecordOf, Text } from '../../domain/text.js';
import { InstantSchema, NameSchema, NullableInstantSchema, NullableTextSchema, strict } from './common.js';

/** Ten years: what is to last longer has no end. */
const longestSeconds = 10 * 366 * 86_400;
const ExpiresInSchema = Type.Optional(
  Type.Integer({ minimum: 1, maximum: longestSeconds, description: 'Absent: it does not expire' }),
);
const LabelNameSchema = Type.String({ pattern: labelNamePattern });
/** Of those that people set, no name is left out of the rule. */
const NewLabelsSchema = RecordOf(labelNamePattern, Text(256), { maxProperties: limits.labels });
const GatewayIdSchema = Type.String({ pattern: gatewayIdPattern });
const NodeIdSchema = Type.Optional(
  Text(100, { description: 'The node that it is assigned to at its enrolment, if that is up' }),
);

export const EnrolmentRequestSchema = Type.Object(
  {
    name: NameSchema,
    ids: Type.Optional(
      Type.Array(Type.String({ pattern: idGlobPattern }), {
        minItems: 1,
        maxItems: limits.idGlobs,
        description: 'Patterns of the ids that may enrol, with `*` and `?`; absent: all',
      }),
    ),
    labels: Type.Optional(NewLabelsSchema),
    reportedLabels: Type.Optional(
      Type.Array(Type.Union([LabelNameSchema, Type.Literal(anyLabel)]), {
        maxItems: limits.labels,
        description: 'Labels that its gateways may set themselves: names, or `*`; absent: none',
      }),
    ),
    nodeId: NodeIdSchema,
    keyless: Type.Optional(Type.Boolean({ description: 'Gateways without a key are taken; absent: not' })),
    approval: Type.Optional(
      Type.Enum([...approvals], { description: '`person`: gateways wait until somebody approves them' }),
    ),
    most: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: limits.enrolmentGateways,
        description: 'Gateways that may enrol; absent: any number',
      }),
    ),
    expiresInSeconds: ExpiresInSchema,
  },
  strict,
);

export const EnrolmentSchema = Type.Object({
  id: Type.String(),
  name: Type.String(),
  ids: Type.Array(Type.String()),
  labels: LabelsSchema,
  reportedLabels: Type.Array(Type.String()),
  nodeId: NullableTextSchema,
  keyless: Type.Boolean(),
  approval: Type.Enum([...approvals]),
  most: Type.Union([Type.Integer(), Type.Null()]),
  used: Type.Integer(),
  createdAt: InstantSchema,
  expiresAt: NullableInstantSchema,
});

export const NewEnrolmentSchema = Type.Object({
  enrolment: EnrolmentSchema,
  token: Type.Union([Type.String(), Type.Null()], {
    description: 'Shown this once; only its hash is kept, so a request that is sent again is answered null',
  }),
});

export const ContestSchema = Type.Object({
  gatewayId: Type.String(),
  reason: Type.Enum(Object.keys(contestReasons)),
  key: Type.String({ description: 'That it came with; empty for none' }),
  address: Type.String({ description: 'Where it came from last' }),
  count: Type.Integer(),
  firstAt: InstantSchema,
  lastAt: InstantSchema,
});

export const ExpectedGatewaySchema = Type.Object({
  id: Type.String(),
  labels: LabelsSchema,
  nodeId: NullableTextSchema,
  hasCode: Type.Boolean({ description: 'It enrols by its claim code alone' }),
  createdAt: InstantSchema,
  expiresAt: NullableInstantSchema,
});

export const ExpectRequestSchema = Type.Object(
  {
    gateways: Type.Array(
      Type.Object(
        { id: GatewayIdSchema, labels: Type.Optional(NewLabelsSchema), nodeId: NodeIdSchema },
        strict,
      ),
      { minItems: 1, maxItems: limits.expectedGateways.perRequest },
    ),
    codes: Type.Optional(
      Type.Boolean({
        description:
          'Each gets a claim code, by which alone it enrols (default). Without, any enrolment token does that allows its id',
      }),
    ),
    expiresInSeconds: ExpiresInSchema,
  },
  strict,
);

export const ClaimCodesSchema = Type.Object({
  items: Type.Array(
    Type.Object({
      id: Type.String(),
      claimCode: Type.Union([Type.String(), Type.Null()], {
        description: 'Shown this once; only its hash is kept',
      }),
    }),
  ),
});

export const ReadmissionRequestSchema = Type.Object(
  {
    code: Type.Optional(Type.Boolean({ description: 'Make a claim code, by which alone it enrols anew' })),
    expiresInSeconds: ExpiresInSchema,
  },
  strict,
);

export const ReadmissionSchema = Type.Object({
  id: Type.String(),
  claimCode: Type.Union([Type.String(), Type.Null()]),
});

export const LabelChangesSchema = Type.Object(
  {
    set: Type.Optional(NewLabelsSchema),
    unset: Type.Optional(Type.Array(LabelNameSchema, { maxItems: limits.labels })),
  },
  strict,
);
