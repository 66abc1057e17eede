/**
 * Dependency resolution (paper, section III-C 3): from requests, a catalog and a gateway's facts to ranked plans.
 * The model, the order of plans and the algorithm are described in docs/dependency-resolution.md.
 */
import type { GatewayProfile } from '../gateway/profile.js';
import type { Plan, Resolution } from '../plan/plan.js';
import type { ArtifactRequest } from '../plan/request.js';
import { assemblePlan } from './assemble-plan.js';
import type { Catalog } from './catalog.js';
import { endStateOf, type EndState } from './end-state.js';
import { explain, explainUndecided } from './explain.js';
import { gatewayFacts, type GatewayFacts } from './gateway-facts.js';
import { Optimiser, Undecided, costOf } from './optimiser.js';
import { Problem } from './problem.js';
import { forbidScriptCircles } from './script-circles.js';
import type { Model } from './search.js';
import { not } from './solver/literal.js';

export interface ResolveInput {
  readonly catalog: Catalog;
  /** Null: any platform, nothing installed, no limits, the hardware of the catalog taken for granted. */
  readonly gateway: GatewayProfile | null;
  /** All of them are to be met, in falling importance. */
  readonly requests: readonly ArtifactRequest[];
  /** Default 3. */
  readonly maxPlans?: number;
}

/** Plans that a caller gets when it does not say how many. */
export const defaultPlans = 3;

/**
 * Finds the best plans for a gateway: each satisfies all requests, fits, and installs something else than the
 * others. Deterministic; complete: no plan means that there is none, and the explanation says why.
 *
 * The limits of the gateway are left out at first. As long as plans found so fit, they are the best ones with the
 * limits as well, which only take plans away; and what contradicts itself without limits does so with them. Most
 * gateways have room, and then the search need not weigh anything.
 */
export function resolve({ catalog, gateway, requests, maxPlans = defaultPlans }: ResolveInput): Resolution {
  const facts = gatewayFacts(gateway, catalog);
  const boundless = { ...facts, diskFree: Infinity, memoryFree: Infinity };
  const open = new Problem({ catalog, facts: boundless, requests });
  const free = findPlans(open, maxPlans, facts);
  const tooLarge = free.found.findIndex(({ fits }) => !fits);
  if (free.found.length === 0) return withoutPlan(open, facts, free.decided);
  if (tooLarge < 0) return { plans: free.found.map(({ plan }) => plan), explanation: null };

  const problem = new Problem({ catalog, facts, requests });
  const limited = findPlans(problem, maxPlans, facts);
  const plans = free.found.slice(0, tooLarge).map(({ plan }) => plan);
  const installs = new Set(plans.map(contentOf));
  for (const { plan } of limited.found) {
    if (plans.length < maxPlans && !installs.has(contentOf(plan))) plans.push(plan);
  }
  return plans.length === 0 ? withoutPlan(problem, facts, limited.decided) : { plans, explanation: null };
}

function withoutPlan(problem: Problem, facts: GatewayFacts, decided: boolean): Resolution {
  return { plans: [], explanation: decided ? explain(problem, facts) : explainUndecided(problem) };
}

/**
 * Work that the search for any plan at all may cost: for the first, which is all that matters, and for each
 * further one. Some twenty million units are done in a second. Only puzzles need as many: plans from catalogs of
 * tens of thousands of artifacts need some millions.
 */
const patience = { first: 300_000_000, further: 20_000_000 } as const;

interface Found {
  readonly plan: Plan;
  readonly fits: boolean;
  readonly costs: readonly number[];
}

interface Findings {
  readonly found: readonly Found[];
  /** False when the search was given up, so that there may be more. */
  readonly decided: boolean;
}

/** @param facts the gateway as it is, whatever limits the problem knows */
function findPlans(problem: Problem, wanted: number, facts: GatewayFacts): Findings {
  const optimiser = new Optimiser(problem, (model) => forbidScriptCircles(problem, model));
  const found: Found[] = [];
  const installs = new Set<string>();
  let decided = true;
  while (found.length < wanted) {
    const model = nextModel(optimiser, found.length === 0 ? patience.first : patience.further);
    decided = model !== 'undecided';
    if (model === null || model === 'undecided') break;
    const state = endStateOf(problem, model);
    const plan = assemblePlan(state, facts.diskFree);
    // Two ways of keeping other things while installing the same are one plan: the better one, found first.
    if (!installs.has(contentOf(plan))) {
      const freed = state.remove.reduce((sum, pack) => sum + pack.memory, 0);
      const memory = state.install.reduce((sum, { choice }) => sum + choice.memory, 0) - freed;
      const costs = problem.costs.layers.map((layer) => costOf(layer, model));
      found.push({ plan, fits: plan.peakDisk <= facts.diskFree && memory <= facts.memoryFree, costs });
    }
    installs.add(contentOf(plan));
    if (!exclude(problem, state, model)) break;
  }
  // They come in order, unless a plan had to be taken before it was proven to be the best.
  return { found: found.sort((left, right) => compare(left.costs, right.costs)), decided };
}

function nextModel(optimiser: Optimiser, maxWork: number): Model | null | 'undecided' {
  try {
    return optimiser.best(maxWork);
  } catch (error) {
    if (error instanceof Undecided) return 'undecided';
    throw error;
  }
}

function contentOf(plan: Plan): string {
  return [...plan.install].sort().join(' ');
}

function compare(left: readonly number[], right: readonly number[]): number {
  const at = left.findIndex((cost, index) => cost !== right[index]);
  return at < 0 ? 0 : (left[at] ?? 0) - (right[at] ?? 0);
}

/**
 * Asks for something else than a plan: a version less, an installed package that is not relied on any more, or an
 * optional requirement more.
 * @returns false when there can be nothing else
 */
function exclude(problem: Problem, state: EndState, model: Model): boolean {
  const others = state.install.map(({ node }) => not(node.selected));
  for (const node of problem.keptNodes) if (model.has(node.needed)) others.push(not(node.needed));
  for (const { literal } of problem.costs.layer('optional').terms)
    if (model.has(literal)) others.push(not(literal));
  if (others.length === 0) return false;
  problem.constraints.solver.addClause(others);
  return true;
}
