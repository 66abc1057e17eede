/**
 * `webhook/<id>`: what has happened is sent to one webhook. What is to be sent, how often it was tried and when it is tried
 * again is in the database; the workflow sends what is due, and sleeps until the next is.
 *
 * INVARIANTS
 * - It remembers nothing, so it may be ended and started anew at any moment.
 * - It ends when nothing is due for a while: whoever finds something due starts it (workers/webhook-keeper.ts).
 */
import {
  condition,
  continueAsNew,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { coordinatorQueue, type WebhookInput } from '../domain/orchestration.js';
import type { WebhookActivities } from './activity-types.js';
import { wakeWebhookSignal } from './signals.js';

/** What is due later is begun anew. */
const longestSleepMs = 10 * 60_000;

/** While the database is away; then the workflow fails, and is begun anew when it is back. */
const { deliverWebhook } = proxyActivities<WebhookActivities>({
  taskQueue: coordinatorQueue,
  startToCloseTimeout: '2 minutes',
  heartbeatTimeout: '15 seconds',
  retry: {
    initialInterval: '1 second',
    backoffCoefficient: 2,
    maximumInterval: '30 seconds',
    maximumAttempts: 10,
  },
  summary: 'Send what is due',
});

export async function webhook(input: WebhookInput): Promise<void> {
  const wishes = { look: false };
  const isWoken = () => wishes.look;
  setHandler(wakeWebhookSignal, () => void (wishes.look = true));
  while (!workflowInfo().continueAsNewSuggested) {
    wishes.look = false;
    const { delivered, problem, nextInMs } = await deliverWebhook({ webhookId: input.webhookId });
    const last = problem === null ? '' : `\n- not delivered: ${problem}`;
    setCurrentDetails(`- **${delivered}** delivered in the last turn${last}`);
    if (isWoken() || nextInMs === 0) continue;
    if (nextInMs === null || nextInMs > longestSleepMs) return;
    await condition(isWoken, nextInMs);
  }
  await continueAsNew<typeof webhook>(input);
}
