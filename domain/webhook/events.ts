/**
 * What webhooks are told of: each type with the schema of what its message says. The OpenAPI document publishes them;
 * receivers read them, so members are added and never changed.
 */
import Type, { type Static, type TObject } from 'typebox';
import { campaignStates } from '../campaign/state.js';
import { standings } from '../wanted-state/judge.js';
import { DeliveryState } from '../delivery/state.js';
import { endedRolloutStates } from '../rollout/state.js';
import type { WebhookEventType } from './event-types.js';

/** Gateways that one message names: of more there are several messages. */
export const gatewaysOfMessage = 100;

const Instant = Type.String({ format: 'date-time' });
const NullableText = Type.Union([Type.String(), Type.Null()]);

function gatewaysOf<T extends TObject>(member: T) {
  return Type.Array(member, { minItems: 1, maxItems: gatewaysOfMessage });
}

const RolloutEnded = Type.Object(
  {
    rollout: Type.Object({
      id: Type.String(),
      state: Type.Enum([...endedRolloutStates]),
      requests: Type.Array(Type.String()),
      deployment: Type.String({ description: 'Whom it went to, as people read it' }),
      campaignId: NullableText,
      createdBy: NullableText,
      failure: Type.Union([Type.Object({ code: Type.String(), message: Type.String() }), Type.Null()]),
    }),
    counts: Type.Record(Type.Enum(Object.values(DeliveryState)), Type.Integer(), {
      description: 'Deliveries by state',
    }),
    corrected: Type.Boolean({
      description: 'It had ended before, and late reports have changed what it came to',
    }),
  },
  { description: 'A rollout has ended' },
);

function campaignIs(description: string) {
  return Type.Object(
    {
      campaign: Type.Object({
        id: Type.String(),
        state: Type.Enum([...campaignStates]),
        reason: NullableText,
        selected: Type.Array(Type.String({ description: 'NAME@VERSION' })),
        deployment: Type.String({ description: 'Whom it goes to, as people read it' }),
        createdBy: NullableText,
      }),
      by: Type.Union([Type.String(), Type.Null()], { description: 'Who did it; null: the campaign itself' }),
      why: Type.Union([Type.String(), Type.Null()], { description: 'As that person said' }),
    },
    { description },
  );
}

function wantedStateIs(description: string) {
  return Type.Object(
    {
      wantedState: Type.Object({
        id: Type.String(),
        requests: Type.Array(Type.String()),
        deployment: Type.String(),
      }),
      gateways: gatewaysOf(
        Type.Object({ id: Type.String(), standing: Type.Enum([...standings]), reason: NullableText }),
      ),
    },
    { description },
  );
}

/** What a message says, by its type. */
export const webhookEventSchemas = {
  'rollout.ended': RolloutEnded,
  'campaign.started': campaignIs('A campaign has been asked for'),
  'campaign.awaiting-approval': campaignIs('A phase waits for somebody to approve it'),
  'campaign.paused': campaignIs('A person has paused a campaign'),
  'campaign.halted': campaignIs('A campaign has paused itself, or begins nothing new any more'),
  'campaign.rolling-back': campaignIs('Gateways of a campaign go back to what they had'),
  'campaign.ended': campaignIs('A campaign has ended; its state says how'),
  'gateway.silent': Type.Object(
    { gateways: gatewaysOf(Type.Object({ id: Type.String(), lastHeardAt: Instant })) },
    { description: 'Gateways were not heard of for longer than their own pauses explain' },
  ),
  'gateway.back': Type.Object(
    { gateways: gatewaysOf(Type.Object({ id: Type.String(), silentSince: Instant })) },
    { description: 'Gateways that had been silent were heard of again' },
  ),
  'gateway.contested': Type.Object(
    {
      gateways: gatewaysOf(Type.Object({ id: Type.String(), reason: Type.String(), address: Type.String() })),
    },
    { description: 'Somebody else registers under the ids of gateways: the first time within a day' },
  ),
  'wanted-state.broken': wantedStateIs(
    'Gateways that were as is wanted are not any more, or cannot be brought there',
  ),
  'wanted-state.kept': wantedStateIs('Gateways that were told to be broken are as is wanted again'),
  'webhook.test': Type.Object(
    { webhook: Type.String({ description: 'Its name' }), sentBy: Type.String() },
    { description: 'Somebody tries the webhook' },
  ),
} as const satisfies Readonly<Record<WebhookEventType, TObject>>;

export type WebhookEventData<T extends WebhookEventType> = Static<(typeof webhookEventSchemas)[T]>;

/** What has happened. */
export type WebhookEvent = {
  readonly [T in WebhookEventType]: { readonly type: T; readonly data: WebhookEventData<T> };
}[WebhookEventType];

/** The body of a request, in the manner of Standard Webhooks. */
export function webhookMessageSchema(type: WebhookEventType) {
  return Type.Object({
    type: Type.Literal(type),
    timestamp: Type.String({ format: 'date-time', description: 'When it happened' }),
    data: webhookEventSchemas[type],
  });
}
