/**
 * Dependency resolution (paper, section III-C 3): from requests, a catalog and a gateway's facts to ranked plans.
 * The model, the order of plans and the algorithm are described in docs/dependency-resolution.md.
 */
import type { GatewayProfile } from '../gateway/profile.js';
import type { Plan, Resolution } from '../plan/plan.js';
import type { ArtifactRequest } from '../plan/request.js';
import { assemblePlan } from './assemble-plan.js';
import { Budget, shares, type ResolveBudget } from './budget.js';
import type { Catalog } from './catalog.js';
import { endStateOf, type EndState } from './end-state.js';
import { explain, explainUndecided } from './explain.js';
import { gatewayFacts } from './gateway-facts.js';
import { Optimiser, Undecided, type Best } from './optimiser.js';
import { Problem } from './problem.js';
import { forbidScriptCircles } from './script-circles.js';
import type { Model } from './model.js';
import { not } from './solver/literal.js';

export interface ResolveInput {
  readonly catalog: Catalog;
  /** Null: any platform, nothing installed, no limits, the hardware of the catalog taken for granted. */
  readonly gateway: GatewayProfile | null;
  /** All of them are to be met, in falling importance. */
  readonly requests: readonly ArtifactRequest[];
  /** Default {@link defaultPlans}. */
  readonly maxPlans?: number;
  /** Whether a newer version is worth taking away what an operator asked for before; by default it is not. */
  readonly allowRemove?: boolean;
  /** Whether what is requested may come in an older version than the gateway has; by default it may. */
  readonly allowDowngrade?: boolean;
  /** What all of it may cost. */
  readonly budget?: ResolveBudget;
}

/** Plans that a caller gets when it does not say how many. */
const defaultPlans = 3;

/**
 * Finds the best plans for a gateway: each satisfies all requests, fits, and installs something else than the
 * others. Deterministic, unless the budget is; complete within the budget: `unsatisfiable` means that there is no plan,
 * and the explanation says why, `undecided` that none was found until the budget ended.
 */
export function resolve(input: ResolveInput): Resolution {
  const { catalog, gateway, requests, maxPlans = defaultPlans, allowRemove = false } = input;
  const { allowDowngrade = true } = input;
  const budget = Budget.of(input.budget);
  const facts = gatewayFacts(gateway, catalog);
  const problem = new Problem({ catalog, facts, requests, allowRemove, allowDowngrade });
  const { plans, decided } = findPlans(problem, maxPlans, budget);
  if (plans.length > 0) return { outcome: 'solved', plans, explanation: null };
  return decided
    ? { outcome: 'unsatisfiable', plans, explanation: explain(problem, budget) }
    : { outcome: 'undecided', plans, explanation: explainUndecided(problem) };
}

interface Findings {
  readonly plans: readonly Plan[];
  /** False when the search was given up, so that there may be more. */
  readonly decided: boolean;
}

function findPlans(problem: Problem, wanted: number, budget: Budget): Findings {
  const optimiser = new Optimiser(problem, (model) => forbidScriptCircles(problem, model));
  const plans: Plan[] = [];
  const installs = new Set<string>();
  while (plans.length < wanted) {
    // The first plan does not depend on how many are wanted.
    const best = nextBest(optimiser, plans.length === 0 ? budget : budget.share(shares.further));
    if (best === null || best === 'undecided') return { plans, decided: best === null };
    const state = endStateOf(problem, best.model);
    const plan = assemblePlan(state, problem.input.facts.diskFree, best.proven);
    // Two ways of keeping other things while installing the same are one plan: the better one, found first.
    if (!installs.has(contentOf(plan))) plans.push(plan);
    installs.add(contentOf(plan));
    if (!exclude(problem, state, best.model)) break;
  }
  return { plans, decided: true };
}

function nextBest(optimiser: Optimiser, budget: Budget): Best | null | 'undecided' {
  try {
    return optimiser.best(budget, budget.share(shares.proof));
  } catch (error) {
    if (error instanceof Undecided) return 'undecided';
    throw error;
  }
}

function contentOf(plan: Plan): string {
  return [...plan.install].sort().join(' ');
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
