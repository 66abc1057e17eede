import type { NodeOrigin, NodeState } from '../domain/balancer/pool.js';
import type { PlaceLabels } from '../domain/balancer/strategy.js';
import { LeonoreError } from '../domain/errors.js';
import type { Endpoint } from '../domain/gateway/endpoint.js';
import { inTransaction, jsonText, type Database } from './database.js';
import { storeEndpoints } from './endpoint-rows.js';
import { graceMs, isSilent } from './node-silence.js';
import type { Placement } from './placement.js';

/** A LEONORE node as people see it. */
export interface LeonoreNode {
  readonly id: string;
  readonly address: string;
  /** In the order in which it announced them. */
  readonly endpoints: readonly Endpoint[];
  readonly state: NodeState;
  readonly origin: NodeOrigin;
  readonly labels: PlaceLabels;
  readonly gatewayCount: number;
  /** Open deliveries of the chunks that it dispatched last. */
  readonly deliveryCount: number;
  /** What its process last said that it uses. */
  readonly stats: Readonly<Record<string, unknown>>;
  readonly requestedAt: Date | null;
  readonly launchedAt: Date | null;
  readonly startedAt: Date;
  readonly sharedAt: Date | null;
  readonly heartbeatAt: Date;
  /** Failed launches in a row, and what the last one said. */
  readonly attempts: number;
  readonly problem: string | null;
}

export interface NodeRegistration {
  readonly id: string;
  /** Where packages and metadata are had, whatever channel a gateway uses. */
  readonly address: string;
  /** In the node's order of preference; one for each protocol and transport. */
  readonly endpoints: readonly Endpoint[];
  /** New at every start of the process. */
  readonly incarnation: string;
  readonly labels?: PlaceLabels;
}

/**
 * The nodes: that they are there, and that they are alive.
 *
 * INVARIANTS
 * - A process heartbeats under the incarnation of its own start. Once the node is declared dead, or started again
 *   elsewhere, the old process's heartbeat is refused and it must stop.
 * - Only the database's clock is read: a node's own may be wrong by years.
 * - A node counts as silent only while somebody has been watching: after an absence of the watcher, or of the
 *   database, all nodes have {@link graceMs} to be heard again.
 */
export class NodeRepository {
  constructor(
    private readonly database: Database,
    /** A node silent for longer is dead: three heartbeats. */
    private readonly silenceMs: number,
    private readonly placement: Placement,
  ) {}

  /**
   * A node process says that it is up. Gateways that the node had keep their place, and one that was draining
   * goes on draining.
   * @returns false when another process, at another address, is alive under this id
   */
  async register({ id, address, endpoints, incarnation, labels = {} }: NodeRegistration): Promise<boolean> {
    return inTransaction(this.database, async (tx) => {
      const rows = await tx.$executeRaw`
      INSERT INTO node (id, address, incarnation, labels)
      VALUES (${id}, ${address}, ${incarnation}::uuid, ${jsonText(labels)}::jsonb)
      ON CONFLICT (id) DO UPDATE SET address = EXCLUDED.address, incarnation = EXCLUDED.incarnation,
        labels = CASE WHEN node.state = 'launching' THEN node.labels || EXCLUDED.labels ELSE EXCLUDED.labels END,
        state = CASE WHEN node.state = 'draining' THEN 'draining' ELSE 'active' END,
        shared_at = CASE WHEN node.gateway_count > 0 OR node.state IN ('active', 'draining') THEN node.shared_at END,
        stats = '{}', started_at = now(), heartbeat_at = now(), due_at = NULL, attempts = 0, problem = NULL
      WHERE node.state NOT IN ('active', 'draining') OR node.address = EXCLUDED.address
        OR node.heartbeat_at <= now() - ${this.silenceMs} * interval '1 millisecond'`;
      if (rows > 0) await storeEndpoints(tx, id, endpoints);
      return rows > 0;
    });
  }

  /** @returns false when the node is no longer this process's: it was declared dead or started elsewhere */
  async heartbeat(id: string, incarnation: string, stats: unknown): Promise<boolean> {
    const rows = await this.database.$executeRaw`
      UPDATE node SET heartbeat_at = now(), stats = ${jsonText(stats)}::jsonb
      WHERE id = ${id} AND incarnation = ${incarnation}::uuid AND state IN ('active', 'draining')`;
    return rows > 0;
  }

  /** The process ends in order. Gateways that it still has move after the same silence as those of a dead node. */
  async stopped(id: string, incarnation: string): Promise<void> {
    await this.database.$executeRaw`
      UPDATE node SET state = CASE WHEN state = 'draining' AND gateway_count > 0 THEN state ELSE 'stopped' END,
        heartbeat_at = now()
      WHERE id = ${id} AND incarnation = ${incarnation}::uuid AND state IN ('active', 'draining')`;
  }

