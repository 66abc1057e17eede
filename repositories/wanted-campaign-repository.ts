import type { CampaignState } from '../domain/campaign/state.js';
import { inTransaction, type Database, type Transaction } from './database.js';

/** A campaign that a wanted state has started. */
interface WantedCampaign {
  readonly id: string;
  /** `name@version` that it brings. */
  readonly selected: readonly string[];
  readonly state: CampaignState;
  readonly createdAt: Date;
}

/**
 * Campaigns by which wanted states with a strategy bring new versions out.
 *
 * INVARIANTS
 * - A wanted state has one campaign at a time: it is recorded under the lock of the wanted state, and the next one only when
 *   the wanted state has learned from the last.
 * - What is learned is written together with the note that it was: whoever comes second finds nothing to learn.
 */
export class WantedCampaignRepository {
  constructor(private readonly database: Database) {}

  /**
   * Wanted states learn from their campaigns that have ended. One that came to all of its gateways has brought its versions
   * out: they count from now on, and all gateways are looked at. Of any other its versions go to nobody else.
   */
  async settle(): Promise<void> {
    await this.database.$executeRaw`
      WITH over AS (
        UPDATE wanted_campaign w SET settled = true FROM campaign k
        WHERE NOT w.settled AND k.id = w.campaign_id AND k.ended_at IS NOT NULL
        RETURNING w.wanted_state_id, k.id, k.state, k.selected, k.state = 'succeeded' OR (k.state = 'partly' AND NOT EXISTS (
          SELECT FROM campaign_member m JOIN gateway g ON g.id = m.gateway_id AND g.state = 'active'
          WHERE m.campaign_id = k.id AND m.attempts = 0)) AS brought_out
      )
      UPDATE wanted_state s SET
        versions = CASE WHEN over.brought_out THEN over.selected ELSE s.versions END,
        held_back = s.held_back AND NOT over.brought_out,
        looked_after = CASE WHEN over.brought_out THEN '' ELSE s.looked_after END,
        problem = CASE WHEN over.brought_out THEN NULL
          ELSE format('campaign %s ended %s: %s goes to no other gateway', over.id, over.state, array_to_string(over.selected, ', ')) END,
        problem_at = NULL,
        -- There may be something newer still.
        catalog_changes = -1
      FROM over WHERE s.id = over.wanted_state_id AND s.ended_at IS NULL`;
  }

  /** Whether a campaign is under way, or has brought these versions and not well: then none is to be started for them. */
  async isTaken(wantedStateId: string, versions: readonly string[]): Promise<boolean> {
    const [row] = await this.database.$queryRaw<{ taken: boolean }[]>`
      SELECT EXISTS (SELECT FROM wanted_campaign w JOIN campaign k ON k.id = w.campaign_id
        WHERE w.wanted_state_id = ${wantedStateId}::uuid AND (NOT w.settled OR k.selected = ${[...versions]}::text[])) AS taken`;
    return row?.taken ?? false;
  }

  /**
   * Records a campaign of a wanted state.
   * @param create records the campaign itself
   * @returns false when another one is under way, or the wanted state has ended
   */
  async start(
    wantedStateId: string,
    campaignId: string,
    catalogChanges: bigint,
    create: (tx: Transaction) => Promise<void>,
  ): Promise<boolean> {
    return inTransaction(this.database, async (tx) => {
      const free = await tx.$queryRaw<unknown[]>`
        SELECT 1 FROM wanted_state s WHERE s.id = ${wantedStateId}::uuid AND s.ended_at IS NULL FOR UPDATE`;
      if (free.length === 0) return false;
      // Read under the lock: whoever held it before may have started one.
      const open = await tx.wantedCampaign.findFirst({ where: { wantedStateId, settled: false } });
      if (open !== null) return false;
      await create(tx);
      await tx.wantedCampaign.create({ data: { campaignId, wantedStateId } });
      await tx.wantedState.update({
        where: { id: wantedStateId },
        data: { catalogChanges, problem: null, problemAt: null },
      });
      return true;
    });
  }

  /** Notes why a newer version is not brought out; it is tried again later. */
  async noteProblem(wantedStateId: string, problem: string): Promise<void> {
    await this.database.$executeRaw`
      UPDATE wanted_state SET problem = ${problem}, problem_at = now() WHERE id = ${wantedStateId}::uuid`;
  }

  /** Those that a wanted state has started, newest first; at most `limit`. */
  async list(wantedStateId: string, limit: number): Promise<WantedCampaign[]> {
    return this.database.$queryRaw<WantedCampaign[]>`
      SELECT k.id::text, k.selected, k.state, k.created_at AS "createdAt"
      FROM wanted_campaign w JOIN campaign k ON k.id = w.campaign_id
      WHERE w.wanted_state_id = ${wantedStateId}::uuid ORDER BY k.created_at DESC, k.id LIMIT ${limit}`;
  }
}
