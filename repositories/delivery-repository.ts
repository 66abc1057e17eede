import type { Order, OrderAction, Report, ReportOutcome, Task } from '../domain/agent-protocol/messages.js';
import { applyReports } from '../domain/delivery/apply-reports.js';
import { formatDeliveryId, type DeliveryKey } from '../domain/delivery/delivery-id.js';
import { isEnded, type DeliveryState } from '../domain/delivery/state.js';
import { formatOrderId } from '../domain/order/order-id.js';
import { inTransaction, type Database, type Transaction } from './database.js';

/** One gateway's delivery, for people. */
export interface Delivery {
  readonly gatewayId: string;
  readonly nodeId: string | null;
  readonly groupId: string | null;
  readonly state: DeliveryState;
  readonly protocol: string;
  readonly strategy: string;
  readonly error: unknown;
  readonly explanation: string | null;
  readonly packageId: string | null;
  readonly updatedAt: Date;
  readonly endedAt: Date | null;
}

/** Everything a gateway's poll is answered from. */
export interface PollAnswer {
  readonly gatewayId: string;
  readonly tokenHash: Uint8Array;
  readonly nodeId: string | null;
  readonly state: string;
  readonly profileWanted: boolean;
  readonly task: Task | null;
  /** Null as long as an older task waits: what was asked for first is done first. */
  readonly order: Order | null;
}

export interface GatewayReports {
  readonly gatewayId: string;
  readonly delivery: DeliveryKey;
  readonly reports: readonly Report[];
}

export interface ReportResult {
  readonly outcomes: readonly ReportOutcome[];
  readonly state: DeliveryState | null;
}

/** Deliveries of one chunk that ended in a batch of reports: what the chunk's workflow is told. */
export interface ChunkAcknowledgement {
  readonly rolloutId: string;
  readonly chunk: number;
  readonly slots: readonly number[];
  /** Deliveries of the chunk that have not ended yet. */
  readonly remaining: number;
}

export interface PushTarget {
  readonly gatewayId: string;
  readonly protocol: string;
  readonly address: string | null;
}

/**
 * Deliveries and their events. Everything on the hot path is set-based: one statement for a batch of gateways.
 *
 * INVARIANTS
 * - A state changes only along the transition table of domain/delivery/state.ts.
 * - An event is stored in the transaction that changes the state; a report is stored at most once.
 * - Rows are locked in the order of (rollout, ordinal): two batches cannot wait for each other.
 */
export class DeliveryRepository {
  constructor(private readonly database: Database) {}

  /** Answers the polls of many gateways at once; unknown ids are missing from the answer. */
  async poll(gatewayIds: readonly string[]): Promise<Map<string, PollAnswer>> {
    const rows = await this.database.$queryRaw<PollRow[]>`
      SELECT g.id AS gateway_id, g.token_hash, g.node_id, g.state, g.profile_wanted, t.asked_at,
             o.number AS order_number, o.action, o.artifact, o.sequence AS order_sequence,
             o.deadline_at AS order_deadline_at, o.created_at AS order_asked_at,
             t.rollout_id, t.ordinal, t.sequence, t.deadline_at, t.plan, t.package_id, t.archive_digest, t.size_bytes, t.installed_bytes
      FROM gateway g
      LEFT JOIN LATERAL (
        SELECT d.rollout_id, d.ordinal, d.sequence, d.deadline_at, r.created_at AS asked_at, gr.plans -> gr.plan_index AS plan,
               p.id AS package_id, p.archive_digest, p.size_bytes, p.installed_bytes
        FROM delivery d
        JOIN rollout r ON r.id = d.rollout_id
        JOIN rollout_group gr ON gr.id = d.group_id
        JOIN package p ON p.id = gr.package_id
        WHERE d.gateway_id = g.id AND d.state IN ('offered', 'downloading', 'installing')
        ORDER BY r.created_at, r.id LIMIT 1
      ) t ON true
      LEFT JOIN LATERAL (
        SELECT number, action, artifact, sequence, deadline_at, created_at FROM gateway_order
        WHERE gateway_id = g.id AND ended_at IS NULL AND deadline_at > now() ORDER BY number LIMIT 1
      ) o ON true
      WHERE g.id = ANY(${gatewayIds}::text[])`;
    return new Map(rows.map((row) => [row.gateway_id, toPollAnswer(row)]));
  }

