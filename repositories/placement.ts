import { EvenShare, type Move, type MovableGateway } from '../domain/balancer/even-share.js';
import { NodeFit } from '../domain/balancer/node-fit.js';
import { Placer } from '../domain/balancer/placer.js';
import { canGrow, type PoolSettings } from '../domain/balancer/pool.js';
import { strategies } from '../domain/balancer/strategies.js';
import type { BalancerStrategy, NodeLoad, PlaceLabels } from '../domain/balancer/strategy.js';
import type { Endpoint } from '../domain/gateway/endpoint.js';
import type { GatewayOffer } from '../domain/gateway/negotiate.js';
import { Prisma } from '../prisma/generated/client.js';
import { inTransaction, type Database, type Transaction } from './database.js';
import { lockOpen, moveOpen } from './delivery/delivery-writer.js';
import { sqlWork } from './delivery/sql-states.js';
import { endpointsByNode } from './endpoint-rows.js';
import { isSilent } from './node-silence.js';
import { poolNodes, poolSettings } from './pool-rows.js';

/** Anything that tells who is where takes this lock first (pg_advisory_xact_lock). */
const lockKey = 0x1e0_70de;
/** Queued gateways that are placed in one transaction. */
const admittedAtOnce = 500;
/** Gateways that move in one transaction: whoever registers waits for the lock meanwhile. */
const movedAtOnce = 200;
/** Gateways that are looked at at once for a new node's share. */
const readAtOnce = 2_000;

/** The nodes that take gateways now, under the lock of a transaction. */
export interface OpenNodes {
  readonly settings: PoolSettings;
  /** Another node may come: new gateways wait for it when all are full. */
  readonly canGrow: boolean;
  /** How long the node that comes is away at least, as far as that is known: a failed launch is not repeated at once. */
  readonly waitMs: number;
  readonly placer: Placer;
  /** Where they are reached, and those too that may be back any moment: who is there stays there. */
  readonly addresses: ReadonlyMap<string, string>;
  /** What they serve. */
  readonly endpoints: ReadonlyMap<string, readonly Endpoint[]>;
  /** How well they suit a gateway by what they serve. */
  readonly fit: NodeFit;
}

/** Of a gateway, what tells where it belongs. */
interface Placeable extends GatewayOffer {
  readonly id: string;
  readonly labels: PlaceLabels;
}

type MovablePlaceable = Placeable & Omit<MovableGateway, 'misfits'>;

/** Of a row of `gateway` that is called g; one that has not said what it speaks speaks what was agreed on. */
const placeable = Prisma.sql`g.id, g.labels, coalesce(nullif(g.protocols, '{}'), ARRAY[g.protocol]) AS protocols,
  coalesce(nullif(g.strategies, '{}'), ARRAY[g.strategy]) AS strategies, g.push_address AS "pushAddress"`;

/**
 * Of a row of `gateway` that is called g: it can be sent to another node. A device with a client of its own, which says what it
 * takes, goes on asking where it was told to: it moves only when its node goes.
 */
const canBeSent = Prisma.sql`g.profile #> '{software,formats}' IS NULL`;

/**
 * Which gateway is on which node.
 *
 * INVARIANTS
 * - `gateway.node_id` changes only under one lock, so whoever holds it may count and then place: nodes are never
 *   filled beyond their threshold by two at once. What is placed together shares the lock and the commit.
 * - `gateway_count` of a node changes in the transaction that changes `gateway.node_id`.
 * - Unfinished deliveries move with their gateway in the same transaction. They are locked before gateways are, in
 *   the order of (rollout, ordinal), as reports do.
 * - A node is alive, or not, by the database's clock alone.
 */
export class Placement {
  constructor(
    private readonly database: Database,
    /** A node silent for longer takes nothing new. */
    private readonly silenceMs: number,
  ) {}

