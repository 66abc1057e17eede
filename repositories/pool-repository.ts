import {
  isLow,
  labelsFor,
  nextPoolAction,
  type NodeOrigin,
  type PoolAction,
  type PoolSettings,
  type PoolView,
} from '../domain/balancer/pool.js';
import type { PlaceLabels } from '../domain/balancer/strategy.js';
import { inTransaction, jsonText, type Database, type Transaction } from './database.js';
import type { Placement } from './placement.js';
import { poolNodes, poolSettings, queueLength } from './pool-rows.js';

/** How nodes that LEONORE launches are named: `prefix` and a number, the lowest that is free. */
export interface NodeNames {
  readonly prefix: string;
  readonly first: number;
}

/** A gateway that has not asked again for this long is not waiting any more. */
const staleQueueMs = 5 * 60_000;

/** The pool of nodes: its settings, what it needs next, and the nodes that are being launched. */
export class PoolRepository {
  constructor(
    private readonly database: Database,
    private readonly placement: Placement,
    /** A node silent for longer is not waited for. */
    private readonly silenceMs: number,
  ) {}

  /**
   * Takes over what the coordinator was configured with; all processes go by it from then on. How long the load has
   * been low counts from here: nobody saw what it was before.
   */
  async configure(settings: PoolSettings, names: NodeNames): Promise<void> {
    const { strategy, threshold, minNodes, maxNodes, settleMs, channels } = settings;
    await this.database.$executeRaw`
      UPDATE node_pool SET strategy = ${strategy}, threshold = ${threshold}, min_nodes = ${minNodes},
        max_nodes = ${maxNodes}, settle_ms = ${settleMs}, channels = ${[...channels]}::text[], node_prefix = ${names.prefix}, first_number = ${names.first},
        low_since = NULL`;
  }

  settings(): Promise<PoolSettings> {
    return poolSettings(this.database);
  }

  /** What there is and what is to be done next. */
  async look(): Promise<{ view: PoolView; action: PoolAction }> {
    return inTransaction(this.database, async (tx) => {
      const settings = await poolSettings(tx);
      const nodes = await poolNodes(tx, this.silenceMs);
      await dropStale(tx);
      const queued = await queueLength(tx);
      const lowForMs = await this.lowFor(tx, isLow({ settings, nodes, queued }));
      const view = { settings, nodes, queued, lowForMs };
      return { view, action: nextPoolAction(view) };
    });
  }

  /** Registrations that wait for a node. */
  queueLength(): Promise<number> {
    return queueLength(this.database);
  }

  /** Remembers since when the load is low: the pool shrinks only when it stays so. */
  private async lowFor(tx: Transaction, isLowNow: boolean): Promise<number | null> {
    const [row] = await tx.$queryRaw<{ lowForMs: number | null }[]>`
      UPDATE node_pool SET low_since = CASE WHEN ${isLowNow} THEN coalesce(low_since, now()) END
      RETURNING (extract(epoch FROM now() - low_since) * 1000)::float8 AS "lowForMs"`;
    return row?.lowForMs ?? null;
  }

  /**
   * Enters a node that is to be launched. One at a time: while another is being launched, that is the answer.
   * @returns its id
   */
  async addLaunch(origin: NodeOrigin): Promise<string> {
    return inTransaction(this.database, (tx) => this.addLaunchIn(tx, origin));
  }

  /** The same as part of a transaction. */
  async addLaunchIn(tx: Transaction, origin: NodeOrigin): Promise<string> {
    await this.placement.lock(tx);
    const [launching] = await tx.$queryRaw<{ id: string }[]>`
      SELECT id FROM node WHERE state = 'launching' ORDER BY id LIMIT 1`;
    if (launching !== undefined) return launching.id;
    const [free] = await tx.$queryRaw<{ id: string }[]>`
      SELECT p.node_prefix || s.number AS id FROM node_pool p
      CROSS JOIN LATERAL generate_series(p.first_number, p.first_number + (SELECT count(*)::int FROM node)) AS s(number)
      WHERE NOT EXISTS (SELECT 1 FROM node n WHERE n.id = p.node_prefix || s.number
                          AND (n.state <> 'stopped' OR n.gateway_count > 0))
      ORDER BY s.number LIMIT 1`;
    const id = free?.id ?? '';
    const labels = await this.wantedLabels(tx);
    await tx.$executeRaw`
      INSERT INTO node (id, address, incarnation, state, origin, labels, requested_at, due_at)
      VALUES (${id}, '', gen_random_uuid(), 'launching', ${origin}, ${jsonText(labels)}::jsonb, now(), now())
      ON CONFLICT (id) DO UPDATE SET address = '', incarnation = EXCLUDED.incarnation, state = 'launching',
        origin = EXCLUDED.origin, labels = EXCLUDED.labels, stats = '{}', requested_at = now(), due_at = now(),
        launched_at = NULL, shared_at = NULL, drain_since = NULL, attempts = 0, problem = NULL`;
    return id;
  }

  private async wantedLabels(tx: Transaction): Promise<PlaceLabels> {
    const { strategy } = await poolSettings(tx);
    const rows = await tx.$queryRaw<{ site: string; count: number }[]>`
      SELECT labels ->> 'site' AS site, count(*)::int AS count FROM gateway
      WHERE state = 'queued' AND labels ? 'site' GROUP BY 1`;
    return labelsFor(strategy, Object.fromEntries(rows.map(({ site, count }) => [site, count])));
  }

  /** Labels that the node which is being launched is to have. */
  async launchLabels(id: string): Promise<PlaceLabels> {
    const [row] = await this.database.$queryRaw<
      { labels: PlaceLabels }[]
    >`SELECT labels FROM node WHERE id = ${id}`;
    return row?.labels ?? {};
  }

  /** The launcher has done its part: the node has this long to register. */
  async launched(id: string, registerWithinMs: number): Promise<void> {
    await this.database.$executeRaw`
      UPDATE node SET launched_at = coalesce(launched_at, now()),
        due_at = CASE WHEN state = 'launching' THEN now() + ${registerWithinMs} * interval '1 millisecond' ELSE due_at END
      WHERE id = ${id}`;
  }

  /** A launch failed; it is tried again after a wait that doubles. */
  async launchFailed(id: string, problem: string): Promise<void> {
    await this.database.$executeRaw`
      UPDATE node SET attempts = attempts + 1, problem = ${problem}, launched_at = NULL,
        due_at = now() + least(60, power(2, least(attempts, 6))) * interval '1 second'
      WHERE id = ${id} AND state = 'launching'`;
  }

  /** When a draining node is to be looked at again, and what holds it up. */
  async drainLater(id: string, afterMs: number, problem: string | null): Promise<void> {
    await this.database.$executeRaw`
      UPDATE node SET due_at = now() + ${afterMs} * interval '1 millisecond', problem = ${problem}
      WHERE id = ${id} AND state = 'draining'`;
  }

  /** A drained node has ended. */
  async destroyed(id: string): Promise<void> {
    await this.database.$executeRaw`
      UPDATE node SET state = 'stopped', problem = NULL, due_at = NULL WHERE id = ${id} AND state IN ('draining', 'stopped')`;
  }
}

/** Who does not ask again is not waiting: it must not keep a node busy, or have one launched. */
async function dropStale(tx: Transaction): Promise<void> {
  await tx.$executeRaw`
    DELETE FROM gateway WHERE state = 'queued' AND last_seen_at < now() - ${staleQueueMs} * interval '1 millisecond'`;
}