  /**
   * True for each (gateway, archive) pair that the gateway may have: an unfinished delivery needs it; or it was
   * delivered before, and the gateway has to go back to it, or has been lost and goes on.
   */
  async mayDownload(pairs: readonly { gatewayId: string; digest: string }[]): Promise<boolean[]> {
    const rows = await this.database.$queryRaw<{ place: number }[]>`
      SELECT q.place::int AS place
      FROM unnest(${pairs.map((p) => p.gatewayId)}::text[], ${pairs.map((p) => p.digest)}::text[]) WITH ORDINALITY AS q(gateway_id, digest, place)
      WHERE EXISTS (
        SELECT 1 FROM delivery d JOIN rollout_group gr ON gr.id = d.group_id JOIN package p ON p.id = gr.package_id
        WHERE d.gateway_id = q.gateway_id AND d.state IN ('offered', 'downloading', 'installing') AND p.archive_digest = q.digest)`;
    const allowed = new Set(rows.map((row) => row.place - 1));
    const others = pairs.filter((_pair, index) => !allowed.has(index));
    if (others.length > 0) {
      const before = await this.haveHad(others);
      for (const [index, pair] of pairs.entries()) if (before.has(pair)) allowed.add(index);
    }
    return pairs.map((_pair, index) => allowed.has(index));
  }

  /** The seldom part of mayDownload, from the package to the gateway: deliveries that ended are not indexed by gateway. */
  private async haveHad<Pair extends { gatewayId: string; digest: string }>(
    pairs: readonly Pair[],
  ): Promise<Set<Pair>> {
    const rows = await this.database.$queryRaw<{ place: number }[]>`
      SELECT DISTINCT q.place::int AS place
      FROM unnest(${pairs.map((p) => p.gatewayId)}::text[], ${pairs.map((p) => p.digest)}::text[]) WITH ORDINALITY AS q(gateway_id, digest, place)
      JOIN package p ON p.archive_digest = q.digest
      JOIN rollout_group gr ON gr.package_id = p.id
      JOIN delivery d ON d.rollout_id = gr.rollout_id AND d.gateway_id = q.gateway_id AND d.group_id = gr.id
      WHERE d.state IN ('succeeded', 'lost')`;
    const places = new Set(rows.map((row) => row.place - 1));
    return new Set(pairs.filter((_pair, index) => places.has(index)));
  }

  /**
   * Applies the reports of many gateways in one transaction.
   * @returns a result for each entry, in order, and what the waiting workflows must know
   */
  async report(
    batch: readonly GatewayReports[],
  ): Promise<{ results: ReportResult[]; acknowledgements: ChunkAcknowledgement[] }> {
    return inTransaction(this.database, async (tx) => {
      const locked = await lockDeliveries(tx, batch);
      const changes = new Map<string, Change>();
      const results = batch.map((entry): ReportResult => {
        const key = formatDeliveryId(entry.delivery);
        const row = locked.get(key);
        if (row?.gateway_id !== entry.gatewayId)
          return { outcomes: entry.reports.map(() => 'unknown'), state: null };
        const change = changes.get(key) ?? {
          row,
          progress: { state: row.state, sequence: row.sequence },
          applied: [],
        };
        const { progress, outcomes, applied } = applyReports(change.progress, entry.reports);
        changes.set(key, { row, progress, applied: [...change.applied, ...applied] });
        return { outcomes, state: progress.state };
      });
      const changed = [...changes.values()].filter(
        (change) => change.progress.sequence > change.row.sequence,
      );
      if (changed.length === 0) return { results, acknowledgements: [] };
      await storeChanges(tx, changed);
      const ended = changed.filter(({ row, progress }) => !isEnded(row.state) && isEnded(progress.state));
      return {
        results,
        acknowledgements: await acknowledgementsOf(
          tx,
          ended.map(({ row }) => row),
        ),
      };
    });
  }