  /** Takes the lock, to be held to the end of the transaction, and looks who takes gateways now. */
  async open(tx: Transaction): Promise<OpenNodes> {
    await this.lock(tx);
    const settings = await poolSettings(tx);
    const rows = await this.loads(tx, settings);
    const nodes = await poolNodes(tx, this.silenceMs);
    const awaited = await this.awaited(tx);
    const endpoints = await endpointsByNode(tx);
    const failed = nodes.filter(({ state, attempts }) => state === 'launching' && attempts > 0);
    return {
      settings,
      canGrow: canGrow({ settings, nodes }),
      waitMs: Math.max(0, ...failed.map(({ dueInMs }) => dueInMs)),
      placer: new Placer(strategies[settings.strategy], settings.threshold, rows),
      addresses: new Map([...awaited, ...rows].map(({ id, address }) => [id, address])),
      endpoints,
      fit: new NodeFit(endpoints, settings.channels),
    };
  }

  /** Counts what was placed or taken away: changes by node, under the lock. */
  async count(tx: Transaction, changes: ReadonlyMap<string, number>): Promise<void> {
    const entries = [...changes].filter(([, change]) => change !== 0);
    if (entries.length === 0) return;
    await tx.$executeRaw`
      UPDATE node n SET gateway_count = greatest(n.gateway_count + c.change, 0)
      FROM unnest(${entries.map(([id]) => id)}::text[], ${entries.map(([, change]) => change)}::int[]) AS c(id, change)
      WHERE n.id = c.id`;
  }

  async lock(tx: Transaction): Promise<void> {
    // A statement of its own: what the next one sees begins after the lock was granted.
    await tx.$executeRaw`SELECT pg_advisory_xact_lock(${lockKey})`;
  }

  /**
   * Moves all gateways of a node that is gone to those that are alive, full or not: their deliveries must go on. One
   * that has come back meanwhile keeps them.
   * @returns how many moved; null when there is no node, and nothing moved
   */
  async leave(fromId: string): Promise<number | null> {
    return this.inBatches((tx, nodes) => this.leaveSome(tx, nodes, fromId));
  }

  private async leaveSome(tx: Transaction, nodes: OpenNodes, fromId: string): Promise<number | null> {
    const gateways = await tx.$queryRaw<Placeable[]>`
      SELECT ${placeable} FROM gateway g JOIN node n ON n.id = g.node_id
      WHERE n.id = ${fromId} AND n.state IN ('dead', 'stopped') ORDER BY g.id LIMIT ${movedAtOnce}`;
    return this.placeAll(tx, nodes, gateways);
  }

  /**
   * Moves the gateways of a draining node, except those at work on a delivery: it finishes what runs.
   * @param patienceMs a node that has been draining for longer loses those too
   * @returns how many moved and how many are left
   */
  async drain(fromId: string, patienceMs: number): Promise<{ moved: number; left: number }> {
    const moved = await this.inBatches((tx, nodes) => this.drainSome(tx, nodes, fromId, patienceMs));
    const [row] = await this.database.$queryRaw<{ left: number }[]>`
      SELECT gateway_count AS left FROM node WHERE id = ${fromId}`;
    return { moved: moved ?? 0, left: row?.left ?? 0 };
  }

  private async drainSome(
    tx: Transaction,
    nodes: OpenNodes,
    fromId: string,
    patienceMs: number,
  ): Promise<number | null> {
    const gateways = await tx.$queryRaw<Placeable[]>`
      SELECT ${placeable} FROM gateway g JOIN node n ON n.id = g.node_id
      WHERE n.id = ${fromId} AND n.state = 'draining'
        AND (n.drain_since < now() - ${patienceMs} * interval '1 millisecond' OR NOT EXISTS (
          SELECT 1 FROM delivery d WHERE d.gateway_id = g.id AND d.ended_at IS NULL AND d.state IN ${sqlWork}))
      ORDER BY g.id LIMIT ${movedAtOnce}`;
    return this.placeAll(tx, nodes, gateways);
  }

  /**
   * A node that has come takes its even share from the others. Who is to go is thought out without the lock, over
   * pages of gateways, and what has moved meanwhile is left where it is.
   * @returns how many gateways it took
   */
  async takeShare(nodeId: string): Promise<number> {
    const { settings, nodes, fit } = await this.exclusively(async (tx) => {
      const found = await poolSettings(tx);
      const endpoints = await endpointsByNode(tx);
      return {
        settings: found,
        nodes: await this.loads(tx, found),
        fit: new NodeFit(endpoints, found.channels),
      };
    });
    const share = new EvenShare(strategies[settings.strategy], nodes, nodeId);
    for await (const page of this.gatewaysOf(share.donors)) {
      share.consider(page.map((gateway) => ({ ...gateway, misfits: fit.misfitsOf(gateway) })));
    }
    const moved = await this.moveInBatches(share.moves());
    // Last: a share that is cut short is taken anew, and then is what is missing.
    await this.database.$executeRaw`UPDATE node SET shared_at = now() WHERE id = ${nodeId}`;
    return moved;
  }

