/** What webhooks may be told of, by name; what each says is in events.ts. */

/** A test is sent to the webhook that it tries, whatever that is told of. */
export const webhookTestType = 'webhook.test';

/** Types that a webhook may be told of. */
export const toldEventTypes = [
  'rollout.ended',
  'campaign.started',
  'campaign.awaiting-approval',
  'campaign.paused',
  'campaign.halted',
  'campaign.rolling-back',
  'campaign.ended',
  'gateway.silent',
  'gateway.back',
  'gateway.contested',
  'wanted-state.broken',
  'wanted-state.kept',
] as const;

export type ToldEventType = (typeof toldEventTypes)[number];
export type WebhookEventType = ToldEventType | typeof webhookTestType;
