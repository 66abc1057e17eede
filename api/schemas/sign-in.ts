/** Sign-in and sessions as they go over the wire. */
import Type from 'typebox';
import { Text } from '../../domain/text.js';
import { InstantSchema, NullableTextSchema, strict } from './common.js';
import { GrantSchema } from './tokens.js';

export const SignInWaysSchema = Type.Object({
  issuer: Type.Union([Type.String(), Type.Null()], {
    description:
      'The OpenID provider that people can sign in by; null: there is none, and tokens alone are taken',
  }),
});

export const DeviceAttemptSchema = Type.Object({
  deviceCode: Type.String({ description: 'To ask with whether it is done; to be kept secret' }),
  userCode: Type.String({ description: 'What the person is to see there, or to type' }),
  verificationUri: Type.String(),
  verificationUriComplete: NullableTextSchema,
  expiresInSeconds: Type.Integer(),
  intervalSeconds: Type.Integer({ description: 'Between two questions' }),
});

export const DeviceQuestionSchema = Type.Object({ deviceCode: Text(4_096, { minLength: 1 }) }, strict);

export const DeviceOutcomeSchema = Type.Union([
  Type.Object({
    state: Type.Enum(['pending', 'slow-down'], {
      description: 'Not done yet; slow-down: ask five seconds less often from now on',
    }),
  }),
  Type.Object({
    state: Type.Literal('signed-in'),
    secret: Type.String({ description: 'What is sent as bearer token; shown this once' }),
    name: Type.String(),
    grants: Type.Array(GrantSchema),
    expiresAt: InstantSchema,
  }),
]);

export const SessionSchema = Type.Object({
  id: Type.String(),
  kind: Type.Enum(['dashboard', 'cli']),
  name: Type.String(),
  subject: Type.String({ description: 'Who it is at the provider' }),
  issuer: Type.String({ description: 'The provider' }),
  grants: Type.Array(GrantSchema, { description: 'What it may do now, by the groups of the person' }),
  address: Type.String({ description: 'Where he signed in from' }),
  createdAt: InstantSchema,
  lastUsedAt: InstantSchema,
  expiresAt: InstantSchema,
});
