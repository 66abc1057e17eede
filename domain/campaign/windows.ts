/**
 * When gateways of a zone may switch. Windows are stated in local time and computed to intervals in UTC, which is what a
 * gateway is told: it needs to know nothing of zones. Not for workflows: zones are as the machine's Intl knows them.
 */
import type { SwitchWindow } from '../agent-protocol/messages.js';
import { LeonoreError } from '../errors.js';
import type { Labels } from '../gateway/labels.js';
import { limits } from '../limits.js';
import type { PhaseWindow } from './facts.js';
import { strategyDefaults, weekdays, type Freeze, type Windows } from './strategy.js';
import { dayAt, isTimeZone, momentOf, parseDay, weekdayOf, type CalendarDay } from './time-zone.js';

/** From a moment up to, and without, another; ms since 1970. */
export interface Interval {
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * The zone of a gateway: what its label names, otherwise that of the strategy, otherwise UTC.
 * @returns with `unknown`, what the label says, when that is no zone
 */
export function zoneOf(
  windows: Windows,
  labels: Labels,
): { readonly zone: string; readonly unknown?: string } {
  const stated = windows.zone ?? strategyDefaults.zone;
  const named = windows.zoneLabel === undefined ? undefined : labels[windows.zoneLabel];
  if (named === undefined || named === '') return { zone: stated };
  return isTimeZone(named) ? { zone: named } : { zone: stated, unknown: named };
}

/**
 * The intervals in which windows of a zone are open, ascending, apart from each other, and without those that ended before:
 * the first ones of them that open before a moment.
 * @param most how many are asked for
 */
export function openIntervals(
  windows: Windows,
  zone: string,
  { fromMs, toMs }: Interval,
  most: number = limits.switchWindows,
): Interval[] {
  const frozen = merged((windows.freezes ?? []).map((freeze) => frozenInterval(freeze, zone)));
  const last = dayAt(zone, toMs);
  let stated: Interval[] = [];
  let open: Interval[] = [];
  // From the day before: its windows may go over midnight.
  for (let day = dayAt(zone, fromMs) - 1; day <= last; day += 1) {
    stated = merged([...stated, ...intervalsOf(windows, zone, day)]);
    open = without(stated, frozen).filter((interval) => interval.toMs > fromMs && interval.fromMs < toMs);
    // The last one may go on into the next day.
    if (open.length > most) break;
  }
  return open.slice(0, most);
}

/**
 * What a gateway of the zone is told, until a deadline. Where no window opens before that it is told one that opens at it, so
 * that it does not switch: a gateway without windows would switch at any time.
 */
export function switchWindows(windows: Windows, zone: string, within: Interval): SwitchWindow[] {
  const open = openIntervals(windows, zone, within);
  const told = open.length === 0 ? [{ fromMs: within.toMs, toMs: within.toMs + 1_000 }] : open;
  return told.map(({ fromMs, toMs }) => ({
    fromSeconds: Math.ceil(fromMs / 1_000),
    toSeconds: Math.floor(toMs / 1_000),
  }));
}

/**
 * The next windows of gateways in several zones, seen together.
 * @param within from now to the deadline of the campaign
 * @param nextOf the next window of a zone, for who has it already
 * @returns opening at the deadline when none opens before it
 */
export function phaseWindow(
  windows: Windows,
  zones: Iterable<string>,
  within: Interval,
  nextOf = (zone: string): Interval | undefined => openIntervals(windows, zone, within, 1)[0],
): PhaseWindow {
  let [opensAtMs, closesAtMs] = [within.toMs, within.fromMs];
  for (const zone of new Set(zones)) {
    const next = nextOf(zone);
    if (next === undefined) continue;
    opensAtMs = Math.min(opensAtMs, next.fromMs);
    closesAtMs = Math.max(closesAtMs, next.toMs);
  }
  return { opensAtMs, closesAtMs: Math.max(opensAtMs, closesAtMs) };
}

/** @throws LeonoreError WINDOW_NEVER_OPENS when a zone has no window before the deadline */
export function requireWindows(windows: Windows, zones: Iterable<string>, within: Interval): void {
  for (const zone of new Set(zones)) {
    if (openIntervals(windows, zone, within, 1).length === 0) throw neverOpens(zone, within);
  }
}

function neverOpens(zone: string, { fromMs, toMs }: Interval): LeonoreError {
  const [from, to] = [new Date(fromMs).toISOString(), new Date(toMs).toISOString()];
  return new LeonoreError('WINDOW_NEVER_OPENS', `in ${zone} no window opens between ${from} and ${to}`, {
    zone,
    from,
    to,
  });
}

function intervalsOf({ weekly }: Windows, zone: string, day: CalendarDay): Interval[] {
  const name = weekdays[weekdayOf(day)];
  return weekly
    .filter(({ days }) => days.some((each) => each === name))
    .map(({ from, to }) => {
      const [start, end] = [minuteOfDay(from), minuteOfDay(to)];
      return {
        fromMs: momentOf(zone, day, start),
        toMs: end > start ? momentOf(zone, day, end) : momentOf(zone, day + 1, end),
      };
    })
    .filter(({ fromMs, toMs }) => fromMs < toMs);
}

/** `HH:MM` in minutes after midnight. */
function minuteOfDay(text: string): number {
  const [hours = 0, minutes = 0] = text.split(':').map(Number);
  return hours * 60 + minutes;
}

function frozenInterval({ from, to }: Freeze, zone: string): Interval {
  return { fromMs: localMoment(from, zone, 0), toMs: localMoment(to, zone, 24 * 60) };
}

/** @param wholeDay minute that a day without a time of day stands for */
function localMoment(text: string, zone: string, wholeDay: number): number {
  const [date = '', time] = text.split('T');
  const day = parseDay(date);
  if (day === null) throw new LeonoreError('STRATEGY_INVALID', `there is no day ${date}`);
  return momentOf(zone, day, time === undefined ? wholeDay : minuteOfDay(time));
}

/** Ascending; those that meet or overlap are one. */
function merged(intervals: readonly Interval[]): Interval[] {
  const result: Interval[] = [];
  for (const next of [...intervals].sort((left, right) => left.fromMs - right.fromMs)) {
    const last = result.at(-1);
    if (last === undefined || next.fromMs > last.toMs) result.push(next);
    else result[result.length - 1] = { fromMs: last.fromMs, toMs: Math.max(last.toMs, next.toMs) };
  }
  return result;
}

function without(intervals: readonly Interval[], frozen: readonly Interval[]): Interval[] {
  return intervals.flatMap((interval) => {
    const left: Interval[] = [];
    let { fromMs } = interval;
    for (const { fromMs: freezes, toMs: thaws } of frozen) {
      if (thaws <= fromMs || freezes >= interval.toMs) continue;
      if (freezes > fromMs) left.push({ fromMs, toMs: freezes });
      fromMs = Math.max(fromMs, thaws);
    }
    if (fromMs < interval.toMs) left.push({ fromMs, toMs: interval.toMs });
    return left;
  });
}
