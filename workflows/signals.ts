import { defineSignal } from '@temporalio/workflow';
import { signals, type AcknowledgeSignal } from '../domain/orchestration.js';

export const cancelSignal = defineSignal(signals.cancel);
export const acknowledgeSignal = defineSignal<[AcknowledgeSignal]>(signals.acknowledge);
export const wakePoolSignal = defineSignal(signals.wakePool);
export const shareReleasedSignal = defineSignal(signals.shareReleased);
export const wakeCampaignSignal = defineSignal(signals.wakeCampaign);
export const wakeWebhookSignal = defineSignal(signals.wakeWebhook);
