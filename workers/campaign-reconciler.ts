import type { Logger } from 'pino';
import { campaignInput } from '../domain/orchestration.js';
import type { CampaignRepository, OpenCampaign } from '../repositories/campaign-repository.js';
import type { CampaignClient } from '../workflows/client/campaign-client.js';

/** Campaigns compared in one round, and how long each rests before it is compared again. */
const comparedAtOnce = 50;
const restMs = 5_000;
/** Workflows looked at for strays in one round, and how old they are at least. */
const straysAtOnce = 1_000;
const strayAgeMs = 60_000;

/** Holds campaigns against their workflows: the database is the truth, and what vanished from Temporal begins anew. */
export class CampaignReconciler {
  constructor(
    private readonly campaigns: CampaignRepository,
    private readonly client: CampaignClient,
    private readonly logger: Logger,
  ) {}

  /** @param each does one thing, so that a bad one never keeps the others from their turn */
  async compare(each: (what: string, work: () => Promise<void>) => Promise<void>): Promise<void> {
    for (const campaign of await this.campaigns.takeToCompare(comparedAtOnce, restMs))
      await each(`campaign ${campaign.id}`, () => this.compareOne(campaign));
  }

  private async compareOne(campaign: OpenCampaign): Promise<void> {
    const { id, workflowStarted } = campaign;
    const standing = await this.client.standing(id);
    if (standing.is === 'running') {
      if (!workflowStarted) await this.campaigns.workflowStarted(id);
      return;
    }
    // It may have ended since it was read: then its workflow ended in order.
    if (!(await this.campaigns.openAmong([id])).has(id)) return;
    if (standing.is === 'outdated') {
      await this.mend(id, 'its workflow is of another release and begins anew');
      await this.client.terminate(id, 'of another release: LEONORE begins it anew from its database');
    } else if (workflowStarted) {
      await this.mend(id, 'its workflow was gone and begins anew');
    }
    await this.client.start(campaignInput(campaign));
    await this.campaigns.workflowStarted(id);
  }

  /** Ends workflows of campaigns that have ended, or that the database does not know. */
  async endStrays(): Promise<void> {
    const running = await this.client.running(straysAtOnce, new Date(Date.now() - strayAgeMs));
    const open = await this.campaigns.openAmong(running);
    for (const id of running) {
      if (open.has(id)) continue;
      await this.client.terminate(id, 'the campaign has ended, or is not in the database of LEONORE');
      this.logger.warn({ campaignId: id }, 'ended a workflow of a campaign that has ended, or is not known');
    }
  }

  private async mend(id: string, what: string): Promise<void> {
    this.logger.warn({ campaignId: id }, `mended: ${what}`);
    await this.campaigns.note(id, 'mended', { what });
  }
}
