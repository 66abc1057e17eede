import type {
  Order,
  OrderAction,
  Report,
  ReportOutcome,
  Task,
  TaskRequirement,
} from '../../domain/agent-protocol/messages.js';
import { formatDeliveryId, type DeliveryKey } from '../../domain/delivery/delivery-id.js';
import type { HistoryEntry } from '../../domain/delivery/history.js';
import type { DeliveryState } from '../../domain/delivery/state.js';
import { Prisma } from '../../prisma/generated/client.js';
import { LeonoreError } from '../../domain/errors.js';
import { withoutDeadlock, type Database } from '../database.js';
import { mayDownloadStatement, pollStatement } from './delivery-statements.js';
import { sqlInState, sqlReturning, sqlStateOf } from './sql-states.js';
import { storeReports } from './store-reports.js';

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
  /** The secret of its symmetric key, still sealed; null when it has none. */
  readonly keySecret: Uint8Array | null;
  readonly nodeId: string | null;
  readonly state: string;
  readonly profileWanted: boolean;
  readonly task: Task | null;
  /** Secret values of the task, by key, still sealed. */
  readonly sealed: Readonly<Record<string, Uint8Array>>;
  /** Never beside a task: what was asked for first is done first. */
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
  /** Deliveries of the chunk that have not ended yet; null when none of it ended now. */
  readonly remaining: number | null;
  /** True when a gateway refused what was planned for another state: its workflow has it planned anew. */
  readonly refused: boolean;
}

/** A report is stored again when its delivery was changed by somebody else in between; that happens once, or twice. */
const maximumRounds = 10;

export interface PushTarget {
  readonly gatewayId: string;
  readonly protocol: string;
  readonly address: string | null;
}

/**
 * Deliveries and their events. Everything on the hot path is set-based: one statement for a batch of gateways.
 *
 * INVARIANTS
 * - Reports change deliveries as the domain judges them, and only if nobody else changed them since they were read.
 * - A report is applied at most once: its sequence is greater than what the delivery has.
 */
export class DeliveryRepository {
  constructor(
    private readonly database: Database,
    /** Names the process in the rows that it counts in. */
    private readonly writer: string,
  ) {}

  /** Answers the polls of many gateways at once; unknown ids are missing from the answer. */
  async poll(gatewayIds: readonly string[]): Promise<Map<string, PollAnswer>> {
    const rows = await this.database.$prepared<PollRow>(pollStatement, [gatewayIds]);
    return new Map(rows.map((row) => [row.gateway_id, toPollAnswer(row)]));
  }

