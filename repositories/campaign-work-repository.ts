import type { SwitchWindow } from '../domain/agent-protocol/messages.js';
import type { CampaignAction, Decision } from '../domain/campaign/decide.js';
import type { RollbackScope } from '../domain/campaign/facts.js';
import type { RolloutState } from '../domain/rollout/state.js';
import { targetText } from '../domain/rollout/target.js';
import { campaignEventType } from '../domain/webhook/campaign-event.js';
import { Prisma } from '../prisma/generated/client.js';
import {
  codeSql,
  endedAtSql,
  failureClassSql,
  standingSql,
  standingTables,
  startableSql,
} from './campaign-sql.js';
import { lockCampaign, tellCampaign, toCampaign, wishesOf, type Campaign } from './campaign-repository.js';
import { inTransaction, json, jsonText, type Database, type Transaction } from './database.js';
import { forgetValues, noteValues } from './former-values.js';
import { withinColumn } from './fleet-scope.js';
import type { RolloutOptions } from './rollout-repository.js';

/** What a rollout, or an order, is to a campaign. */
export type CampaignWork = 'phase' | 'retry' | 'roll-back';

/** Members of a phase that ended so. */
export interface EndedSo {
  readonly phase: number;
  readonly state: string;
  readonly failureClass: string | null;
  readonly code: string | null;
  readonly attempts: number;
}

/** A rollout, or an order, that a campaign started. */
interface StartedWork {
  readonly id: string;
  readonly phase: number;
  readonly work: CampaignWork;
  readonly action: string;
  readonly requests: readonly string[];
  readonly state: RolloutState;
  readonly createdAt: Date;
  readonly endedAt: Date | null;
}

/** When gateways that are given work may switch: by what a label of theirs says, under '' for all others. */
export interface WindowsOfLabel {
  readonly label: string;
  readonly byValue: ReadonlyMap<string, readonly SwitchWindow[]>;
}

/** What is needed to carry a decision out besides it. */
interface WorkFacts {
  /** Of a retry: whom it is for. */
  readonly ends?: readonly EndedSo[];
  /** Of what gives gateways work; null: they may switch at any time. */
  readonly windows?: WindowsOfLabel | null;
}

/** Members entered by one statement. */
const enteredAtOnce = 10_000;

/**
 * Who belongs to which phase, and the work that they are given.
 *
 * INVARIANTS
 * - Members are chosen once, and stay members whatever becomes of selector and deployment.
 * - A member has one work at a time: `rollout_id` names the last, and changes only when its delivery has ended.
 * - What was installed, and with which values, is noted when a member is first given work, and never noted anew.
 * - A decision is carried out together with the status that it leaves, under the lock of the campaign's row, and not when
 *   somebody has wished something since it was taken: pause starts nothing.
 */
export class CampaignWorkRepository {
  constructor(private readonly database: Database) {}

  /** Enters who belongs to which phase, in the order in which they are served; once: again it changes nothing. */
  async chooseMembers(
    id: string,
    phases: readonly { readonly name: string; readonly gatewayIds: readonly string[] }[],
  ): Promise<void> {
    await inTransaction(this.database, async (tx) => {
      const { membersChosenAt } = await lockCampaign(tx, id);
      if (membersChosenAt !== null) return;
      let ordinal = 0;
      for (const [phase, { name, gatewayIds }] of phases.entries()) {
        await tx.campaignPhase.create({ data: { campaignId: id, phase, name, size: gatewayIds.length } });
        for (let start = 0; start < gatewayIds.length; start += enteredAtOnce) {
          const entered = gatewayIds.slice(start, start + enteredAtOnce);
          await tx.$executeRaw`
            INSERT INTO campaign_member (campaign_id, gateway_id, phase, ordinal)
            SELECT ${id}::uuid, member.id, ${phase}, ${ordinal} + member.place::int
            FROM unnest(${entered}::text[]) WITH ORDINALITY AS member(id, place)`;
          ordinal += entered.length;
        }
      }
      await tx.$executeRaw`UPDATE campaign SET members_chosen_at = now() WHERE id = ${id}::uuid`;
    });
  }

  /**
   * Carries a decision out, and keeps what the campaign remembers by it.
   * @returns false when it was not: somebody has wished something since, or the campaign has ended
   */
  async carryOut(id: string, { status, action }: Decision, facts: WorkFacts = {}): Promise<boolean> {
    return inTransaction(this.database, async (tx) => {
      const campaign = toCampaign(await lockCampaign(tx, id));
      const wishes = await wishesOf(tx, id);
      if (campaign.endedAt !== null || (wishes.at(-1)?.ordinal ?? 0) !== status.wishes) return false;
      await this.act(tx, campaign, action, facts);
      const { state, reason } = status;
      const isChanged = campaign.state !== state || campaign.reason !== reason;
      await tx.campaign.update({ where: { id }, data: { state, reason, status: json(status) } });
      if (isChanged) await noteIn(tx, id, 'state', { state, reason });
      const type = campaignEventType(campaign.state, state, false);
      if (type !== null)
        await tellCampaign(tx, { ...campaign, state, reason }, type, { by: null, why: null });
      return true;
    });
  }

