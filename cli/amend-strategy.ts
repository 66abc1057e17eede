/** Options of a command line as a strategy: what they say comes instead of what a preset or a file says of the same. */
import { parseStrategy } from '../domain/campaign/read-strategy.js';
import { presets } from '../domain/campaign/presets.js';
import { weekdays, type Freeze, type Phase, type Strategy } from '../domain/campaign/strategy.js';
import { badUsage } from './bad-usage.js';
import type { StrategyAmendments } from './strategy-option.js';

type Weekly = NonNullable<Strategy['windows']>['weekly'][number];
type Weekday = (typeof weekdays)[number];

/**
 * @throws CommanderError for an option that cannot be read; LeonoreError STRATEGY_INVALID when the whole cannot be followed
 */
export function amendStrategy(strategy: Strategy, amendments: StrategyAmendments): Strategy {
  const { phase, emergency, deadline } = amendments;
  const { retries, ...others } = strategy;
  return parseStrategy({
    ...others,
    ...(phase === undefined ? {} : { phases: phase.map(phaseOf) }),
    ...part('gate', strategy.gate, gateOf(amendments)),
    ...budgetOf(strategy, amendments),
    ...retriesOf(retries, amendments),
    ...windowsOf(strategy, amendments),
    ...part('speed', strategy.speed, speedOf(amendments)),
    ...(emergency === undefined ? {} : { priority: 'emergency', skip: ['phases', 'windows'] }),
    ...(deadline === undefined ? {} : { deadlineHours: Math.ceil(deadline / 3_600) }),
  });
}

/** A part of the strategy with what options say of it; without it, when neither says anything. */
function part(name: string, stated: object | undefined, said: object): object {
  return Object.keys(said).length === 0 ? {} : { [name]: { ...stated, ...said } };
}

function gateOf({ success, bake, approval }: StrategyAmendments): object {
  return {
    ...(success === undefined ? {} : { successShare: shareOf('--success', success) }),
    ...(bake === undefined ? {} : { bakeMinutes: Math.ceil(bake / 60) }),
    ...(approval === undefined ? {} : { approval: { role: approval } }),
  };
}

/** A number instead of a percentage, and the other way about: what was stated of the other holds no more. */
function budgetOf({ errorBudget }: Strategy, { budget, onBreach }: StrategyAmendments): object {
  if (budget === undefined && onBreach === undefined) return {};
  const { share, count, minimumSample, ...others } = errorBudget ?? { onBreach: 'pause' as const };
  const sample = minimumSample === undefined ? {} : { minimumSample };
  const stated = {
    ...(share === undefined ? {} : { share, ...sample }),
    ...(count === undefined ? {} : { count }),
  };
  const said =
    budget === undefined
      ? stated
      : budget.endsWith('%')
        ? { share: shareOf('--budget', budget), ...sample }
        : { count: numberOf('--budget', budget) };
  return { errorBudget: { ...others, ...said, ...(onBreach === undefined ? {} : { onBreach }) } };
}

function retriesOf(stated: Strategy['retries'], { retries }: StrategyAmendments): object {
  if (retries === 0) return {};
  const whole =
    retries === undefined ? stated : { ...(stated ?? presets['all-at-once'].retries), most: retries };
  return whole === undefined ? {} : { retries: whole };
}

function windowsOf({ windows }: Strategy, { window, zone, zoneLabel, freeze }: StrategyAmendments): object {
  const said = {
    ...(window === undefined ? {} : { weekly: window.map(weeklyOf) }),
    ...(zone === undefined ? {} : { zone }),
    ...(zoneLabel === undefined ? {} : { zoneLabel }),
    ...(freeze === undefined ? {} : { freezes: freeze.map(freezeOf) }),
  };
  if (windows === undefined && window === undefined && Object.keys(said).length > 0)
    throw badUsage(
      '--zone, --zone-label and --freeze are about windows: give --window, or a strategy that has some',
    );
  return part('windows', windows, said);
}

function speedOf({ perMinute, atATime }: StrategyAmendments): object {
  const [, label = '', most = ''] = /^(.+)=(\d+)$/.exec(atATime ?? '') ?? [];
  if (atATime !== undefined && label === '')
    throw badUsage(`--at-a-time ${atATime}: it must be a label and a number, such as site=20`);
  return {
    ...(perMinute === undefined ? {} : { gatewaysPerMinute: perMinute }),
    ...(atATime === undefined ? {} : { downloadsByLabel: { label, most: Number(most) } }),
  };
}

function phaseOf(text: string): Phase {
  if (/^\d+$/.test(text)) return { count: Number(text) };
  if (/^[\d.]+%$/.test(text)) return { percent: percentOf('--phase', text) };
  return { select: text };
}

function shareOf(option: string, text: string): number {
  // 5 % is 0.05, whatever binary fractions make of it.
  return Number((percentOf(option, text) / 100).toFixed(8));
}

function percentOf(option: string, text: string): number {
  const [, number] = /^(\d+(?:\.\d+)?)%$/.exec(text) ?? [];
  if (number === undefined || Number(number) > 100)
    throw badUsage(`${option} ${text}: it must be a percentage up to 100%, such as 5%`);
  return Number(number);
}

function numberOf(option: string, text: string): number {
  if (!/^\d+$/.test(text))
    throw badUsage(`${option} ${text}: it must be a number, such as 3, or a percentage, such as 5%`);
  return Number(text);
}

/** `DAYS FROM-TO`; the days are `daily`, or days and ranges of them, separated by commas. */
function weeklyOf(text: string): Weekly {
  const [, named = '', from = '', to = ''] = /^(\S+) (\d\d:\d\d)-(\d\d:\d\d)$/.exec(text) ?? [];
  const days = named === 'daily' ? [...weekdays] : named.split(',').flatMap(daysOf);
  if (days.length === 0)
    throw badUsage(`--window ${text}: it must be days and times, such as "mon-fri,sun 22:00-05:00"`);
  return { days: [...new Set(days)], from, to };
}

/** A day, or a range of days that may go over the end of the week; none when it is neither. */
function daysOf(text: string): Weekday[] {
  const [first, last = first, ...more] = text
    .split('-')
    .map((name) => weekdays.findIndex((day) => day === name));
  if (first === undefined || last === undefined || first < 0 || last < 0 || more.length > 0) return [];
  const count = ((last - first + weekdays.length) % weekdays.length) + 1;
  return [...weekdays, ...weekdays].slice(first, first + count);
}

function freezeOf(text: string): Freeze {
  const [from = '', to = '', ...more] = text.split('..');
  if (from === '' || to === '' || more.length > 0)
    throw badUsage(`--freeze ${text}: it must be two days, such as 2026-12-20..2027-01-03`);
  return { from, to };
}
