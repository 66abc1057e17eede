/** Webhooks as they go over the wire. */
import Type from 'typebox';
import { limits } from '../../domain/limits.js';
import { Text } from '../../domain/text.js';
import { toldEventTypes } from '../../domain/webhook/event-types.js';
import { webhookDeliveryStates } from '../../domain/webhook/retry.js';
import { InstantSchema, NameSchema, NullableInstantSchema, PageQuerySchema, strict } from './common.js';

const DeliveryIdSchema = Type.String({ pattern: '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' });

export const WebhookParamsSchema = Type.Object({ name: NameSchema });

export const WebhookDeliveryParamsSchema = Type.Object({ name: NameSchema, id: DeliveryIdSchema });

export const WebhookRequestSchema = Type.Object(
  {
    name: NameSchema,
    url: Text(limits.webhookUrlLength, {
      minLength: 1,
      description:
        'Where it is sent: https, and not to loopback, link-local or private addresses unless they were opened',
    }),
    events: Type.Optional(
      Type.Array(Type.Enum([...toldEventTypes]), {
        minItems: 1,
        uniqueItems: true,
        description: 'What it is told of; absent: all that there is now',
      }),
    ),
  },
  strict,
);

export const WebhookSchema = Type.Object({
  name: Type.String(),
  url: Type.String(),
  events: Type.Array(Type.String()),
  createdBy: Type.String(),
  createdAt: InstantSchema,
  waiting: Type.Integer({ description: 'Deliveries that are yet to be made' }),
  dead: Type.Integer({ description: 'Deliveries that were given up; they may be tried anew' }),
  dropped: Type.Integer({ description: 'Deliveries that went unmade because there were too many' }),
  failures: Type.Integer({ description: 'Attempts in a row that failed' }),
  restsUntil: Type.Union([InstantSchema, Type.Null()], {
    description: 'Until then nothing is sent, after attempts that failed',
  }),
  goneAt: Type.Union([InstantSchema, Type.Null()], {
    description: 'When its receiver answered 410: it is told nothing since, until somebody tries it',
  }),
  scopes: Type.Array(Type.String(), {
    description: 'It is told of gateways that any of these selectors matches; none: of the whole fleet',
  }),
  previousSecretUntil: Type.Union([InstantSchema, Type.Null()], {
    description: 'Until then the secret before this one signs too',
  }),
});

const secretOnce = Type.Union([Type.String(), Type.Null()], {
  description:
    'By which signatures are verified. Shown this once; a request that is sent again is answered null',
});

export const NewWebhookSchema = Type.Object({ webhook: WebhookSchema, secret: secretOnce });

export const RotateSecretRequestSchema = Type.Object(
  {
    overlapSeconds: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 30 * 86_400,
        description: 'For how long the secret before it signs too; a day when not given',
      }),
    ),
  },
  strict,
);

export const WebhookDeliverySchema = Type.Object({
  id: Type.String({ description: 'The header webhook-id' }),
  type: Type.String(),
  data: Type.Unknown(),
  occurredAt: InstantSchema,
  state: Type.Enum([...webhookDeliveryStates]),
  attempts: Type.Integer(),
  dueAt: NullableInstantSchema,
  triedAt: NullableInstantSchema,
  status: Type.Union([Type.Integer(), Type.Null()], { description: 'What was answered to the last attempt' }),
  problem: Type.Union([Type.String(), Type.Null()], { description: 'Why the last attempt does not count' }),
});

export const WebhookDeliveryQuerySchema = Type.Object(
  {
    limit: PageQuerySchema.properties.limit,
    cursor: Type.Optional(
      Type.String({ pattern: '^[0-9]{1,18}$', description: 'nextCursor of the page before' }),
    ),
    state: Type.Optional(Type.Enum([...webhookDeliveryStates])),
  },
  strict,
);

export const RetryRequestSchema = Type.Object(
  {
    deliveryIds: Type.Optional(
      Type.Array(DeliveryIdSchema, {
        minItems: 1,
        maxItems: limits.pageSize,
        description: 'Those among the deliveries that were given up; absent: all of them',
      }),
    ),
  },
  strict,
);
