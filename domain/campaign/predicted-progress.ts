/** How far a campaign would have come at each moment, were all to go well from its start. */
import type { Labels } from '../gateway/labels.js';
import { campaignDeadlineMs } from './decide.js';
import { Forecast, forecastMembers, ForecastWindows, type ForecastInput } from './forecast.js';
import { strategyInForce } from './strategy.js';

/** From this moment on so many have ended, until the next. */
export interface ProgressStep {
  readonly atMs: number;
  readonly ended: number;
}

/** Steps that a prediction is told in: more cannot be told apart in a picture. */
const mostSteps = 200;

/**
 * The steps of a campaign that begins at `nowMs`, in order; at most {@link mostSteps}, the last of which is its end.
 * @throws LeonoreError WINDOW_NEVER_OPENS
 */
export function predictedProgress(
  input: ForecastInput,
  chosen: readonly { readonly name: string; readonly gatewayIds: readonly string[] }[],
  labelsOf: (id: string) => Labels,
): ProgressStep[] {
  const { nowMs } = input;
  const strategy = strategyInForce(input.strategy);
  const windows = new ForecastWindows(strategy, {
    fromMs: nowMs,
    toMs: campaignDeadlineMs(strategy, nowMs),
  });
  const phases = forecastMembers(strategy, windows, chosen, labelsOf);
  const endsAtMs = new Forecast(input, phases, windows).run();
  const ends = phases
    .flatMap(({ members }) => members.flatMap(({ endsAtMs: at, isLate }) => (isLate ? [] : (at ?? []))))
    .sort((one, other) => one - other);
  const steps = ends
    .map((atMs, index) => ({ atMs, ended: index + 1 }))
    // Of those that end at one moment the last says how many.
    .filter(({ atMs }, index) => ends[index + 1] !== atMs);
  const every = Math.ceil(steps.length / (mostSteps - 1));
  const told = steps.filter((_step, index) => (steps.length - 1 - index) % every === 0);
  // Its last gate may hold for longer than its last gateway takes.
  return [...told, { atMs: Math.max(endsAtMs, ends.at(-1) ?? nowMs), ended: ends.length }];
}

/** How many have ended at a moment. */
export function endedAt(steps: readonly ProgressStep[], atMs: number): number {
  return steps.findLast((step) => step.atMs <= atMs)?.ended ?? 0;
}

/**
 * When a campaign ends that has come so far as is said, and goes on as was predicted from there.
 * @param ended how many have
 * @param lastAtMs when the last of them did; when it began, where none has
 */
export function endFrom(
  steps: readonly ProgressStep[],
  startedAtMs: number,
  { ended, lastAtMs }: { readonly ended: number; readonly lastAtMs: number },
): number {
  const end = steps.at(-1)?.atMs ?? startedAtMs;
  const soFar = steps.find((step) => step.ended >= ended)?.atMs ?? end;
  return lastAtMs + end - (ended === 0 ? startedAtMs : soFar);
}
