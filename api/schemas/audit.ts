/** The audit as it goes over the wire. */
import Type from 'typebox';
import { Text } from '../../domain/text.js';
import { InstantSchema, NullableTextSchema, PageQuerySchema, strict } from './common.js';

export const AuditQuerySchema = Type.Object(
  {
    limit: PageQuerySchema.properties.limit,
    cursor: Type.Optional(
      Type.String({ pattern: '^[0-9]{1,18}$', description: 'nextCursor of the page before' }),
    ),
    principal: Type.Optional(Text(200, { description: 'Name of who asked' })),
    action: Type.Optional(Text(100, { description: 'operationId of the request' })),
    subject: Type.Optional(Text(400, { description: 'What it is about, or how that begins: gateways/gw-1' })),
    request: Type.Optional(Text(100, { description: 'instance of the problem, or id in the log' })),
    from: Type.Optional(InstantSchema),
    to: Type.Optional(InstantSchema),
  },
  strict,
);

export const AuditEntrySchema = Type.Object({
  id: Type.String(),
  at: InstantSchema,
  principal: Type.String({ description: 'Who asked' }),
  principalId: Type.String(),
  address: Type.String({ description: 'Where the request came from' }),
  requestId: Type.String(),
  action: Type.String({ description: 'operationId of the request' }),
  subject: Type.String({ description: 'What it is about, such as gateways/gw-1' }),
  asked: Type.Unknown({ description: 'The body, without secrets' }),
  before: Type.Unknown({ description: 'How the subject looked; null when it was not there' }),
  outcome: Type.Union(
    [
      Type.Object({
        status: Type.Integer(),
        code: NullableTextSchema,
        made: NullableTextSchema,
        after: Type.Unknown({ description: 'How it, or what was made, looked then' }),
      }),
      Type.Null(),
    ],
    { description: 'null: the process ended before it could say' },
  ),
});
