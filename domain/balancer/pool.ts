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
  /** Channels or protocols that the operator prefers, in order (domain/gateway/negotiate.ts). */
  readonly channels: readonly string[];
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
  /** It has stopped a moment ago and its gateways are still its own: it is being restarted, as far as one can know. */
  readonly isAwaited: boolean;
  /** Until it must be looked at again: to launch it, to give the launch up, to go on draining it. */
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
/**
 * What to do next; asked again after each action. At most one node is being launched at any time, so one need never
 * brings two.
 */
export function nextPoolAction(view: PoolView): PoolAction {
  const { nodes } = view;
  return (
    shareAction(nodes) ??
    admitAction(view) ??
    launchAction(view) ??
    drainAction(nodes) ??
    shrinkAction(view) ?? { kind: 'wait', lookAgainMs: lookAgainMs(view) }
  );
}

function shareAction(nodes: readonly PoolNode[]): PoolAction | null {
  const newcomer = activeNodes(nodes).find((node) => !node.hasShare);
  return newcomer === undefined ? null : { kind: 'share', nodeId: newcomer.id };
}

function admitAction(view: PoolView): PoolAction | null {
  if (view.queued === 0) return null;
  const isAnywhere = !canGrow(view) && activeNodes(view.nodes).length > 0;
  return roomOf(view) > 0 || isAnywhere ? { kind: 'admit' } : null;
}

function launchAction(view: PoolView): PoolAction | null {
  const launching = launchingNode(view.nodes);
  if (launching === undefined) return isNeeded(view) ? { kind: 'grow' } : null;
  if (launching.dueInMs > 0) return null;
  return { kind: launching.isLaunched ? 'giveUpLaunch' : 'launch', nodeId: launching.id };
}

function drainAction(nodes: readonly PoolNode[]): PoolAction | null {
  const draining = nodes.find((node) => node.state === 'draining' && node.dueInMs <= 0);
  return draining === undefined ? null : { kind: 'drain', nodeId: draining.id };
}

function shrinkAction({ settings, nodes, lowForMs }: PoolView): PoolAction | null {
  if (lowForMs === null || lowForMs < settings.settleMs || launchingNode(nodes) !== undefined) return null;
  const leaver = nextToGo(nodes);
  return leaver === undefined ? null : { kind: 'shrink', nodeId: leaver.id };
}

function lookAgainMs({ settings, nodes, lowForMs }: PoolView): number {
  const waits = [idleMs, ...nodes.map((node) => node.dueInMs).filter((dueInMs) => dueInMs > 0)];
  if (lowForMs !== null && lowForMs < settings.settleMs) waits.push(settings.settleMs - lowForMs);
  return Math.max(100, Math.min(...waits));
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
  // Its gateways count when it is back, or on the others.
  if (nodes.some((node) => node.isAwaited)) return false;
  const gateways = active.reduce((sum, node) => sum + node.gateways, 0);
  return gateways <= lowWater * settings.threshold * (active.length - 1);
}

function isNeeded(view: PoolView): boolean {
  const { settings, nodes, queued } = view;
  const active = activeNodes(nodes);
  if (active.length >= settings.maxNodes) return false;
  // When everything is restarted, some are back before others: they are not to be made up for.
  if (nodes.some((node) => node.isAwaited)) return false;
  const isWanted = queued > 0 || nodes.some((node) => node.gateways > 0);
  return active.length < settings.minNodes || (isWanted && roomOf(view) <= 0);
}

function roomOf({ settings, nodes }: PoolView): number {
  return activeNodes(nodes).reduce((sum, node) => sum + Math.max(0, settings.threshold - node.gateways), 0);
}

function activeNodes(nodes: readonly PoolNode[]): PoolNode[] {
  return nodes.filter((node) => node.state === 'active');
}

function launchingNode(nodes: readonly PoolNode[]): PoolNode | undefined {
  return nodes.find((node) => node.state === 'launching');
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
