/**
 * The nearest change that would make a request possible. Each is tried: a problem with the change in it is solved, and
 * only what works is said. Changes go from the least to the most that somebody has to do (changes.ts). Where several
 * reasons stand against a request, one change is looked for against each, and all of them together are tried.
 */
import { shares, type Budget } from './budget.js';
import { changesAgainst, type Change } from './changes.js';
import { without, type Reason } from './independent-reasons.js';
import type { ProblemInput } from './problem.js';
import { solveOnce, type Attempt } from './solve-once.js';

/** What would help, or that nothing was found that does. */
export function nearestHelp(input: ProblemInput, reasons: readonly Reason[], budget: Budget): string {
  const texts = new Help(reasons, budget).against(0, input, []);
  if (texts !== null) return joined([...new Set(texts)]);
  return budget.isOver
    ? 'none was found in the time there was'
    : 'none was found; nothing that was tried makes it possible';
}

/** Changes against one reason that are tried together with others against the rest. */
const mostChanges = 3;
/** Sets of changes that are tried. */
const mostSets = 20;

class Help {
  private sets = 0;

  constructor(
    private readonly reasons: readonly Reason[],
    private readonly budget: Budget,
  ) {}

  /**
   * Looks for changes against the reasons from one on.
   * @param input with the changes made against those before
   * @returns what all of the changes are called; null when none help
   */
  against(index: number, input: ProblemInput, changes: readonly Change[]): string[] | null {
    const reason = this.reasons[index];
    if (reason === undefined) return this.textsOf(input, changes);
    // As if this were the only reason left.
    const alone = this.reasons.slice(index + 1).reduce(without, input);
    // What helps against one reason may help against another as well.
    if (index > 0 && this.tried(alone).outcome === 'solved') return this.against(index + 1, input, changes);
    const isOnly = this.reasons.length === 1;
    let working = 0;
    for (const change of changesAgainst(alone, reason, isOnly, this.budget)) {
      if (this.budget.isOver || this.sets >= mostSets) return null;
      const changed = change.apply(input);
      // To ask for nothing is no help.
      if (changed.requests.length === 0) continue;
      const solved = change.known ?? this.tried(change.apply(alone));
      if (solved.outcome !== 'solved') continue;
      const text = change.text(solved);
      if (text === null) continue;
      // With one reason there is nothing more to be tried.
      if (isOnly) return [text];
      const texts = this.against(index + 1, changed, [...changes, change]);
      if (texts !== null) return texts;
      working += 1;
      if (working === mostChanges) return null;
    }
    return null;
  }

  private textsOf(input: ProblemInput, changes: readonly Change[]): string[] | null {
    this.sets += 1;
    const solved = this.tried(input);
    if (solved.outcome !== 'solved') return null;
    const texts = changes.map((change) => change.text(solved));
    return texts.every((text) => text !== null) ? texts : null;
  }

  private tried(input: ProblemInput): Attempt {
    return solveOnce(input, this.budget.share(shares.step), (costs) => costs.requests);
  }
}

/** What is said of one gateway is said together. */
function joined(texts: readonly string[]): string {
  const gateway = 'a gateway ';
  let said = '';
  for (const [index, text] of texts.entries()) {
    const previous = texts[index - 1] ?? '';
    const isMore = [previous, text].every((one) => one.startsWith(gateway) && !/, or |: /u.test(one));
    said += index === 0 ? text : isMore ? ` and ${text.slice(gateway.length)}` : `; and ${text}`;
  }
  return said;
}
