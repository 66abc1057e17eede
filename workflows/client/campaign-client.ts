import {
  campaignIdOf,
  summaryText,
  workflowIds,
  workflowTypes,
  type CampaignInput,
} from '../../domain/orchestration.js';
import { attributeKeys, campaignAttributes } from '../attributes.js';
import { wakeCampaignSignal } from '../signals.js';
import type { TemporalLink } from './temporal-link.js';
import {
  runningOf,
  standingOf,
  startIfNotRunning,
  terminateIfRunning,
  type WorkflowStanding,
} from './workflow-starts.js';

/** Starts, wakes and compares the workflows of campaigns. */
export class CampaignClient {
  constructor(private readonly link: TemporalLink) {}

  /**
   * Starts the workflow of a campaign, or starts it anew where the database says it is; one that runs is left alone.
   * @throws LeonoreError TEMPORAL_UNAVAILABLE; INTERNAL when Temporal refuses it
   */
  async start(input: CampaignInput): Promise<void> {
    await startIfNotRunning(this.link, workflowTypes.campaign, {
      workflowId: workflowIds.campaign(input.campaignId),
      args: [input],
      staticSummary: summaryText(`${input.artifacts} to ${input.deployment}, in phases`),
      typedSearchAttributes: [...campaignAttributes(input), { key: attributeKeys.state, value: 'running' }],
    });
  }

  /** It looks at the database at once. @throws LeonoreError TEMPORAL_UNAVAILABLE */
  async wake(campaignId: string): Promise<void> {
    await this.link.signalIfRunning(() =>
      this.link.workflow.getHandle(workflowIds.campaign(campaignId)).signal(wakeCampaignSignal),
    );
  }

  /** @throws LeonoreError TEMPORAL_UNAVAILABLE */
  standing(campaignId: string): Promise<WorkflowStanding> {
    return standingOf(this.link, workflowIds.campaign(campaignId));
  }

  /** Ends the workflow of a campaign at once; its rollouts go on. @throws LeonoreError TEMPORAL_UNAVAILABLE */
  terminate(campaignId: string, reason: string): Promise<void> {
    return terminateIfRunning(this.link, workflowIds.campaign(campaignId), reason);
  }

  /**
   * Campaigns whose workflows run, some of them.
   * @param startedBefore younger ones are left out: their campaigns may be about to be seen
   * @throws LeonoreError TEMPORAL_UNAVAILABLE
   */
  running(most: number, startedBefore: Date): Promise<string[]> {
    return runningOf(this.link, [workflowTypes.campaign], { most, startedBefore }, ({ workflowId }) =>
      campaignIdOf(workflowId),
    );
  }
}