  private async act(
    tx: Transaction,
    campaign: Campaign,
    action: CampaignAction,
    facts: WorkFacts,
  ): Promise<void> {
    switch (action.do) {
      case 'start-slice':
        return this.beginSlice(tx, campaign, action, facts);
      case 'start-retry':
      case 'retry-failed':
        return this.beginRetries(tx, campaign, action, facts);
      case 'withdraw':
        await tx.$executeRaw`
          UPDATE rollout SET state = 'cancelling', cancel_requested_at = coalesce(cancel_requested_at, now())
          WHERE campaign_id = ${campaign.id}::uuid AND ended_at IS NULL AND action = 'install' AND work <> 'roll-back'`;
        return;
      case 'roll-back':
        await this.beginWayBack(tx, campaign.id, action.scope);
        return;
      case 'end':
        await tx.campaign.update({ where: { id: campaign.id }, data: { endedAt: new Date() } });
        await forgetValues(tx, campaign.id);
        return;
      case 'ask-approval':
      case 'wait':
        return;
    }
  }

  /** Work for members that had none yet, in their order; where downloads are limited by a label, as many as it lets. */
  private async beginSlice(
    tx: Transaction,
    campaign: Campaign,
    { phase, most, deadlineSeconds }: Extract<CampaignAction, { do: 'start-slice' }>,
    { windows = null }: WorkFacts,
  ): Promise<void> {
    const { id, strategy } = campaign;
    const rolloutId = await addRollout(tx, campaign, phase, 'phase', {
      requests: campaign.selected,
      options: { ...campaign.options, deadlineSeconds },
    });
    const limit = strategy.speed?.downloadsByLabel;
    await leaveOut(tx, campaign, phase);
    const given = await tx.$executeRaw`
      WITH may AS MATERIALIZED (${startableSql(id, limit)})
      UPDATE campaign_member m SET rollout_id = ${rolloutId}::uuid, attempts = 1,
        before = jsonb_build_object('installed', g.installed, 'digest', g.profile -> 'state' -> 'digest')
      FROM gateway g WHERE g.id = m.gateway_id AND m.campaign_id = ${id}::uuid AND m.gateway_id IN (
        SELECT gateway_id FROM may WHERE phase = ${phase} ORDER BY ordinal LIMIT ${most})`;
    if (given === 0) await tx.rollout.delete({ where: { id: rolloutId } });
    else {
      await noteValues(tx, id, rolloutId);
      await tellWindows(tx, rolloutId, windows);
    }
    await tx.$executeRaw`
      UPDATE campaign_phase SET started_at = coalesce(started_at, now()), last_slice_at = now()
      WHERE campaign_id = ${id}::uuid AND phase = ${phase}`;
    if (given > 0) await noteIn(tx, id, 'slice-started', { phase, gateways: given, rolloutId });
  }

  private async beginRetries(
    tx: Transaction,
    campaign: Campaign,
    action: Extract<CampaignAction, { do: 'start-retry' | 'retry-failed' }>,
    { ends = [], windows = null }: WorkFacts,
  ): Promise<void> {
    for (const phase of new Set(ends.map((end) => end.phase))) {
      const so = ends.filter((end) => end.phase === phase);
      const rolloutId = await addRollout(tx, campaign, phase, 'retry', {
        requests: campaign.selected,
        options: { ...campaign.options, deadlineSeconds: action.deadlineSeconds },
      });
      const given = await tx.$executeRaw`
        UPDATE campaign_member m SET rollout_id = ${rolloutId}::uuid, attempts = m.attempts + 1
        FROM (
          SELECT m.gateway_id, ${standingSql(campaign.scopes)} AS state, ${failureClassSql} AS class, ${codeSql} AS code, m.attempts,
            ${endedAtSql} AS ended_at
          FROM ${standingTables} WHERE m.campaign_id = ${campaign.id}::uuid AND m.phase = ${phase}
        ) s, unnest(
            ${so.map(({ state }) => state)}::text[], ${so.map(({ failureClass }) => failureClass)}::text[],
            ${so.map(({ code }) => code)}::text[], ${so.map(({ attempts }) => attempts)}::int[]
          ) AS e(state, class, code, attempts)
        WHERE m.campaign_id = ${campaign.id}::uuid AND m.gateway_id = s.gateway_id AND s.attempts = e.attempts
          AND s.state = e.state AND s.class IS NOT DISTINCT FROM e.class AND s.code IS NOT DISTINCT FROM e.code
          AND s.ended_at <= to_timestamp(${action.endedByMs} / 1000.0)`;
      if (given === 0) {
        await tx.rollout.delete({ where: { id: rolloutId } });
        continue;
      }
      await tellWindows(tx, rolloutId, windows);
      await tx.$executeRaw`
        UPDATE campaign_phase SET last_retry_at = now() WHERE campaign_id = ${campaign.id}::uuid AND phase = ${phase}`;
      await noteIn(tx, campaign.id, 'retry-started', { phase, gateways: given, rolloutId });
    }
  }