  /** Deliveries of a rollout by gateway id, a page at a time. */
  async list(
    rolloutId: string,
    limit: number,
    cursor: string | null,
    state: DeliveryState | null,
  ): Promise<{ items: Delivery[]; nextCursor: string | null }> {
    const rows = await this.database.delivery.findMany({
      where: {
        rolloutId,
        ...(cursor === null ? {} : { gatewayId: { gt: cursor } }),
        ...(state === null ? {} : { state }),
      },
      orderBy: { gatewayId: 'asc' },
      take: limit + 1,
      include: { group: { select: { explanation: true, packageId: true } } },
    });
    const items = rows.slice(0, limit).map((row) => ({
      gatewayId: row.gatewayId,
      nodeId: row.nodeId,
      groupId: row.groupId,
      state: row.state as DeliveryState,
      protocol: row.protocol,
      strategy: row.strategy,
      error: row.error,
      explanation: row.group?.explanation ?? null,
      packageId: row.group?.packageId ?? null,
      updatedAt: row.updatedAt,
      endedAt: row.endedAt,
    }));
    return { items, nextCursor: rows.length > limit ? (items.at(-1)?.gatewayId ?? null) : null };
  }
}

interface PollRow {
  gateway_id: string;
  token_hash: Uint8Array;
  node_id: string | null;
  state: string;
  profile_wanted: boolean;
  rollout_id: string | null;
  ordinal: number;
  sequence: number;
  deadline_at: Date | null;
  plan: { remove: string[]; removeFirst: boolean };
  package_id: string;
  archive_digest: string;
  size_bytes: bigint;
  installed_bytes: bigint;
  asked_at: Date | null;
  order_number: bigint | null;
  action: OrderAction;
  artifact: string;
  order_sequence: number;
  order_deadline_at: Date;
  order_asked_at: Date;
}

function toPollAnswer(row: PollRow): PollAnswer {
  const taskIsOlder =
    row.asked_at !== null && (row.order_number === null || row.asked_at <= row.order_asked_at);
  return {
    gatewayId: row.gateway_id,
    tokenHash: row.token_hash,
    nodeId: row.node_id,
    state: row.state,
    profileWanted: row.profile_wanted,
    task: taskIsOlder && row.rollout_id !== null ? toTask(row, row.rollout_id) : null,
    order: !taskIsOlder && row.order_number !== null ? toOrder(row, row.order_number) : null,
  };
}

function toOrder(row: PollRow, number: bigint): Order {
  return {
    deliveryId: formatOrderId(number),
    action: row.action,
    artifact: row.artifact,
    deadline: row.order_deadline_at.toISOString(),
    lastSequence: row.order_sequence,
  };
}

function toTask(row: PollRow, rolloutId: string): Task {
  return {
    deliveryId: formatDeliveryId({ rolloutId, ordinal: row.ordinal }),
    rolloutId,
    action: 'install',
    package: {
      id: row.package_id,
      digest: row.archive_digest,
      sizeBytes: Number(row.size_bytes),
      installedSizeBytes: Number(row.installed_bytes),
    },
    remove: row.plan.remove,
    removeFirst: row.plan.removeFirst,
    values: {},
    deadline: (row.deadline_at ?? new Date(0)).toISOString(),
    lastSequence: row.sequence,
  };
}

interface LockedRow {
  rollout_id: string;
  ordinal: number;
  gateway_id: string;
  state: DeliveryState;
  sequence: number;
  chunk: number | null;
  slot: number | null;
}

interface Change {
  readonly row: LockedRow;
  readonly progress: { readonly state: DeliveryState; readonly sequence: number };
  readonly applied: readonly Report[];
}

async function lockDeliveries(
  tx: Transaction,
  batch: readonly GatewayReports[],
): Promise<Map<string, LockedRow>> {
  const rows = await tx.$queryRaw<LockedRow[]>`
    SELECT d.rollout_id::text, d.ordinal, d.gateway_id, d.state, d.sequence, d.chunk, d.slot
    FROM delivery d
    JOIN (SELECT DISTINCT * FROM unnest(${batch.map((e) => e.delivery.rolloutId)}::uuid[], ${batch.map((e) => e.delivery.ordinal)}::int[]) AS u(rollout_id, ordinal)) q
      ON q.rollout_id = d.rollout_id AND q.ordinal = d.ordinal
    ORDER BY d.rollout_id, d.ordinal FOR UPDATE OF d`;
  return new Map(
    rows.map((row) => [formatDeliveryId({ rolloutId: row.rollout_id, ordinal: row.ordinal }), row]),
  );
}

