/**
 * Says why there is no plan: each independent reason (independent-reasons.ts) as a chain of sentences (derivation.ts,
 * chain-text.ts), with the facts of the catalog and the gateway that close each way, and the nearest change that would
 * open one (nearest-help.ts).
 */
import { shares, type Budget } from './budget.js';
import { chainText } from './chain-text.js';
import { independentReasons, without } from './independent-reasons.js';
import { nearestHelp } from './nearest-help.js';
import { listText, requestText } from './phrases.js';
import type { Problem } from './problem.js';
import { counted } from '../units.js';

/**
 * Explains a problem that has no solution.
 * @param problem one in which the search has just found none
 * @param budget of the whole resolution: a share of it is spent
 */
export function explain(problem: Problem, budget: Budget): string {
  const own = budget.share(shares.explanation);
  const reasons = independentReasons(problem, own.share(shares.reasons));
  const chains = reasons.map((reason, index) => {
    // What stands in the way as well is told for itself.
    const alone = reasons.slice(index + 1).reduce(without, reason.problem.input);
    return chainText(reason, alone, own.share(shares.telling));
  });
  const help = nearestHelp(problem.input, reasons, own);
  const lines =
    chains.length === 1
      ? (chains[0] ?? []).map((sentence) => `  - ${sentence}`)
      : chains.flatMap((chain, index) => [
          `  reason ${index + 1}:`,
          ...chain.map((sentence) => `  - ${sentence}`),
        ]);
  return [`No plan installs ${asked(problem)}:`, ...lines, `Nearest help: ${help}`].join('\n');
}

/** What is said when the search was given up: nobody may take it for a proof. */
export function explainUndecided(problem: Problem): string {
  return [
    `No plan that installs ${asked(problem)} was found, nor was it proven that there is none:`,
    `  - the search was given up after ${counted(problem.constraints.solver.conflicts, 'contradiction')}`,
    'Nearest help: ask for less at once or in narrower ranges, make room on the gateway, or give a larger budget',
  ].join('\n');
}

function asked({ input }: Problem): string {
  return listText(input.requests.map(requestText), 10);
}
