/** A contradiction as sentences. */
import type { ArtifactRequest } from '../plan/request.js';
import type { Budget } from './budget.js';
import { derive } from './derivation.js';
import { factTexts, roughTexts } from './fact-texts.js';
import type { Reason } from './independent-reasons.js';
import { bytesText, listText, premisesText, requestText } from './phrases.js';
import type { ProblemInput } from './problem.js';
import { shortage } from './shortage.js';
import { solveOnce } from './solve-once.js';
import { tellSteps } from './tell-steps.js';

/** Sentences that people read. */
const most = 12;

/** @param alone the problem as if no other reason stood in the way */
export function chainText(reason: Reason, alone: ProblemInput, budget: Budget): string[] {
  const resources = (['disk', 'memory'] as const).filter((what) =>
    reason.tags.some(({ type }) => type === what),
  );
  const both = resources.length > 1;
  if (resources.length > 0 && !fitsIfRoomy(alone, budget.share(0.2))) return shortened(together(reason));
  const scarce = resources.flatMap((what) => resource(alone, what, both, budget.share(0.5)) ?? []);
  if (scarce.length > 0) return scarce;
  if (resources.length > 0) return [tooMuch(alone, resources)];
  const steps = derive(reason.problem, reason.tags);
  const sentences = steps === null ? [] : tellSteps(reason.problem, steps);
  // A puzzle is told more quickly by what it consists of than case by case.
  const isPuzzle =
    steps === null || (sentences.length > most && steps.some(({ type }) => type === 'refuted'));
  return shortened(isPuzzle ? together(reason) : sentences);
}

function shortened(sentences: readonly string[]): string[] {
  if (sentences.length <= most) return [...sentences];
  const [head, tail] = [most - 4, 3];
  return [
    ...sentences.slice(0, head),
    `… ${sentences.length - head - tail} more …`,
    ...sentences.slice(-tail),
  ];
}

/** A contradiction without a chain: all that it consists of, in one sentence, a line for each fact where there are many. */
function together({ problem, tags, isLeast }: Reason): string[] {
  const { facts } = problem.input;
  const exact = factTexts(tags, facts);
  const said = exact.length > readable ? roughTexts(tags, facts) : exact;
  const more = isLeast ? '' : ' Fewer of them may be enough; that was not found out in the time there was.';
  const end = `no choice of versions satisfies all of these together, so there is no plan.${more}`;
  if (said.length <= bearable) return [`Because ${premisesText(said)}, ${end}`];
  const causes = said.map((text, index) => {
    const word = index === 0 ? 'Because' : index < said.length - 1 ? 'because' : 'and because';
    return `${word} ${text},`;
  });
  return [...causes, end];
}

/** Facts that are told exactly, and those that one line can bear. */
const readable = 7;
const bearable = 3;

/** Whether there is a plan as soon as there is room for it: else the room may have nothing to do with it. */
function fitsIfRoomy(input: ProblemInput, budget: Budget): boolean {
  const facts = { ...input.facts, diskFree: Infinity, memoryFree: Infinity };
  return solveOnce({ ...input, facts }, budget).outcome === 'solved';
}

/** What is said when the least that would do was not found. */
function tooMuch(input: ProblemInput, resources: readonly ('disk' | 'memory')[]): string {
  const { diskFree, memoryFree } = input.facts;
  const free = resources.map((what) => `${bytesText(what === 'disk' ? diskFree : memoryFree)} of ${what}`);
  return `Because ${askedText(input.requests)} and nothing that would do fits into the ${free.join(' and ')} that are free, there is no plan.`;
}

function askedText(requests: readonly ArtifactRequest[]): string {
  return `${requests.map(requestText).join(' and ')} ${requests.length > 1 ? 'were' : 'was'} requested`;
}

/**
 * @param both whether the other resource stands in the way as well
 * @returns null when it was not found that the resource is missing
 */
function resource(
  input: ProblemInput,
  what: 'disk' | 'memory',
  both: boolean,
  budget: Budget,
): string | null {
  const { requests, facts } = input;
  const { diskFree, memoryFree, installed } = facts;
  const short = shortage(input, what, budget);
  if (short === null) return null;
  const asked = askedText(requests);
  const needed = (what === 'disk' ? diskFree : memoryFree) + short.missing;
  // What hardly counts is not worth a word.
  const heavy = short.takers.filter(({ bytes }) => bytes * 100 >= (short.takers[0]?.bytes ?? 0));
  const takers = listText(heavy.map(({ text, bytes }) => `${bytesText(bytes)} for ${text}`));
  const counted = what === 'disk' ? ', download and unpacked files together' : '';
  const other = what === 'disk' ? 'memory' : 'disk';
  const beside = both ? `, no more ${other} is used than there is,` : '';
  const least = short.isLeast ? 'at least ' : '';
  const after = installed.length === 0 ? '' : ' after removing what may be removed';
  return `Because ${asked}${beside} and ${least}${bytesText(needed)} of ${what} would have to be free for it${after} (${takers}${counted}), which is ${bytesText(short.missing)} more than there is, there is no plan.`;
}
