/** Principals' tokens as they go over the wire. */
import Type from 'typebox';
import { roles } from '../../domain/access/role.js';
import { limits } from '../../domain/limits.js';
import { Text } from '../../domain/text.js';
import { InstantSchema, NameSchema, NullableInstantSchema, strict } from './common.js';

export const GrantSchema = Type.Object({
  role: Type.Enum([...roles]),
  scope: Type.Union([Type.String(), Type.Null()], { description: 'A selector; null: the whole fleet' }),
});

export const TokenRequestSchema = Type.Object(
  {
    name: NameSchema,
    grants: Type.Array(
      Type.Object(
        {
          role: Type.Enum([...roles]),
          scope: Type.Optional(
            Text(limits.scopeLength, {
              minLength: 1,
              description: "A selector over the operator's labels; absent: the whole fleet",
            }),
          ),
        },
        strict,
      ),
      { minItems: 1, maxItems: limits.grants, description: 'What each allows holds within its own scope' },
    ),
    expiresInSeconds: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 10 * 366 * 86_400, description: 'Absent: it does not expire' }),
    ),
  },
  strict,
);

export const TokenSchema = Type.Object({
  name: Type.String(),
  grants: Type.Array(GrantSchema),
  createdBy: Type.String(),
  createdAt: InstantSchema,
  expiresAt: NullableInstantSchema,
  lastUsedAt: NullableInstantSchema,
});

export const NewTokenSchema = Type.Object({
  token: TokenSchema,
  secret: Type.Union([Type.String(), Type.Null()], {
    description:
      'What is sent as bearer token. Shown this once; a request that is sent again is answered null',
  }),
});

export const WhoamiSchema = Type.Object(
  { name: Type.String(), grants: Type.Array(GrantSchema) },
  { description: 'Who asks, and what that may do' },
);
