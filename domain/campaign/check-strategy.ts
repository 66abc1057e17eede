/** What a schema cannot say of a strategy: whether its parts go together. */
import type { PlacePath } from '../artifact/json-places.js';
import { LeonoreError } from '../errors.js';
import { nearestName } from '../nearest-name.js';
import { parseSelector } from '../selector/selector.js';
import { errorClasses } from './error-class.js';
import { exceedsShare } from './share.js';
import {
  gateOf,
  restName,
  strategyDefaults,
  type ErrorBudget,
  type Gate,
  type Strategy,
  type Windows,
} from './strategy.js';
import { isTimeZone, parseDay } from './time-zone.js';
import { counted } from '../units.js';

/** Throws the document's error for a path. */
export type FailAt = (path: PlacePath, message: string) => never;

/**
 * Refuses percentages over 100, phases that cannot have gateways, thresholds of which one makes the other meaningless, zones
 * and days that do not exist, and what is stated without effect.
 */
export function checkStrategy(strategy: Strategy, fail: FailAt): void {
  checkPhases(strategy, fail);
  if (strategy.errorBudget !== undefined) checkBudget(strategy.errorBudget, fail);
  checkGates(strategy, fail);
  checkTimes(strategy, fail);
  if (strategy.windows !== undefined) checkWindows(strategy.windows, fail);
  if (strategy.speed !== undefined && Object.keys(strategy.speed).length === 0) {
    fail(['speed'], 'states no limit; give gatewaysPerMinute or downloadsByLabel, or leave it out');
  }
  if (strategy.skip !== undefined && strategy.priority !== 'emergency') {
    fail(['skip'], 'phases and windows are skipped by `priority: emergency` only');
  }
}

function checkPhases({ phases }: Strategy, fail: FailAt): void {
  let percents = 0;
  const names = new Set<string>([restName]);
  for (const [index, { name, percent, select }] of phases.entries()) {
    if (percents === 100) {
      fail(['phases', index], 'is empty: the phases before it take 100 percent');
    }
    percents = Number((percents + (percent ?? 0)).toFixed(6));
    if (percents > 100) {
      fail(['phases', index, 'percent'], `the percentages add up to ${percents}, more than 100`);
    }
    if (name !== undefined && names.has(name)) {
      fail(['phases', index, 'name'], `another phase is called "${name}"; names are told apart by people`);
    }
    if (name !== undefined) names.add(name);
    if (select !== undefined) checkSelector(select, ['phases', index, 'select'], fail);
  }
}

function checkSelector(select: string, path: PlacePath, fail: FailAt): void {
  try {
    parseSelector(select);
  } catch (error) {
    if (!(error instanceof LeonoreError)) throw error;
    fail(path, error.message);
  }
}

function checkBudget(budget: ErrorBudget, fail: FailAt): void {
  const { share, count, classes = {}, minimumSample } = budget;
  const shares = [share, ...Object.values(classes).map((thresholds) => thresholds.share)];
  if (minimumSample !== undefined && shares.every((each) => each === undefined)) {
    fail(
      ['errorBudget', 'minimumSample'],
      'has no effect: no share is stated that it could be the sample of',
    );
  }
  for (const name of errorClasses) {
    const own = classes[name];
    if (own?.share !== undefined && share !== undefined && own.share > share) {
      fail(
        ['errorBudget', 'classes', name, 'share'],
        `lets ${own.share} fail, but all classes together may only ${share}`,
      );
    }
    if (own?.count !== undefined && count !== undefined && own.count > count) {
      fail(
        ['errorBudget', 'classes', name, 'count'],
        `lets ${own.count} fail, but all classes together may only ${count}`,
      );
    }
  }
}

function checkGates(strategy: Strategy, fail: FailAt): void {
  const stated: [PlacePath, Gate | undefined][] = [
    [['gate'], strategy.gate],
    ...strategy.phases.map(({ gate }, index): [PlacePath, Gate | undefined] => [
      ['phases', index, 'gate'],
      gate,
    ]),
  ];
  const { share, minimumSample = 1 } = strategy.errorBudget ?? {};
  for (const [path, gate] of stated) {
    if (gate?.successShare === undefined || share === undefined || minimumSample > 1) continue;
    const mayFail = 1 - gate.successShare;
    if (exceedsShare(mayFail, share, 1)) {
      const shown = Number(mayFail.toFixed(6));
      fail(
        [...path, 'successShare'],
        `lets ${shown} fail, but the error budget is used up at ${share} already`,
      );
    }
  }
}

function checkTimes(strategy: Strategy, fail: FailAt): void {
  const deadlineHours = strategy.deadlineHours ?? strategyDefaults.deadlineHours;
  const { lostAfterHours, retries } = strategy;
  if (lostAfterHours !== undefined && lostAfterHours > deadlineHours) {
    fail(['lostAfterHours'], `is longer than the campaign may take: ${counted(deadlineHours, 'hour')}`);
  }
  const phases = [...strategy.phases.keys(), strategy.phases.length];
  const bakeMinutes = phases.reduce((sum, index) => sum + (gateOf(strategy, index)?.bakeMinutes ?? 0), 0);
  if (bakeMinutes > deadlineHours * 60) {
    fail(
      ['gate'],
      `the bake times come to ${counted(bakeMinutes, 'minute')}; the campaign may take ${counted(deadlineHours, 'hour')}`,
    );
  }
  if (retries === undefined) return;
  if (retries.longestDelaySeconds < retries.firstDelaySeconds) {
    fail(
      ['retries', 'longestDelaySeconds'],
      `is shorter than the first delay, ${counted(retries.firstDelaySeconds, 'second')}`,
    );
  }
  if (retries.firstDelaySeconds > deadlineHours * 3_600) {
    fail(
      ['retries', 'firstDelaySeconds'],
      `is longer than the campaign may take: ${counted(deadlineHours, 'hour')}`,
    );
  }
}

function checkWindows({ zone, freezes = [] }: Windows, fail: FailAt): void {
  if (zone !== undefined && !isTimeZone(zone)) {
    const near = nearestName(zone, Intl.supportedValuesOf('timeZone'));
    const hint = near === null ? 'name one such as Europe/Berlin' : `did you mean "${near}"?`;
    fail(['windows', 'zone'], `there is no time zone "${zone}"; ${hint}`);
  }
  for (const [index, freeze] of freezes.entries()) {
    for (const side of ['from', 'to'] as const) {
      const date = freeze[side].slice(0, 10);
      if (parseDay(date) === null) fail(['windows', 'freezes', index, side], `there is no day ${date}`);
    }
    if (comparable(freeze.to, 'T24:00') <= comparable(freeze.from, 'T00:00')) {
      fail(['windows', 'freezes', index, 'to'], `is not after ${freeze.from}`);
    }
  }
}

/** Local times in an order; a day stands for its start or its end. */
function comparable(text: string, ofDay: string): string {
  return text.includes('T') ? text : text + ofDay;
}