  /** From now on members go back, those of a phase or all; whoever was given no work has nothing to go back from. */
  private async beginWayBack(tx: Transaction, id: string, scope: RollbackScope): Promise<void> {
    const outside =
      scope === 'all' ? Prisma.sql`attempts = 0` : Prisma.sql`(attempts = 0 OR phase <> ${scope.phase})`;
    await tx.$executeRaw`
      UPDATE campaign_member SET back_ended = true WHERE campaign_id = ${id}::uuid AND NOT back_ended AND ${outside}`;
    await tx.$executeRaw`UPDATE campaign SET way_back_at = coalesce(way_back_at, now()) WHERE id = ${id}::uuid`;
    await noteIn(tx, id, 'way-back-started', { scope });
  }

  /** What a campaign started, in order; some of it. */
  async list(id: string, limit: number): Promise<StartedWork[]> {
    return this.database.$queryRaw<StartedWork[]>`
      SELECT id::text, phase, work, action, CASE WHEN action = 'install' THEN requests ELSE ARRAY[artifact] END AS requests,
        state, created_at AS "createdAt", ended_at AS "endedAt"
      FROM rollout WHERE campaign_id = ${id}::uuid ORDER BY created_at, id LIMIT ${limit}`;
  }

  /** Rollouts of a campaign whose workflow was not started yet: whoever recorded them may have died over it. */
  async unstarted(id: string): Promise<string[]> {
    const rows = await this.database.$queryRaw<{ id: string }[]>`
      SELECT id::text FROM rollout WHERE campaign_id = ${id}::uuid AND action = 'install' AND ended_at IS NULL
        AND workflow_started_at IS NULL ORDER BY created_at`;
    return rows.map((row) => row.id);
  }

  /** Rollouts of a campaign that are to be cancelled and have not ended. */
  async withdrawn(id: string): Promise<string[]> {
    const rows = await this.database.$queryRaw<{ id: string }[]>`
      SELECT id::text FROM rollout WHERE campaign_id = ${id}::uuid AND ended_at IS NULL AND cancel_requested_at IS NOT NULL`;
    return rows.map((row) => row.id);
  }
}

/**
 * Gateways of a phase that have moved out of the scopes within which the campaign was asked for are no members any more, if they
 * have not begun: it is not theirs to change who asked for it.
 */
async function leaveOut(
  tx: Transaction,
  { id, scopes }: Pick<Campaign, 'id' | 'scopes'>,
  phase: number,
): Promise<void> {
  if (scopes.length === 0) return;
  const left = await tx.$executeRaw`
    DELETE FROM campaign_member m WHERE m.campaign_id = ${id}::uuid AND m.phase = ${phase} AND m.attempts = 0
      AND NOT EXISTS (SELECT FROM gateway g WHERE g.id = m.gateway_id AND ${withinColumn(scopes)})`;
  if (left > 0) await noteIn(tx, id, 'out-of-scope', { phase, gateways: left });
}

/** Records a rollout of a campaign, for whoever will be given it; its workflow is started when that is stored. */
export async function addRollout(
  tx: Transaction,
  { id: campaignId, strategy, createdBy, scopes }: Pick<Campaign, 'id' | 'strategy' | 'createdBy' | 'scopes'>,
  phase: number,
  work: CampaignWork,
  { requests, options }: { readonly requests: readonly string[]; readonly options: RolloutOptions },
): Promise<string> {
  const names = [...new Set(requests.map((request) => request.replace(/(?!^)@.*$/s, '')))];
  const { id } = await tx.rollout.create({
    data: {
      requests: [...requests],
      names,
      target: targetText({ campaign: campaignId, phase }),
      campaignId,
      phase,
      work,
      urgent: strategy.priority === 'emergency',
      options: json(options),
      requestDigest: '',
      createdBy,
      scopes: [...scopes],
    },
    select: { id: true },
  });
  return id;
}

/** Keeps with a rollout when its members may switch: of what labels say, what is said among them. */
async function tellWindows(
  tx: Transaction,
  rolloutId: string,
  windows: WindowsOfLabel | null,
): Promise<void> {
  if (windows === null) return;
  const { label, byValue } = windows;
  await tx.$executeRaw`
    INSERT INTO rollout_window (rollout_id, label, value, windows)
    SELECT ${rolloutId}::uuid, ${label}, w.value, w.windows::jsonb
    FROM unnest(${[...byValue.keys()]}::text[], ${[...byValue.values()].map(jsonText)}::text[]) AS w(value, windows)
    WHERE w.value = '' OR w.value IN (
      SELECT g.labels ->> ${label} FROM campaign_member m JOIN gateway g ON g.id = m.gateway_id
      WHERE m.rollout_id = ${rolloutId}::uuid)`;
}

/** Notes what a campaign did by itself. */
export async function noteIn(
  tx: Transaction,
  id: string,
  kind: string,
  detail: Readonly<Record<string, unknown>>,
): Promise<void> {
  await tx.$executeRaw`
    INSERT INTO campaign_event (campaign_id, kind, detail) VALUES (${id}::uuid, ${kind}, ${jsonText(detail)}::jsonb)`;
}