  /** @throws LeonoreError NODE_NOT_FOUND */
  async get(id: string): Promise<LeonoreNode> {
    const [node] = await this.select(id);
    if (node === undefined) throw new LeonoreError('NODE_NOT_FOUND', `there is no node "${id}"`);
    return node;
  }

  async list(): Promise<LeonoreNode[]> {
    return this.select(null);
  }

  private async select(id: string | null): Promise<LeonoreNode[]> {
    return this.database.$queryRaw<LeonoreNode[]>`
      SELECT n.id, n.address, (
               SELECT coalesce(jsonb_agg(jsonb_build_object(
                 'protocol', e.protocol, 'transport', e.transport, 'address', e.address, 'strategies', e.strategies,
                 'pushScheme', e.push_scheme, 'tls', e.tls) ORDER BY e.place), '[]')
               FROM node_endpoint e WHERE e.node_id = n.id) AS endpoints, n.state, n.origin, n.labels, n.gateway_count AS "gatewayCount",
             coalesce(d.count, 0)::int AS "deliveryCount", n.stats, n.requested_at AS "requestedAt",
             n.launched_at AS "launchedAt", n.started_at AS "startedAt", n.shared_at AS "sharedAt",
             n.heartbeat_at AS "heartbeatAt", n.attempts, n.problem
      FROM node n LEFT JOIN (
        SELECT node_id, sum(open) AS count FROM rollout_chunk WHERE ended_at IS NULL GROUP BY node_id) d ON d.node_id = n.id
      WHERE ${id}::text IS NULL OR n.id = ${id} ORDER BY length(n.id), n.id`;
  }

  /** True when the node is gone, so that what it was to do must be done by another. */
  async isGone(id: string): Promise<boolean> {
    const rows = await this.database.$queryRaw<unknown[]>`
      SELECT 1 FROM node WHERE id = ${id} AND state IN ('active', 'draining')`;
    return rows.length === 0;
  }

  /**
   * Declares dead who fell silent, and moves the gateways of all nodes that are gone to those that are up.
   * @returns the nodes that are gone and whose gateways found no other node, and how many gateways moved
   */
  async moveFromLost(): Promise<{ stranded: string[]; moved: number }> {
    const stranded: string[] = [];
    let moved = 0;
    for (const id of await this.findLost()) {
      const left = await this.placement.leave(id);
      if (left === null) stranded.push(id);
      else moved += left;
    }
    return { stranded, moved };
  }

  /** @returns nodes that are gone and have gateways */
  private async findLost(): Promise<string[]> {
    // A gap in the watch, or a start of PostgreSQL, means that heartbeats could not be seen: everybody starts anew.
    await this.database.$executeRaw`
      UPDATE node_pool SET watched_at = now(), watched_since = CASE
        WHEN watched_at < greatest(now() - ${this.silenceMs} * interval '1 millisecond', pg_postmaster_start_time())
        THEN now() + ${graceMs(this.silenceMs) - this.silenceMs} * interval '1 millisecond' ELSE watched_since END`;
    await this.database.$executeRaw`
      UPDATE node n SET state = 'dead', due_at = NULL
      FROM node_pool p
      WHERE n.state IN ('active', 'draining') AND ${isSilent(this.silenceMs)}`;
    const rows = await this.database.$queryRaw<{ id: string }[]>`
      SELECT n.id FROM node n CROSS JOIN node_pool p
      WHERE n.gateway_count > 0 AND (n.state = 'dead' OR (n.state = 'stopped' AND ${isSilent(this.silenceMs)}))
      ORDER BY n.id`;
    return rows.map((row) => row.id);
  }

  /**
   * Lets a node serve what it has until that has moved.
   * @throws LeonoreError NODE_NOT_FOUND; NODE_NOT_ACTIVE; LAST_NODE
   */
  async startDrain(id: string): Promise<void> {
    await inTransaction(this.database, async (tx) => {
      await this.placement.lock(tx);
      const [row] = await tx.$queryRaw<{ state: NodeState; others: number }[]>`
        SELECT state, (SELECT count(*)::int FROM node o WHERE o.state = 'active' AND o.id <> n.id) AS others
        FROM node n WHERE id = ${id}`;
      if (row === undefined) throw new LeonoreError('NODE_NOT_FOUND', `there is no node "${id}"`);
      if (row.state === 'draining') return;
      if (row.state !== 'active')
        throw new LeonoreError(
          'NODE_NOT_ACTIVE',
          `the node "${id}" is ${row.state}; only an active one can be drained`,
        );
      if (row.others === 0)
        throw new LeonoreError(
          'LAST_NODE',
          `"${id}" is the last active node; nobody could take its gateways`,
        );
      await tx.$executeRaw`UPDATE node SET state = 'draining', drain_since = now(), due_at = now() WHERE id = ${id}`;
    });
  }
}
