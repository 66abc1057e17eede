/** What the page of a campaign says that the API does not say in words. */
import type { Schemas } from '../api/queries.js';
import { errorClasses, type ErrorClass } from '../../domain/campaign/error-class.js';
import { verbRules, type CampaignState, type CampaignVerb } from '../../domain/campaign/state.js';
import { countedText, numberText, shareText } from './numbers.js';
import type { Tone } from './tones.js';

type Strategy = Schemas['CampaignStrategy'];
type Gate = NonNullable<Strategy['gate']>;
type Phase = Schemas['CampaignPhase'];
type Budget = NonNullable<Strategy['errorBudget']>;

/** What must hold before the next phase begins. */
export function gateText(strategy: Strategy, phase: number): string {
  const gate: Gate = strategy.phases[phase - 1]?.gate ?? strategy.gate ?? {};
  const { successShare, bakeMinutes, approval } = gate;
  const parts = [
    successShare === undefined ? '' : `${shareText(successShare)} succeeded`,
    bakeMinutes === undefined ? '' : `well for ${numberText(bakeMinutes)} min`,
    approval === undefined ? '' : `approved by an ${approval.role}`,
  ].filter((part) => part !== '');
  return parts.length === 0 ? 'none of its own' : parts.join(', ');
}

const breaches: Readonly<Record<Budget['onBreach'], string>> = {
  pause: 'it pauses',
  stop: 'it stops',
  'roll-back-phase': 'the phase is rolled back',
  'roll-back-all': 'everything is rolled back',
};

/** When a campaign halts by itself; null when it never does. */
export function budgetText({ errorBudget }: Strategy): string | null {
  if (errorBudget === undefined) return null;
  const { share, count, minimumSample, classes = {}, onBreach } = errorBudget;
  const thresholds = (of: { share?: number; count?: number }) => [
    of.share === undefined ? '' : `more than ${shareText(of.share)}`,
    of.count === undefined ? '' : `more than ${countedText(of.count, 'gateway')}`,
  ];
  const parts = [
    ...thresholds({
      ...(share === undefined ? {} : { share }),
      ...(count === undefined ? {} : { count }),
    }),
    ...errorClasses.flatMap((name) =>
      thresholds(classes[name] ?? {})
        .filter((text) => text !== '')
        .map((text) => `${text} with ${name}`),
    ),
  ].filter((part) => part !== '');
  if (parts.length === 0) return null;
  const sample =
    minimumSample === undefined ? '' : `, judged from ${countedText(minimumSample, 'gateway')} on`;
  return `When ${parts.join(' or ')} failed${sample}, ${breaches[onBreach]}.`;
}

/** The phases of a strategy, and when it halts. */
export function strategyText(strategy: Strategy): string {
  const sizes = strategy.phases.map(({ name, count, percent, select }, index) => {
    const size =
      count !== undefined
        ? countedText(count, 'gateway')
        : percent !== undefined
          ? shareText(percent / 100)
          : select;
    return `${name ?? `phase ${index + 1}`} ${size ?? ''}`;
  });
  const phases = sizes.length === 0 ? 'All at once.' : `First ${sizes.join(', then ')}, then the rest.`;
  return [phases, budgetText(strategy)].filter((text) => text !== null).join(' ');
}

export function failedOf({ failed }: Pick<Phase, 'failed'>): number {
  return errorClasses.reduce((sum, name) => sum + failed[name], 0);
}

/** The failures of phases by class, the most frequent first. */
export function failuresOf(
  phases: readonly Phase[],
): { readonly name: ErrorClass; readonly count: number }[] {
  return errorClasses
    .map((name) => ({ name, count: phases.reduce((sum, { failed }) => sum + failed[name], 0) }))
    .filter(({ count }) => count > 0)
    .sort((one, other) => other.count - one.count);
}

export interface PhasePart {
  readonly what: string;
  readonly tone: Tone;
  readonly count: number;
}

/** How the gateways of phases stand. */
export function phaseParts(phases: readonly Phase[]): PhasePart[] {
  const sum = (of: (phase: Phase) => number) => phases.reduce((total, phase) => total + of(phase), 0);
  const parts: PhasePart[] = [
    { what: 'succeeded', tone: 'ok', count: sum(({ succeeded }) => succeeded) },
    { what: 'under way', tone: 'run', count: sum(({ open }) => open) },
    { what: 'not begun', tone: 'wait', count: sum(({ notBegun }) => notBegun) },
    { what: 'left as they were', tone: 'lost', count: sum(({ left }) => left) },
    { what: 'failed', tone: 'bad', count: sum(failedOf) },
  ];
  return parts.filter(({ count }) => count > 0);
}

/** Whether asking something of a campaign changes anything in a state. */
export function verbIsOffered(state: CampaignState, verb: CampaignVerb): boolean {
  return verbRules[verb].from.includes(state);
}