  private async *gatewaysOf(nodeIds: readonly string[]): AsyncGenerator<MovablePlaceable[]> {
    for (let after = '', full = true; full;) {
      const page = await this.database.$queryRaw<MovablePlaceable[]>`
        SELECT ${placeable}, g.node_id AS "nodeId", EXISTS (
          SELECT 1 FROM delivery d WHERE d.gateway_id = g.id AND d.ended_at IS NULL AND d.state IN ${sqlWork}) AS "isBusy"
        FROM gateway g WHERE g.id > ${after} AND g.node_id = ANY(${nodeIds}::text[]) AND ${canBeSent}
        ORDER BY g.id LIMIT ${readAtOnce}`;
      yield page;
      full = page.length === readAtOnce;
      after = page.at(-1)?.id ?? after;
    }
  }

  /** Places gateways that were queued, the longest waiting first, as far as there is room. @returns how many */
  async admit(): Promise<number> {
    return this.exclusively(async (tx) => {
      const { placer, fit, canGrow: mayWait } = await this.open(tx);
      const waiting = await tx.$queryRaw<Placeable[]>`
        SELECT ${placeable} FROM gateway g WHERE g.state = 'queued'
        ORDER BY g.queued_at, g.id LIMIT ${admittedAtOnce}`;
      const moves: Move[] = [];
      for (const gateway of waiting) {
        const misfits = fit.misfitsOf(gateway);
        const nodeId = mayWait
          ? placer.place(gateway.labels, misfits)
          : placer.placeAnyhow(gateway.labels, misfits);
        if (nodeId === null) break;
        moves.push({ gatewayId: gateway.id, nodeId });
      }
      return this.apply(tx, moves);
    });
  }

  /**
   * Spreads the gateways of one rollout over the nodes by a strategy, counting nothing but them: a deployment that
   * lies on one node is then delivered by all. @returns how many moved
   */
  async spread(rolloutId: string, strategy: BalancerStrategy): Promise<number> {
    const moves = await this.exclusively(async (tx) => {
      await this.lock(tx);
      const settings = await poolSettings(tx);
      const nodes = await this.loads(tx, settings);
      const fit = new NodeFit(await endpointsByNode(tx), settings.channels);
      const gateways = await tx.$queryRaw<(Placeable & { nodeId: string })[]>`
        SELECT ${placeable}, g.node_id AS "nodeId" FROM delivery d JOIN gateway g ON g.id = d.gateway_id
        WHERE d.rollout_id = ${rolloutId}::uuid AND d.chunk IS NULL AND d.ended_at IS NULL
          AND g.state = 'active' AND g.node_id IS NOT NULL AND ${canBeSent}
        ORDER BY g.id`;
      const empty = nodes.map((node) => ({ ...node, gateways: 0 }));
      const placer = new Placer(strategy, settings.threshold, empty);
      return gateways.flatMap((gateway) => {
        const { id, nodeId, labels } = gateway;
        const wanted = placer.placeAnyhow(labels, fit.misfitsOf(gateway));
        return wanted === null || wanted === nodeId ? [] : [{ gatewayId: id, nodeId: wanted }];
      });
    });
    return this.moveInBatches(moves);
  }

  /**
   * Repeats what moves up to {@link movedAtOnce} gateways, each time under a lock of its own, until fewer are left.
   * @returns how many moved; null when none could
   */
  private async inBatches(
    some: (tx: Transaction, nodes: OpenNodes) => Promise<number | null>,
  ): Promise<number | null> {
    let sum = 0;
    for (;;) {
      const moved = await this.exclusively(async (tx) => some(tx, await this.open(tx)));
      if (moved === null) return sum === 0 ? null : sum;
      sum += moved;
      if (moved < movedAtOnce) return sum;
    }
  }

