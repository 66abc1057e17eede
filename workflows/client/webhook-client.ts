import { coordinatorQueue, workflowIds, workflowTypes } from '../../domain/orchestration.js';
import { wakeWebhookSignal } from '../signals.js';
import type { TemporalLink } from './temporal-link.js';

/** Wakes the workflows of webhooks; each is started by whoever wakes it first. */
export class WebhookClient {
  constructor(private readonly link: TemporalLink) {}

  /** @throws LeonoreError TEMPORAL_UNAVAILABLE */
  async wake(webhookId: string): Promise<void> {
    await this.link.bounded(() =>
      this.link.workflow.signalWithStart(workflowTypes.webhook, {
        workflowId: workflowIds.webhook(webhookId),
        taskQueue: coordinatorQueue,
        args: [{ webhookId }],
        signal: wakeWebhookSignal,
        signalArgs: [],
        staticSummary: 'What has happened is sent to a webhook',
        // One that another release left behind ends, and is begun anew.
        workflowExecutionTimeout: '1 day',
      }),
    );
  }
}