  /**
   * True for each (gateway, archive) pair that the gateway may have: an unfinished delivery needs it; or it was
   * delivered before, and the gateway has to go back to it, or has been lost and goes on.
   */
  async mayDownload(pairs: readonly { gatewayId: string; digest: string }[]): Promise<boolean[]> {
    const values = [pairs.map((pair) => pair.gatewayId), pairs.map((pair) => pair.digest)];
    const rows = await this.database.$prepared<{ place: number }>(mayDownloadStatement, values);
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
      WHERE d.state IN ${sqlReturning}`;
    const places = new Set(rows.map((row) => row.place - 1));
    return new Set(pairs.filter((_pair, index) => places.has(index)));
  }

  /**
   * Applies the reports of many gateways; the reports of one entry together or not at all.
   * @returns a result for each entry, in order, and what the waiting workflows must know
   */
  async report(
    batch: readonly GatewayReports[],
  ): Promise<{ results: ReportResult[]; acknowledgements: ChunkAcknowledgement[] }> {
    const results = new Array<ReportResult>(batch.length);
    const acknowledgements: ChunkAcknowledgement[] = [];
    let open = [...batch.keys()];
    for (let round = 1; open.length > 0; round += 1) {
      if (round > maximumRounds) {
        throw new LeonoreError('DATABASE_UNAVAILABLE', 'deliveries change faster than reports are stored');
      }
      const entries = open.flatMap((index) => batch[index] ?? []);
      const outcome = await storeReports(this.database, entries, this.writer);
      acknowledgements.push(...outcome.acknowledgements);
      const again: number[] = [];
      for (const [place, index] of open.entries()) {
        const result = outcome.results[place];
        if (result === undefined) again.push(index);
        else results[index] = result;
      }
      open = again;
    }
    await this.askStrangers(batch, results);
    return { results, acknowledgements };
  }

  /** Deliveries of a rollout by gateway id, a page at a time. */
  async list(
    rolloutId: string,
    limit: number,
    cursor: string | null,
    state: DeliveryState | null,
  ): Promise<{ items: Delivery[]; nextCursor: string | null }> {
    const items = await this.database.$queryRaw<Delivery[]>`
      SELECT d.gateway_id AS "gatewayId", d.node_id AS "nodeId", d.group_id::text AS "groupId", ${sqlStateOf} AS state,
             d.protocol, d.strategy, d.error, g.explanation, g.package_id AS "packageId", d.updated_at AS "updatedAt",
             d.ended_at AS "endedAt"
      FROM delivery d LEFT JOIN rollout_chunk c ON c.rollout_id = d.rollout_id AND c.chunk = d.chunk
      LEFT JOIN rollout_group g ON g.id = d.group_id
      WHERE d.rollout_id = ${rolloutId}::uuid AND d.gateway_id > ${cursor ?? ''} AND ${sqlInState(state)}
      ORDER BY d.gateway_id LIMIT ${limit + 1}`;
    const page = items.slice(0, limit);
    return { items: page, nextCursor: items.length > limit ? (page.at(-1)?.gatewayId ?? null) : null };
  }

  /** Everything that happened to a delivery, in order; null when there is no such delivery. */
  async history({ rolloutId, ordinal }: DeliveryKey): Promise<readonly HistoryEntry[] | null> {
    const row = await this.database.delivery.findUnique({
      where: { rolloutId_ordinal: { rolloutId, ordinal } },
      select: { history: true },
    });
    return row === null ? null : (row.history as unknown as HistoryEntry[]);
  }

  /**
   * A gateway that reports on what nobody gave it knows more than the database, which may have been restored from an
   * older copy: it is asked for what it has.
   */
  private async askStrangers(
    batch: readonly GatewayReports[],
    results: readonly ReportResult[],
  ): Promise<void> {
    const strangers = batch.filter((_entry, index) => results[index]?.outcomes.includes('unknown') === true);
    if (strangers.length === 0) return;
    const ids = [...new Set(strangers.map(({ gatewayId }) => gatewayId))].sort();
    const statement = Prisma.sql`
      UPDATE gateway SET profile_wanted = true, wake = true
      WHERE id = ANY(${ids}::text[]) AND state = 'active' AND NOT profile_wanted`;
    await withoutDeadlock(() => this.database.$executeRaw(statement));
  }
}

/** What a task says of its plan, as it is stored with the group. */
interface TaskChanges {
  readonly remove: string[];
  readonly removeFirst: boolean;
  readonly requires?: TaskRequirement[];
}

/** What an order says of one gateway, as it is stored with its delivery. */
export type OrderChanges = Pick<Order, 'also' | 'keepData'>;

interface PollRow {
  gateway_id: string;
  token_hash: Uint8Array;
  key_secret: Uint8Array | null;
  node_id: string | null;
  state: string;
  profile_wanted: boolean;
  rollout_id: string | null;
  ordinal: number;
  attempt: number;
  sequence: number;
  start_state: string | null;
  action: Task['action'] | OrderAction;
  artifact: string;
  deadline_at: Date;
  changes: TaskChanges & OrderChanges;
  package_id: string;
  archive_digest: string;
  /** int8, which `pg` gives as text. */
  size_bytes: string;
  installed_bytes: string;
  declared_values: { key: string; default?: string }[] | null;
  own_values: { key: string; value: string | null; sealed: string | null }[] | null;
}

function toPollAnswer(row: PollRow): PollAnswer {
  const { rollout_id: rolloutId, action } = row;
  return {
    gatewayId: row.gateway_id,
    tokenHash: row.token_hash,
    keySecret: row.key_secret,
    nodeId: row.node_id,
    state: row.state,
    profileWanted: row.profile_wanted,
    task: rolloutId !== null && action === 'install' ? toTask(row, rolloutId) : null,
    sealed: sealedValues(row),
    order: rolloutId !== null && action !== 'install' ? toOrder(row, rolloutId, action) : null,
  };
}

function toOrder(row: PollRow, rolloutId: string, action: OrderAction): Order {
  return {
    deliveryId: formatDeliveryId({ rolloutId, ordinal: row.ordinal, attempt: row.attempt }),
    action,
    artifact: row.artifact,
    // What it was given with; an order of an older LEONORE has nothing.
    ...(row.changes as OrderChanges | null),
    ...startStateOf(row),
    deadline: row.deadline_at.toISOString(),
    lastSequence: row.sequence,
  };
}

function toTask(row: PollRow, rolloutId: string): Task {
  return {
    deliveryId: formatDeliveryId({ rolloutId, ordinal: row.ordinal, attempt: row.attempt }),
    rolloutId,
    action: 'install',
    package: {
      id: row.package_id,
      digest: row.archive_digest,
      sizeBytes: Number(row.size_bytes),
      installedSizeBytes: Number(row.installed_bytes),
    },
    remove: row.changes.remove,
    removeFirst: row.changes.removeFirst,
    values: openValues(row),
    ...startStateOf(row),
    ...(row.changes.requires === undefined ? {} : { requires: row.changes.requires }),
    deadline: row.deadline_at.toISOString(),
    lastSequence: row.sequence,
  };
}

function startStateOf({ start_state: startState }: PollRow): { startState?: string } {
  return startState === null ? {} : { startState };
}

/** What the gateway has of what the package declares, and the defaults of the rest. */
function openValues({ declared_values, own_values }: PollRow): Record<string, string> {
  const values: Record<string, string> = {};
  for (const { key, default: fallback } of declared_values ?? []) {
    if (fallback !== undefined) values[key] = fallback;
  }
  for (const { key, value } of own_values ?? []) if (value !== null) values[key] = value;
  return values;
}

function sealedValues({ own_values }: PollRow): Record<string, Uint8Array> {
  const secrets = (own_values ?? []).flatMap(({ key, sealed }) =>
    sealed === null ? [] : [[key, Buffer.from(sealed, 'base64')] as const],
  );
  return Object.fromEntries(secrets);
}
