import type { ConstraintTag } from './constraint-store.js';
import { Ladder } from './ladder.js';
import { nameOf, type Node } from './nodes.js';
import type { Problem } from './problem.js';
import { not, type Literal } from './solver/literal.js';
import type { Entry } from './weights.js';

/** Entries that are weighed at most: with more, a ladder of them all costs more than it saves. */
const mostEntries = 20_000;
/** Sums stay exact below. */
const exact = 2 ** 52;

/** A requirement that nodes of a part can meet. */
interface Demand {
  /** All of them true: then one of the nodes is there. */
  readonly owner: readonly Literal[];
  readonly nodes: readonly Node[];
  readonly tag: ConstraintTag;
}

/** Names that are alternatives of each other; every name is in one part only. */
interface Part {
  readonly names: readonly string[];
  readonly demands: Demand[];
}

/** So many times the disk and so many times the memory are weighed together. */
interface Rate {
  readonly disk: number;
  readonly memory: number;
}

/** What one way to meet a demand takes. */
type Take = Readonly<{ disk: number; memory: number }>;

/**
 * States a limit that follows from those of disk and memory: for a fitting rate, `disk + rate × memory` of all that is
 * there is no more than `free disk + rate × free memory`. Where each choice costs either the one or the other, both sums
 * look open until the last choices are made; together they show at once that there is too little.
 *
 * The rate is the one at which the choices that are certain to be made take the most of what there is, the optimum of
 * the dual of the linear relaxation. It lies where some choice costs the same either way. As with the disk alone
 * (alternatives.ts), a choice counts with the least that it takes.
 */
export function stateJointLimit(problem: Problem): void {
  const { constraints } = problem;
  const { disk, memory, solver } = constraints;
  if (disk === null || memory === null) return;
  const parts = partsOf(problem);
  const entries = [...problem.groups.values()].flatMap(({ weights }) => weights.entries);
  if (entries.length > mostEntries) return;
  const all = {
    disk: entries.reduce((sum, { weight }) => sum + weight, disk.bound),
    memory: entries.reduce((sum, entry) => sum + entry.memory, memory.bound),
  };
  solver.assume([]);
  const certain = parts.flatMap(({ demands }) => {
    const demand = demands.find(({ owner }) => owner.every((literal) => solver.isTrue(literal)));
    return demand === undefined ? [] : [takesOf(problem, demand.nodes)];
  });
  const rate = rateFor(certain, { disk: disk.bound, memory: memory.bound }, all);
  if (rate === null) return;
  const bound = rate.disk * disk.bound + rate.memory * memory.bound;
  const sum = constraints.addJointLimit(bound);
  for (const { names, demands } of parts) {
    const weights = names.map((name) => problem.group(name).weights);
    const weighed = weights.flatMap(({ entries: own }) =>
      own.map(({ node, literal, weight, memory: bytes }) => ({
        node,
        literal,
        weight: rate.disk * weight + rate.memory * bytes,
      })),
    );
    const present = weights.map((one) => one.present);
    const ladder = new Ladder(constraints, weighed, present);
    for (const { literal, more } of ladder.steps) constraints.addTerm(sum, literal, more);
    for (const { owner, nodes, tag } of demands)
      constraints.add([...owner.map(not), ladder.certain(nodes)], tag);
  }
}

/** Names as the requirements that are known tie them together. */
function partsOf(problem: Problem): Part[] {
  const parts = new Map<string, Part>();
  const placed = new Set<string>();
  problem.constraints.clauses.forEach((literals, tag) => {
    if (tag.type !== 'requires' && tag.type !== 'request' && tag.type !== 'protected') return;
    const owner = literals.filter((literal) => (literal & 1) === 1).map(not);
    const met = literals.filter((literal) => (literal & 1) === 0);
    const nodes = met.flatMap((literal) => problem.nodeOf(literal) ?? []);
    if (nodes.length === 0 || nodes.length < met.length) return;
    const names = [...new Set(nodes.map(nameOf))];
    const key = names.toSorted().join(' ');
    let part = parts.get(key);
    if (part === undefined) {
      if (names.some((name) => placed.has(name))) return;
      part = { names, demands: [] };
      parts.set(key, part);
      for (const name of names) placed.add(name);
    }
    part.demands.push({ owner, nodes, tag });
  });
  for (const name of problem.groups.keys())
    if (!placed.has(name)) parts.set(name, { names: [name], demands: [] });
  return [...parts.values()];
}

function takesOf(problem: Problem, nodes: readonly Node[]): Take[] {
  const entriesOf = (node: Node): readonly Entry[] =>
    problem.group(nameOf(node)).weights.entries.filter((entry) => entry.node === node);
  return nodes.flatMap(entriesOf).map(({ weight, memory }) => ({ disk: weight, memory }));
}

/**
 * Goes from "only the disk counts" to "only the memory counts", through all rates at which a choice turns, to the one
 * from which on the choices take less memory than there is.
 * @param all what everything together takes, and what is free
 * @returns null when one of the two alone says as much
 */
function rateFor(choices: readonly (readonly Take[])[], free: Take, all: Take): Rate | null {
  const turns: { readonly rate: Rate; readonly saved: number }[] = [];
  let taken = 0;
  for (const takes of choices) {
    const ordered = takes.toSorted((a, b) => a.disk - b.disk || a.memory - b.memory);
    let [now] = ordered;
    if (now === undefined) continue;
    taken += now.memory;
    for (;;) {
      const from: Take = now;
      const next = ordered
        .filter(({ memory }) => memory < from.memory)
        .map((take) => ({ take, rate: { disk: from.memory - take.memory, memory: take.disk - from.disk } }))
        .sort((a, b) => byRate(a.rate, b.rate) || a.take.memory - b.take.memory)[0];
      if (next === undefined) break;
      turns.push({ rate: next.rate, saved: from.memory - next.take.memory });
      now = next.take;
    }
  }
  if (taken <= free.memory) return null;
  for (const { rate, saved } of turns.sort((a, b) => byRate(a.rate, b.rate))) {
    taken -= saved;
    if (taken <= free.memory) return rate.memory === 0 ? null : reduced(rate, all);
  }
  return null;
}

/** By memory for disk. */
function byRate(left: Rate, right: Rate): number {
  return left.memory / left.disk - right.memory / right.disk;
}

/** The same rate in small numbers, or nearly the same where these would be too large for exact sums. */
function reduced({ disk, memory }: Rate, all: Take): Rate {
  const divisor = greatestCommonDivisor(disk, memory);
  const tooLarge = (disk * all.disk + memory * all.memory) / divisor / exact;
  const scale = divisor * Math.max(1, tooLarge);
  return { disk: Math.max(1, Math.round(disk / scale)), memory: Math.max(1, Math.round(memory / scale)) };
}

function greatestCommonDivisor(left: number, right: number): number {
  let [a, b] = [left, right];
  while (b !== 0) [a, b] = [b, a % b];
  return a;
}
