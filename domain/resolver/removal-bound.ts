import type { CostLayer } from './cost-layers.js';
import { components } from './components.js';
import { nameOf, type KeptNode } from './nodes.js';
import type { Problem } from './problem.js';
import type { Linear } from './solver/linear.js';
import { not, type Literal } from './solver/literal.js';
import type { SatSolver } from './solver/sat-solver.js';

export interface RemovalBound {
  /** No plan costs less; 0 when nothing is known. */
  readonly atLeast: number;
  /** What stays, and what goes, if only the room counts. */
  readonly stays: readonly Literal[];
}

/** One thing that can become of an installed package. */
interface Fate {
  readonly cost: number;
  readonly bytes: number;
  /** Makes it so. */
  readonly literal: Literal;
}

const unknown: RemovalBound = { atLeast: 0, stays: [] };

/**
 * The least that has to be paid in a layer to make room, whatever else a plan does: every installed package stays, is
 * replaced or goes, each at its cost and with the bytes that it then takes; the rest takes what is certain already. This
 * is a knapsack with a choice for each package, and as costs are small it is solved exactly: for each cost, the fewest
 * bytes that can remain taken.
 *
 * The solver must have assumed what holds so far.
 * @param costNow what the best solution found so far costs: only less is of interest
 */
export function fewestRemovals(problem: Problem, layer: CostLayer, costNow: number): RemovalBound {
  const { constraints, keptNodes } = problem;
  const weights = weightsOf(layer, problem);
  if (weights.size === 0) return unknown;
  let bound = unknown;
  for (const what of ['disk', 'memory'] as const) {
    const limit = constraints[what];
    if (limit === null) continue;
    const fates = new Map(keptNodes.map((node) => [node, fatesOf(problem, node, weights, what)]));
    creditUsers(problem, fates);
    const others = takenByOthers(problem, limit, what);
    const found = leastCost([...fates.values()], limit.bound - others, costNow);
    if (found !== null && found.atLeast > bound.atLeast) bound = found;
  }
  return bound;
}

/** What the literals that tell a package's fate cost in a layer; empty when the layer is about something else. */
function weightsOf(layer: CostLayer, { exits }: Problem): Map<Literal, number> {
  const weights = new Map<Literal, number>();
  const signs = new Set<Literal>();
  for (const { changed, lost } of exits.values()) {
    signs.add(changed);
    if (lost !== null) signs.add(lost);
  }
  if (!layer.terms.some(({ literal }) => signs.has(literal))) return weights;
  for (const { literal, weight } of layer.terms) weights.set(literal, (weights.get(literal) ?? 0) + weight);
  return weights;
}

function fatesOf(
  problem: Problem,
  node: KeptNode,
  weights: ReadonlyMap<Literal, number>,
  what: 'disk' | 'memory',
): Fate[] {
  const { solver } = problem.constraints;
  const group = problem.group(node.package.name);
  const exit = problem.exits.get(node);
  const weight = (literal: Literal | null | undefined) =>
    literal === null || literal === undefined ? 0 : (weights.get(literal) ?? 0);
  const fates: Fate[] = [
    {
      cost: 0,
      bytes: what === 'disk' ? node.package.installedSize : node.package.memory,
      literal: node.stays,
    },
  ];
  for (const version of group.versions) {
    const sizes = version.choices.map(({ downloadSize, installedSize, memory }) =>
      what === 'disk' ? downloadSize + installedSize : memory,
    );
    const cost = weight(exit?.changed) + weight(version.selected);
    fates.push({ cost, bytes: Math.min(...sizes), literal: version.selected });
  }
  if (node.package.removable)
    fates.push({ cost: weight(exit?.lost), bytes: 0, literal: not(group.weights.present) });
  return fates.filter(({ literal }) => !solver.isFalse(literal));
}

/**
 * What costs nothing, such as the going of a dependency, is often possible only when something else does not stay: all
 * that requires it. What it saves is credited to these in equal parts instead. So no more is saved than before, and only
 * where somebody pays for it, as far as that is known: a sum over the credits is never less than what is really saved.
 */
