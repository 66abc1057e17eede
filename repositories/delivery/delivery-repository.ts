import type {
  Order,
  OrderAction,
  Report,
  ReportOutcome,
  SwitchWindow,
  Task,
  TaskRequirement,
} from '../../domain/agent-protocol/messages.js';
import { formatDeliveryId, type DeliveryKey } from '../../domain/delivery/delivery-id.js';
import type { HistoryEntry } from '../../domain/delivery/history.js';
import type { DeliveryState } from '../../domain/delivery/state.js';
import { Prisma } from '../../prisma/generated/client.js';
import { LeonoreError } from '../../domain/errors.js';
import { jsonText, withoutDeadlock, type Database } from '../database.js';
import { mayDownloadStatement, pollStatement } from './delivery-statements.js';
import { sqlReturning } from './sql-states.js';
import { placeOf } from '../value-repository.js';
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
  /** When its gateway was last heard of. */
  readonly lastSeenAt: Date;
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
  /** Secret values of what it is to do, by key, still sealed. */
  readonly sealed: Readonly<Record<string, SealedValue>>;
  /** Never beside a task: what was asked for first is done first. */
  readonly order: Order | null;
}

/** A secret value, and what it is bound to (repositories/value-repository.ts). */
export interface SealedValue {
  readonly bytes: Uint8Array;
  readonly place: string;
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
  /** By which it can be pushed, in the order in which they are tried. */
  readonly protocols: readonly string[];
  /** Where it listens, for protocols that need that. */
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

  /** Everything that happened to a delivery, in order; null when there is no such delivery. */
  async history({ rolloutId, ordinal }: DeliveryKey): Promise<readonly HistoryEntry[] | null> {
    const row = await this.database.delivery.findUnique({
      where: { rolloutId_ordinal: { rolloutId, ordinal } },
      select: { history: true },
    });
    return row === null ? null : (row.history as unknown as HistoryEntry[]);
  }

  /**
   * Keeps what a gateway wrote about a delivery, also when that has ended. One log is kept of each attempt at it, the first.
   * @returns false when the gateway has no such delivery
   */
  async keepLog(
    gatewayId: string,
    { rolloutId, ordinal, attempt = 0 }: DeliveryKey,
    log: string,
  ): Promise<boolean> {
    const entry = jsonText({ log, attempt });
    const [row] = await this.database.$queryRaw<{ own: boolean }[]>`
      WITH own AS (
        SELECT rollout_id, ordinal FROM delivery
        WHERE rollout_id = ${rolloutId}::uuid AND ordinal = ${ordinal}::int AND gateway_id = ${gatewayId}
          AND attempt >= ${attempt}::int
      ), kept AS (
        UPDATE delivery d SET history = d.history || jsonb_build_array(jsonb_build_object('at', now()) || ${entry}::jsonb)
        FROM own WHERE (d.rollout_id, d.ordinal) = (own.rollout_id, own.ordinal)
          AND NOT EXISTS (SELECT FROM jsonb_array_elements(d.history) e
                          WHERE e ? 'log' AND (e ->> 'attempt')::int = ${attempt}::int)
      )
      SELECT EXISTS (SELECT FROM own) AS own`;
    return row?.own === true;
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
  switch_windows: SwitchWindow[] | null;
  package_id: string;
  archive_digest: string;
  /** int8, which `pg` gives as text. */
  size_bytes: string;
  installed_bytes: string;
  declared_values: { key: string; default?: string }[] | null;
  own_values: { key: string; value: string | null; sealed: string | null; shared: string | null }[] | null;
}

function toPollAnswer(row: PollRow): PollAnswer {
  const { action } = row;
  const rolloutId = isServable(row) ? row.rollout_id : null;
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
    ...(action === 'configure' ? { values: openValues(row) } : {}),
    // What it was given with; an order of an older LEONORE has nothing.
    ...orderChanges(row.changes),
    ...startStateOf(row),
    ...windowsOf(row),
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
    ...windowsOf(row),
    deadline: row.deadline_at.toISOString(),
    lastSequence: row.sequence,
  };
}

function startStateOf({ start_state: startState }: PollRow): { startState?: string } {
  return startState === null ? {} : { startState };
}

function windowsOf({ switch_windows: switchWindows }: PollRow): { switchWindows?: SwitchWindow[] } {
  return switchWindows === null ? {} : { switchWindows };
}

/**
 * False for what lacks a value and has not begun: it was there when it was planned. What becomes of it is said by whoever
 * judges it anew (repositories/queued-value-repository.ts).
 */
function isServable({ declared_values, own_values, sequence }: PollRow): boolean {
  const own = new Set((own_values ?? []).map(({ key }) => key));
  return (
    sequence > 0 ||
    (declared_values ?? []).every(({ key, default: fallback }) => fallback !== undefined || own.has(key))
  );
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

/** An order of an older LEONORE has nothing of it; which artifact is configured stands with the order itself. */
function orderChanges(changes: OrderChanges | null): OrderChanges {
  const { also, keepData } = changes ?? {};
  return { ...(also === undefined ? {} : { also }), ...(keepData === undefined ? {} : { keepData }) };
}

function sealedValues({ gateway_id: gatewayId, own_values }: PollRow): Record<string, SealedValue> {
  const secrets = (own_values ?? []).flatMap(({ key, sealed, shared }) =>
    sealed === null
      ? []
      : [[key, { bytes: Buffer.from(sealed, 'base64'), place: placeOf(gatewayId, key, shared) }] as const],
  );
  return Object.fromEntries(secrets);
}
