import { LeonoreError } from '../domain/errors.js';
import { inTransaction, jsonText, type Database, type Transaction } from './database.js';

export type NodeState = 'active' | 'draining' | 'dead' | 'stopped';

/** A LEONORE node as the balancer sees it. */
export interface LeonoreNode {
  readonly id: string;
  readonly address: string;
  readonly incarnation: string;
  readonly state: NodeState;
  readonly gatewayCount: number;
  readonly stats: unknown;
  readonly startedAt: Date;
  readonly heartbeatAt: Date;
}

/**
 * The nodes and which gateways they have.
 *
 * INVARIANTS
 * - `gateway_count` of a node changes only in the transaction that changes `gateway.node_id`.
 * - A process heartbeats under the incarnation of its own start. Once the node is declared dead, or started again
 *   elsewhere, the old process's heartbeat is refused and it must stop.
 */
export class NodeRepository {
  constructor(
    private readonly database: Database,
    /** A node silent for longer is dead: three heartbeats. */
    private readonly silenceMs: number,
  ) {}

  /** A node process says that it is up. Gateways that the node had keep their place. */
  async register(id: string, address: string, incarnation: string): Promise<void> {
    await this.database.$executeRaw`
      INSERT INTO node (id, address, incarnation) VALUES (${id}, ${address}, ${incarnation}::uuid)
      ON CONFLICT (id) DO UPDATE SET address = EXCLUDED.address, incarnation = EXCLUDED.incarnation,
        state = 'active', started_at = now(), heartbeat_at = now()`;
  }

  /** @returns false when the node is no longer this process's: it was declared dead or started elsewhere. */
  async heartbeat(id: string, incarnation: string, stats: unknown): Promise<boolean> {
    const rows = await this.database.$executeRaw`
      UPDATE node SET heartbeat_at = now(), stats = ${jsonText(stats)}::jsonb
      WHERE id = ${id} AND incarnation = ${incarnation}::uuid AND state IN ('active', 'draining')`;
    return rows > 0;
  }

  /** The process ends in order: its gateways move, nothing is waited for. */
  async stopped(id: string, incarnation: string): Promise<void> {
    await this.database.$executeRaw`
      UPDATE node SET state = 'stopped' WHERE id = ${id} AND incarnation = ${incarnation}::uuid`;
  }

  /** @throws LeonoreError NODE_NOT_FOUND */
  async get(id: string): Promise<LeonoreNode> {
    const row = await this.database.node.findUnique({ where: { id } });
    if (row === null) throw new LeonoreError('NODE_NOT_FOUND', `there is no node "${id}"`);
    return row as LeonoreNode;
  }

  async list(): Promise<LeonoreNode[]> {
    const rows = await this.database.node.findMany({ orderBy: { id: 'asc' } });
    return rows as LeonoreNode[];
  }

  /** True when the node answers now. */
  async isAlive(id: string): Promise<boolean> {
    const rows = await this.database.$queryRaw<unknown[]>`
      SELECT 1 FROM node WHERE id = ${id} AND state IN ('active', 'draining')
        AND heartbeat_at > now() - ${this.silenceMs} * interval '1 millisecond'`;
    return rows.length > 0;
  }

  /** Nodes that fell silent are declared dead. @returns their ids, and those of stopped nodes that still have gateways */
  async findLost(): Promise<string[]> {
    const rows = await this.database.$queryRaw<{ id: string }[]>`
      WITH silent AS (
        UPDATE node SET state = 'dead'
        WHERE state IN ('active', 'draining') AND heartbeat_at <= now() - ${this.silenceMs} * interval '1 millisecond'
        RETURNING id
      )
      SELECT id FROM silent
      UNION SELECT id FROM node WHERE state IN ('dead', 'stopped') AND gateway_count > 0`;
    return rows.map((row) => row.id);
  }

  /**
   * Moves the gateways of a node, and their unfinished deliveries, evenly to the nodes that are alive: in one
   * transaction, so that a crash moves all or none.
   * @returns the nodes that took them; empty when there is none, and nothing moved
   */
  async moveGateways(fromId: string): Promise<string[]> {
    return inTransaction(
      this.database,
      async (tx) => {
        const targets = await tx.$queryRaw<{ id: string }[]>`
          SELECT id FROM node WHERE state = 'active' AND id <> ${fromId}
            AND heartbeat_at > now() - ${this.silenceMs} * interval '1 millisecond'
          ORDER BY gateway_count, id FOR UPDATE`;
        if (targets.length === 0) return [];
        const ids = targets.map((target) => target.id);
        await tx.$executeRaw`
          WITH moved AS (
            UPDATE gateway g SET node_id = (${ids}::text[])[1 + (n.place % ${ids.length})]
            FROM (SELECT id, row_number() OVER (ORDER BY id) AS place FROM gateway WHERE node_id = ${fromId}) n
            WHERE g.id = n.id RETURNING g.id, g.node_id
          ), counted AS (
            UPDATE node SET gateway_count = gateway_count + c.count
            FROM (SELECT node_id, count(*)::int AS count FROM moved GROUP BY node_id) c WHERE node.id = c.node_id
          ), emptied AS (
            UPDATE node SET gateway_count = 0 WHERE id = ${fromId}
          )
          UPDATE delivery d SET node_id = m.node_id FROM moved m
          WHERE d.gateway_id = m.id AND d.state IN ('pending', 'offered', 'downloading', 'installing')`;
        return ids;
      },
      120_000,
    );
  }

  /**
   * Chooses the node for a gateway: the one with the fewest gateways (load-based, the paper's III-C 7).
   * @throws LeonoreError NO_NODE when none is alive
   */
  async assign(tx: Transaction): Promise<{ id: string; address: string }> {
    const [row] = await tx.$queryRaw<{ id: string; address: string }[]>`
      UPDATE node SET gateway_count = gateway_count + 1
      WHERE id = (
        SELECT id FROM node WHERE state = 'active' AND heartbeat_at > now() - ${this.silenceMs} * interval '1 millisecond'
        ORDER BY gateway_count, id LIMIT 1 FOR UPDATE
      )
      RETURNING id, address`;
    if (row === undefined) throw new LeonoreError('NO_NODE', 'no LEONORE node is up');
    return row;
  }

  /** The gateway's present node, when it is alive. */
  async usable(tx: Transaction, id: string): Promise<{ id: string; address: string } | null> {
    const [row] = await tx.$queryRaw<{ id: string; address: string }[]>`
      SELECT id, address FROM node WHERE id = ${id} AND state = 'active'
        AND heartbeat_at > now() - ${this.silenceMs} * interval '1 millisecond'`;
    return row ?? null;
  }

  async release(tx: Transaction, id: string): Promise<void> {
    await tx.$executeRaw`UPDATE node SET gateway_count = greatest(gateway_count - 1, 0) WHERE id = ${id}`;
  }
}