async function storeChanges(tx: Transaction, changes: readonly Change[]): Promise<void> {
  const errors = changes.map((change) => {
    const error = change.applied.at(-1)?.error;
    return error === undefined ? null : JSON.stringify(error);
  });
  await tx.$executeRaw`
    UPDATE delivery d SET state = c.state, sequence = c.sequence, updated_at = now(),
      error = coalesce(c.error::jsonb, d.error),
      ended_at = CASE WHEN c.ended THEN coalesce(d.ended_at, now()) ELSE NULL END
    FROM unnest(${changes.map((c) => c.row.rollout_id)}::uuid[], ${changes.map((c) => c.row.ordinal)}::int[],
                ${changes.map((c) => c.progress.state)}::text[], ${changes.map((c) => c.progress.sequence)}::int[],
                ${errors}::text[], ${changes.map((c) => isEnded(c.progress.state))}::bool[])
      AS c(rollout_id, ordinal, state, sequence, error, ended)
    WHERE d.rollout_id = c.rollout_id AND d.ordinal = c.ordinal`;
  const events = changes.flatMap((change) => change.applied.map((report) => ({ row: change.row, report })));
  await tx.$executeRaw`
    INSERT INTO delivery_event (rollout_id, ordinal, sequence, state, detail)
    SELECT e.rollout_id, e.ordinal, e.sequence, e.state, e.detail::jsonb
    FROM unnest(${events.map((e) => e.row.rollout_id)}::uuid[], ${events.map((e) => e.row.ordinal)}::int[],
                ${events.map((e) => e.report.sequence)}::int[], ${events.map((e) => e.report.state)}::text[],
                ${events.map((e) => eventDetail(e.report))}::text[]) AS e(rollout_id, ordinal, sequence, state, detail)
    ON CONFLICT (rollout_id, ordinal, sequence) DO NOTHING`;
  await storeInstalled(tx, changes);
}

/** What is installed on a gateway is what it said when it ended its delivery (paper: "stores the provisioned application packages"). */
async function storeInstalled(tx: Transaction, changes: readonly Change[]): Promise<void> {
  const told = changes.flatMap((change) => {
    const installed = change.applied.at(-1)?.installed;
    return installed === undefined
      ? []
      : [{ id: change.row.gateway_id, installed: JSON.stringify(installed) }];
  });
  if (told.length > 0) {
    await tx.$executeRaw`
      UPDATE gateway g SET installed = t.installed::jsonb
      FROM unnest(${told.map((t) => t.id)}::text[], ${told.map((t) => t.installed)}::text[]) AS t(id, installed)
      WHERE g.id = t.id`;
  }
}

function eventDetail(report: Report): string | null {
  const { at, detail, error } = report;
  return at === undefined && detail === undefined && error === undefined
    ? null
    : JSON.stringify({ at, detail, error });
}

async function acknowledgementsOf(
  tx: Transaction,
  rows: readonly LockedRow[],
): Promise<ChunkAcknowledgement[]> {
  const byChunk = new Map<string, { rolloutId: string; chunk: number; slots: number[] }>();
  for (const row of rows) {
    if (row.chunk === null || row.slot === null) continue;
    const key = `${row.rollout_id}/${row.chunk}`;
    const entry = byChunk.get(key) ?? { rolloutId: row.rollout_id, chunk: row.chunk, slots: [] };
    entry.slots.push(row.slot);
    byChunk.set(key, entry);
  }
  const chunks = [...byChunk.values()];
  if (chunks.length === 0) return [];
  const rest = await tx.$queryRaw<{ place: number; remaining: number }[]>`
    SELECT q.place::int AS place, count(*) FILTER (WHERE d.ended_at IS NULL)::int AS remaining
    FROM unnest(${chunks.map((c) => c.rolloutId)}::uuid[], ${chunks.map((c) => c.chunk)}::int[]) WITH ORDINALITY AS q(rollout_id, chunk, place)
    JOIN delivery d ON d.rollout_id = q.rollout_id AND d.chunk = q.chunk GROUP BY q.place`;
  const remaining = new Map(rest.map((row) => [row.place, row.remaining]));
  return chunks.map((chunk, index) => ({ ...chunk, remaining: remaining.get(index + 1) ?? 0 }));
}
