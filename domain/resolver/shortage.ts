import type { Budget } from './budget.js';
import { endStateOf, nameOfPresent, type Present } from './end-state.js';
import type { GatewayFacts } from './gateway-facts.js';
import { nodeText } from './phrases.js';
import type { ProblemInput } from './problem.js';
import { solveOnce, type Solved } from './solve-once.js';

/** What the most modest plan lacks of a resource. */
export interface Shortage {
  readonly missing: number;
  /** Whether it is proven that no less would do. */
  readonly isLeast: boolean;
  /** What it would install, the heaviest first, with the bytes that each takes. */
  readonly takers: readonly { readonly text: string; readonly bytes: number }[];
  /** That plan: it is one as soon as there is so much more. */
  readonly solved: Solved;
}

/** Null when the resource is not what stands in the way. */
export function shortage(input: ProblemInput, what: 'disk' | 'memory', budget: Budget): Shortage | null {
  const { facts } = input;
  const solved = solveOnce({ ...input, facts: unlimited(facts, what) }, budget, (costs) => [
    costs.layer(what),
  ]);
  if (solved.outcome !== 'solved') return null;
  const freeable = facts.installed.reduce(
    (sum, pack) => sum + (what === 'disk' ? pack.installedSize : pack.memory),
    0,
  );
  const layer = solved.problem.costs.layer(what);
  const used = layer.terms.reduce(
    (sum, { literal, weight }) => sum + (solved.model.has(literal) ? weight : 0),
    0,
  );
  const missing = used - freeable - (what === 'disk' ? facts.diskFree : facts.memoryFree);
  if (missing <= 0) return null;
  const state = endStateOf(solved.problem, solved.model);
  const owners = new Map<Present, Present>();
  for (const owner of state.reached)
    for (const present of state.requiredBy(owner)) if (!owners.has(present)) owners.set(present, owner);
  for (const root of state.roots) owners.delete(root);
  const takers = state.install.map((present) => {
    const { node, choice } = present;
    const owner = owners.get(present);
    return {
      text: owner === undefined ? nodeText(node) : `${nodeText(node)} that ${nameOfPresent(owner)} requires`,
      bytes: what === 'disk' ? choice.downloadSize + choice.installedSize : choice.memory,
    };
  });
  return {
    solved,
    missing,
    isLeast: solved.proven,
    takers: takers.filter(({ bytes }) => bytes > 0).sort((left, right) => right.bytes - left.bytes),
  };
}

function unlimited(facts: GatewayFacts, what: 'disk' | 'memory'): GatewayFacts {
  return what === 'disk' ? { ...facts, diskFree: Infinity } : { ...facts, memoryFree: Infinity };
}
