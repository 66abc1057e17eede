import Type, { type TSchema } from 'typebox';
import { errorKinds } from '../../domain/error-kinds.js';
import { Text } from '../../domain/text.js';

export const strict = { additionalProperties: false } as const;

export const ProblemSchema = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String(),
    code: Type.Enum(Object.keys(errorKinds)),
    actor: Type.String(),
    advice: Type.String(),
    retryable: Type.Boolean(),
    instance: Type.String(),
    details: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  },
  { description: 'Problem details (RFC 9457)' },
);

/** Answers that every route may give besides its own. */
export const problems = {
  '4xx': {
    description: 'The caller, the operator or the gateway must act',
    content: { 'application/problem+json': { schema: ProblemSchema } },
  },
  '5xx': {
    description: 'LEONORE cannot serve now; see Retry-After',
    content: { 'application/problem+json': { schema: ProblemSchema } },
  },
} as const;

/** Paging by cursor. */
export const PageQuerySchema = Type.Object(
  {
    limit: Type.Optional(
      Type.String({ pattern: '^[1-9][0-9]{0,2}$', description: 'Items a page, 1 to 500 (default 100)' }),
    ),
    cursor: Type.Optional(Text(512, { description: 'nextCursor of the page before' })),
  },
  strict,
);

export function PageSchema<T extends TSchema>(item: T) {
  return Type.Object({ items: Type.Array(item), nextCursor: Type.Union([Type.String(), Type.Null()]) });
}

/** An instant, RFC 3339. */
export const InstantSchema = Type.String({ format: 'date-time' });
export const NullableInstantSchema = Type.Union([InstantSchema, Type.Null()]);
export const NullableTextSchema = Type.Union([Type.String(), Type.Null()]);
export const TemporalUiSchema = {
  ...NullableTextSchema,
  description: "Where Temporal's web UI shows its workflow; null where nobody has said where that is",
};

export const NameSchema = Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$' });
export const UuidParamsSchema = Type.Object({
  id: Type.String({ pattern: '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' }),
});