  /** Moves that were thought out a moment ago; those to nodes that have gone since are left. @returns how many moved */
  private async moveInBatches(moves: readonly Move[]): Promise<number> {
    let moved = 0;
    for (let from = 0; from < moves.length; from += movedAtOnce) {
      moved += await this.exclusively(async (tx) => {
        await this.lock(tx);
        const up = new Set((await this.loads(tx, await poolSettings(tx))).map(({ id }) => id));
        return this.apply(
          tx,
          moves.slice(from, from + movedAtOnce).filter(({ nodeId }) => up.has(nodeId)),
        );
      });
    }
    return moved;
  }

  private async placeAll(
    tx: Transaction,
    { placer, fit }: OpenNodes,
    gateways: readonly Placeable[],
  ): Promise<number | null> {
    const moves: Move[] = [];
    for (const gateway of gateways) {
      const nodeId = placer.placeAnyhow(gateway.labels, fit.misfitsOf(gateway));
      if (nodeId === null) return null;
      moves.push({ gatewayId: gateway.id, nodeId });
    }
    return this.apply(tx, moves);
  }

  /** Moves gateways with their open deliveries, and counts who has how many now. @returns how many moved */
  private async apply(tx: Transaction, moves: readonly Move[]): Promise<number> {
    if (moves.length === 0) return 0;
    const ids = moves.map((move) => move.gatewayId);
    const nodeIds = moves.map((move) => move.nodeId);
    const fromIds = moves.map((move) => move.fromNodeId ?? null);
    await lockOpen(tx, ids);
    // `node_id` changes under the lock alone, so that the row as it was says where the gateway came from.
    const moved = await tx.$queryRaw<{ id: string; from: string | null; to: string }[]>`
      UPDATE gateway g SET node_id = m.node_id, state = 'active', queued_at = NULL
      FROM unnest(${ids}::text[], ${nodeIds}::text[], ${fromIds}::text[]) AS m(id, node_id, from_id)
        JOIN gateway was ON was.id = m.id
      WHERE g.id = m.id AND g.state <> 'decommissioned' AND (m.from_id IS NULL OR was.node_id = m.from_id)
      RETURNING g.id, was.node_id AS "from", m.node_id AS "to"`;
    await moveOpen(
      tx,
      moved.map(({ id }) => id),
      moved.map(({ to }) => to),
    );
    const changes = new Map<string, number>();
    const add = (id: string, change: number): unknown => changes.set(id, (changes.get(id) ?? 0) + change);
    for (const { from, to } of moved) {
      if (from !== null) add(from, -1);
      add(to, 1);
    }
    await this.count(tx, changes);
    return moved.length;
  }

  /** Nodes that take nothing new, as they are not heard of, and whose gateways are not moved yet either. */
  private async awaited(tx: Transaction): Promise<{ id: string; address: string }[]> {
    return tx.$queryRaw`
      SELECT n.id, n.address FROM node n CROSS JOIN node_pool p
      WHERE n.state IN ('active', 'stopped') AND n.gateway_count > 0 AND NOT (${isSilent(this.silenceMs)})`;
  }

  private async loads(tx: Transaction, settings: PoolSettings): Promise<(NodeLoad & { address: string })[]> {
    // Only one strategy asks for deliveries, which have to be counted.
    return settings.strategy === 'least-loaded'
      ? tx.$queryRaw`
          SELECT n.id, n.address, n.labels, n.gateway_count AS gateways, coalesce(d.count, 0)::int AS deliveries,
                 coalesce((n.stats ->> 'cpuShare')::float8, 0) AS "cpuShare",
                 coalesce((n.stats ->> 'memoryShare')::float8, 0) AS "memoryShare"
          FROM node n LEFT JOIN (
            SELECT node_id, sum(open) AS count FROM rollout_chunk WHERE ended_at IS NULL GROUP BY node_id) d ON d.node_id = n.id
          WHERE n.state = 'active' AND n.heartbeat_at > now() - ${this.silenceMs} * interval '1 millisecond'
          ORDER BY n.id`
      : tx.$queryRaw`
          SELECT id, address, labels, gateway_count AS gateways, 0 AS deliveries,
                 0::float8 AS "cpuShare", 0::float8 AS "memoryShare"
          FROM node WHERE state = 'active' AND heartbeat_at > now() - ${this.silenceMs} * interval '1 millisecond'
          ORDER BY id`;
  }

  private exclusively<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    return inTransaction(this.database, work, 120_000);
  }
}