function creditUsers(problem: Problem, fates: Map<KeptNode, Fate[]>): void {
  const users = usersOf(problem);
  for (const node of dependenciesFirst(problem, users)) {
    const own = fates.get(node) ?? [];
    const stays = own.find(({ literal }) => literal === node.stays);
    if (stays === undefined) continue;
    const credits = new Map<KeptNode, number>();
    const left = own.filter((fate) => {
      if (fate === stays || fate.cost > 0) return true;
      const needing = (users.get(node) ?? []).filter(({ candidates }) => !candidates.includes(fate.literal));
      const share = (stays.bytes - fate.bytes) / needing.length;
      for (const { user } of needing) credits.set(user, Math.max(share, credits.get(user) ?? 0));
      return needing.length === 0;
    });
    fates.set(node, left);
    for (const [user, credit] of credits) {
      const credited = (fates.get(user) ?? []).map((fate) =>
        fate.literal === user.stays ? fate : { ...fate, bytes: fate.bytes - credit },
      );
      fates.set(user, credited);
    }
  }
}

/** A package that stays only with one of some versions of another. */
interface User {
  readonly user: KeptNode;
  readonly candidates: readonly Literal[];
}

function usersOf(problem: Problem): Map<KeptNode, User[]> {
  const users = new Map<KeptNode, User[]>();
  for (const user of problem.keptNodes) {
    for (const { optional, candidates } of problem.goals.of(user.stays)) {
      const [name, ...others] = new Set(candidates.map((literal) => nameOf(problem.nodeOf(literal) ?? user)));
      const node = name === undefined || others.length > 0 || optional ? null : problem.group(name).kept;
      if (node === null || node === user) continue;
      users.set(node, [
        ...(users.get(node) ?? []).filter((other) => other.user !== user),
        { user, candidates },
      ]);
    }
  }
  return users;
}

/** Packages in such an order that credits can be handed on; in a circle nothing is credited. */
function dependenciesFirst(problem: Problem, users: ReadonlyMap<KeptNode, readonly User[]>): KeptNode[] {
  const { keptNodes } = problem;
  const places = new Map(keptNodes.map((node, place) => [node, place]));
  const circles = components(keptNodes.length, (place) => {
    const node = keptNodes[place];
    return (node === undefined ? [] : (users.get(node) ?? [])).flatMap(({ user }) => places.get(user) ?? []);
  });
  // Components come after those that they point to: users first.
  return circles
    .filter(({ length }) => length === 1)
    .flatMap((circle) => circle.flatMap((place) => keptNodes[place] ?? []))
    .reverse();
}

/** Bytes that are certain to be taken by what is not installed yet. */
function takenByOthers(problem: Problem, limit: Linear, what: 'disk' | 'memory'): number {
  const own = new Set<Literal>();
  for (const { package: pack } of problem.keptNodes) {
    const { ladder, entries } = problem.group(pack.name).weights;
    for (const { literal } of what === 'disk' ? ladder.steps : entries) own.add(literal);
  }
  return takenBy(limit, problem.constraints.solver, own);
}

function takenBy({ terms }: Linear, solver: SatSolver, except: ReadonlySet<Literal>): number {
  let bytes = 0;
  for (const { literal, weight } of terms)
    if (solver.isTrue(literal) && !except.has(literal)) bytes += weight;
  return bytes;
}

/** Null when the room suffices at no cost, or at no cost below the present one. */
function leastCost(
  packages: readonly (readonly Fate[])[],
  room: number,
  costNow: number,
): RemovalBound | null {
  // By cost: the fewest bytes that the packages so far can take. Chosen fates, by package and cost.
  let fewest = new Float64Array(costNow).fill(Infinity);
  fewest[0] = 0;
  const chosen: Int32Array[] = [];
  for (const fates of packages) {
    const next = new Float64Array(costNow).fill(Infinity);
    const by = new Int32Array(costNow).fill(-1);
    fates.forEach(({ cost, bytes }, index) => {
      for (let total = cost; total < costNow; total += 1) {
        const taken = (fewest[total - cost] ?? Infinity) + bytes;
        if (taken >= (next[total] ?? Infinity)) continue;
        next[total] = taken;
        by[total] = index;
      }
    });
    fewest = next;
    chosen.push(by);
  }
  const cheapest = fewest.findIndex((bytes) => bytes <= room);
  if (cheapest === 0) return null;
  if (cheapest < 0) return { atLeast: costNow, stays: [] };
  const stays: Literal[] = [];
  let cost = cheapest;
  for (let index = packages.length - 1; index >= 0; index -= 1) {
    const fate = packages[index]?.[chosen[index]?.[cost] ?? -1];
    if (fate === undefined) break;
    stays.push(fate.literal);
    cost -= fate.cost;
  }
  return { atLeast: cheapest, stays };
}
