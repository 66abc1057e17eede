/** The pool of nodes: what it is told, what it is like, and what is to be done about it next. Pure. */
import type { StrategyName } from './strategies.js';
import type { PlaceLabels } from './strategy.js';

export interface PoolSettings {
  readonly strategy: StrategyName;
  /** Gateways that fill a node (the paper's 500 or 2,500). */
  readonly threshold: number;
  /** Nodes that there are at least. */
  readonly minNodes: number;
  /** Nodes that there may be; 0: LEONORE launches none by itself. */
  readonly maxNodes: number;
  /** How long the load must be low before a node goes. */
  readonly settleMs: number;
}

/**
 * - `launching`: asked for, not registered yet
 * - `active`: serves its gateways and takes more
 * - `draining`: serves the gateways that it has until they have moved
 * - `stopped`: ended in order
 * - `dead`: fell silent
 */
export const nodeStates = ['launching', 'active', 'draining', 'stopped', 'dead'] as const;
export type NodeState = (typeof nodeStates)[number];

/**
 * - `own`: came by itself
 * - `operator`: `leonore node start`
 * - `pool`: launched because all nodes were full; it alone goes by itself when the load is low
 */
export const nodeOrigins = ['own', 'operator', 'pool'] as const;
export type NodeOrigin = (typeof nodeOrigins)[number];

export interface PoolNode {
  readonly id: string;
  readonly state: NodeState;
  readonly origin: NodeOrigin;
  readonly gateways: number;
  /** Place in the order of names; the last is the first to go, as StatefulSets want it. */
  readonly number: number;
  /** False: it has registered and not taken its share yet. */
  readonly hasShare: boolean;
  /** Failed attempts to launch it, in a row. */
  readonly attempts: number;
  /** The launcher has done its part; the node must register now. */
  readonly isLaunched: boolean;
  /** Until the next attempt, or until it counts as failed; negative when that is past. */
  readonly dueInMs: number;
}

export interface PoolView {
  readonly settings: PoolSettings;
  readonly nodes: readonly PoolNode[];
  /** Registrations that wait for room. */
  readonly queued: number;
  /** How long the load has been low enough for one node less; null: it is not. */
  readonly lowForMs: number | null;
}

export type PoolAction =
  | { readonly kind: 'share'; readonly nodeId: string }
  | { readonly kind: 'admit' }
  | { readonly kind: 'grow' }
  | { readonly kind: 'launch'; readonly nodeId: string }
  | { readonly kind: 'giveUpLaunch'; readonly nodeId: string }
  | { readonly kind: 'drain'; readonly nodeId: string }
  | { readonly kind: 'shrink'; readonly nodeId: string }
  | { readonly kind: 'wait'; readonly lookAgainMs: number };

/** A launch that failed this often in a row is no reason to keep gateways waiting: thresholds yield until it succeeds. */
export const hopelessAttempts = 5;
/** Below this share of what one node less could take, the load is low: what is between keeps the pool from swinging. */
const lowWater = 0.7;
/** A pool that waits for nothing is woken when something happens; it looks by itself all the same. */
const idleMs = 60_000;
/** How soon a draining node is looked at again. */
const drainLookMs = 1_000;

/**
 * What to do next; asked again after each action. At most one node is being launched at any time, so one need never
 * brings two.
 */
export function nextPoolAction(view: PoolView): PoolAction {
  const { settings, nodes, queued, lowForMs } = view;
  const newcomer = nodes.find((node) => node.state === 'active' && !node.hasShare);
  if (newcomer !== undefined) return { kind: 'share', nodeId: newcomer.id };
  if (queued > 0 && (roomOf(view) > 0 || (!canGrow(view) && activeNodes(nodes).length > 0)))
    return { kind: 'admit' };

  const launching = nodes.find((node) => node.state === 'launching');
  if (launching !== undefined && launching.dueInMs <= 0) {
    return { kind: launching.isLaunched ? 'giveUpLaunch' : 'launch', nodeId: launching.id };
  }
  if (launching === undefined && isNeeded(view)) return { kind: 'grow' };

  const draining = nodes.find((node) => node.state === 'draining' && node.dueInMs <= 0);
  if (draining !== undefined) return { kind: 'drain', nodeId: draining.id };

  const leaver = lowForMs === null || launching !== undefined ? undefined : nextToGo(nodes);
  if (leaver !== undefined && lowForMs !== null && lowForMs >= settings.settleMs) {
    return { kind: 'shrink', nodeId: leaver.id };
  }
  const waits = [
    launching?.dueInMs,
    nodes.some((node) => node.state === 'draining') ? drainLookMs : undefined,
    leaver === undefined || lowForMs === null ? undefined : settings.settleMs - lowForMs,
  ].filter((waitMs) => waitMs !== undefined);
  return { kind: 'wait', lookAgainMs: Math.max(100, Math.min(idleMs, ...waits)) };
}

/** True when another node may come: as long as that is so, registrations wait when all nodes are full. */
export function canGrow({ settings, nodes }: Pick<PoolView, 'settings' | 'nodes'>): boolean {
  const launching = nodes.filter((node) => node.state === 'launching');
  if (launching.some((node) => node.attempts >= hopelessAttempts)) return false;
  // One that an operator has asked for comes whatever the limit.
  return launching.length > 0 || activeNodes(nodes).length < settings.maxNodes;
}

/** True when one node less could take all gateways with ease, and one may go. */
export function isLow({ settings, nodes, queued }: Omit<PoolView, 'lowForMs'>): boolean {
  const active = activeNodes(nodes);
  if (queued > 0 || active.length <= Math.max(1, settings.minNodes) || nextToGo(nodes) === undefined)
    return false;
  const gateways = active.reduce((sum, node) => sum + node.gateways, 0);
  return gateways <= lowWater * settings.threshold * (active.length - 1);
}

function isNeeded(view: PoolView): boolean {
  const { settings, nodes, queued } = view;
  const active = activeNodes(nodes);
  if (active.length >= settings.maxNodes) return false;
  const isWanted = queued > 0 || nodes.some((node) => node.gateways > 0);
  return active.length < settings.minNodes || (isWanted && roomOf(view) <= 0);
}

function roomOf({ settings, nodes }: PoolView): number {
  return activeNodes(nodes).reduce((sum, node) => sum + Math.max(0, settings.threshold - node.gateways), 0);
}

function activeNodes(nodes: readonly PoolNode[]): PoolNode[] {
  return nodes.filter((node) => node.state === 'active');
}

function nextToGo(nodes: readonly PoolNode[]): PoolNode | undefined {
  return activeNodes(nodes)
    .filter((node) => node.origin === 'pool')
    .sort((left, right) => right.number - left.number)[0];
}

/** Labels of the node that is launched for gateways that wait: where most of them are. */
export function labelsFor(strategy: StrategyName, sites: Readonly<Record<string, number>>): PlaceLabels {
  if (strategy !== 'location') return {};
  const [most] = Object.entries(sites).sort(([, left], [, right]) => right - left);
  return most === undefined ? {} : { site: most[0] };
}
