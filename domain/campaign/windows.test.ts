import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Windows } from './strategy.js';
import { dayAt, isTimeZone, localMs, momentOf, parseDay, weekdayOf } from './time-zone.js';
import {
  openIntervals,
  phaseWindow,
  requireWindows,
  switchWindows,
  zoneOf,
  type Interval,
} from './windows.js';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const at = (text: string) => Date.parse(text);
const shown = (intervals: readonly Interval[]) =>
  intervals.map(({ fromMs, toMs }) => `${utc(fromMs)} ${utc(toMs)}`);
const utc = (atMs: number) => new Date(atMs).toISOString().slice(0, 16);
const week = (text: string): Interval => ({ fromMs: at(text), toMs: at(text) + 7 * dayMs });
const nights = (from: string, to: string, some: Partial<Windows> = {}): Windows => ({
  weekly: [{ days: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'], from, to }],
  ...some,
});
/** A text of ISO 8601 in a zone as days and minutes. */
const local = (zone: string, text: string) => {
  const [date = '', time = ''] = text.split('T');
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  return utc(momentOf(zone, parseDay(date) ?? NaN, hours * 60 + minutes));
};

describe('clocks that change', () => {
  test.each([
    ['Europe/Berlin', 'skipped', '2026-03-29T02:30', '2026-03-29T01:00'],
    ['Europe/Berlin', 'twice', '2026-10-25T02:30', '2026-10-25T00:30'],
    ['America/New_York', 'skipped', '2026-03-08T02:30', '2026-03-08T07:00'],
    ['America/New_York', 'twice', '2026-11-01T01:30', '2026-11-01T05:30'],
    // Half an hour of change.
    ['Australia/Lord_Howe', 'skipped', '2026-10-04T02:15', '2026-10-03T15:30'],
    ['Australia/Lord_Howe', 'twice', '2026-04-05T01:45', '2026-04-04T14:45'],
    ['Asia/Kathmandu', 'as any other', '2026-03-29T02:30', '2026-03-28T20:45'],
  ])('%s: what is %s', (zone, _what, text, expected) => {
    expect(local(zone, text)).toBe(expected);
  });

  test('a window that is skipped as a whole does not open that day; one that is there twice opens once', () => {
    const berlin = nights('02:10', '02:50');
    expect(
      shown(
        openIntervals(berlin, 'Europe/Berlin', {
          fromMs: at('2026-03-28T12:00Z'),
          toMs: at('2026-03-30T12:00Z'),
        }),
      ),
    ).toEqual(['2026-03-30T00:10 2026-03-30T00:50']);
    expect(
      shown(
        openIntervals(berlin, 'Europe/Berlin', {
          fromMs: at('2026-10-24T12:00Z'),
          toMs: at('2026-10-25T12:00Z'),
        }),
      ),
    ).toEqual(['2026-10-25T00:10 2026-10-25T00:50']);
  });

  test('a night is an hour longer or shorter', () => {
    const lengths = (from: string) =>
      openIntervals(nights('22:00', '06:00'), 'Europe/Berlin', week(from)).map(
        ({ fromMs, toMs }) => (toMs - fromMs) / hourMs,
      );
    expect(lengths('2026-03-25T12:00Z')).toEqual([8, 8, 8, 7, 8, 8, 8]);
    expect(lengths('2026-10-21T12:00Z')).toEqual([8, 8, 8, 9, 8, 8, 8]);
  });
});

describe('windows', () => {
  test('go over midnight, meet, and end before they begin: of the next day', () => {
    const windows: Windows = {
      weekly: [
        { days: ['fri'], from: '22:00', to: '24:00' },
        { days: ['sat'], from: '00:00', to: '04:00' },
        { days: ['sun'], from: '10:00', to: '10:00' },
      ],
    };
    expect(shown(openIntervals(windows, 'UTC', week('2026-06-01T12:00Z')))).toEqual([
      '2026-06-05T22:00 2026-06-06T04:00',
      '2026-06-07T10:00 2026-06-08T10:00',
    ]);
  });

  test('one that is open already counts', () => {
    const within = { fromMs: at('2026-06-01T01:30Z'), toMs: at('2026-06-01T12:00Z') };
    expect(shown(openIntervals(nights('23:00', '02:00'), 'UTC', within))).toEqual([
      '2026-05-31T23:00 2026-06-01T02:00',
    ]);
  });

  test('freezes are cut out, whole days in local time', () => {
    const windows = nights('20:00', '23:00', {
      freezes: [
        { from: '2026-06-02', to: '2026-06-03' },
        { from: '2026-06-04T21:00', to: '2026-06-04T22:00' },
      ],
    });
    expect(
      shown(
        openIntervals(windows, 'America/New_York', {
          fromMs: at('2026-06-01T12:00Z'),
          toMs: at('2026-06-05T12:00Z'),
        }),
      ),
    ).toEqual([
      '2026-06-02T00:00 2026-06-02T03:00',
      '2026-06-05T00:00 2026-06-05T01:00',
      '2026-06-05T02:00 2026-06-05T03:00',
    ]);
  });

  test('that never open before the deadline are refused, with the zone', () => {
    const windows = nights('20:00', '23:00', { freezes: [{ from: '2026-05-01', to: '2026-07-01' }] });
    expect(() => requireWindows(windows, ['Asia/Tokyo'], week('2026-06-01T00:00Z'))).toThrow(
      /Asia\/Tokyo no window opens/,
    );
    const { fromMs, toMs } = week('2026-06-01T00:00Z');
    expect(switchWindows(windows, 'Asia/Tokyo', { fromMs, toMs })).toEqual([
      { fromSeconds: toMs / 1_000, toSeconds: toMs / 1_000 + 1 },
    ]);
  });

  test('a phase in several zones: the first opening, and when each has had one', () => {
    const windows = nights('02:00', '04:00');
    const within = week('2026-06-01T12:00Z');
    const { opensAtMs, closesAtMs } = phaseWindow(windows, ['Europe/Berlin', 'America/New_York'], within);
    expect([utc(opensAtMs), utc(closesAtMs)]).toEqual(['2026-06-02T00:00', '2026-06-02T08:00']);
  });

  test('the zone is the label’s, else the strategy’s, else UTC', () => {
    const windows = nights('02:00', '04:00', { zone: 'Europe/Berlin', zoneLabel: 'tz' });
    expect(zoneOf(windows, { tz: 'Asia/Tokyo' })).toEqual({ zone: 'Asia/Tokyo' });
    expect(zoneOf(windows, {})).toEqual({ zone: 'Europe/Berlin' });
    expect(zoneOf(windows, { tz: 'Asia/Tokio' })).toEqual({ zone: 'Europe/Berlin', unknown: 'Asia/Tokio' });
    expect(zoneOf(nights('02:00', '04:00'), { tz: 'Asia/Tokyo' })).toEqual({ zone: 'UTC' });
  });

  test.each([
    ['Europe/Berlin', true],
    ['UTC', true],
    ['Europe/Berln', false],
    ['+01:00', false],
    ['', false],
  ])('%s is a zone: %s', (zone, expected) => {
    expect(isTimeZone(zone)).toBe(expected);
  });
});

const zones = [
  'Europe/Berlin',
  'America/New_York',
  'Australia/Lord_Howe',
  'Asia/Kathmandu',
  'America/St_Johns',
  'Africa/Cairo',
  'Pacific/Chatham',
];
const zone = fc.constantFrom(...zones);
const moment = fc
  .integer({ min: at('2015-01-01T00:00Z') / 60_000, max: at('2037-01-01T00:00Z') / 60_000 })
  .map((minutes) => minutes * 60_000);
const timeOfDay = fc
  .tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }))
  .map(([hour, minute]) => `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`);
const minutes = (text: string) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3));

describe('over years of changes, in all zones', () => {
  test('a moment that clocks show is found again, unless they show it for the second time', () => {
    fc.assert(
      fc.property(zone, moment, (name, atMs) => {
        const shownMs = localMs(name, atMs);
        const day = Math.floor(shownMs / dayMs);
        const found = momentOf(name, day, (shownMs - day * dayMs) / 60_000);
        expect(localMs(name, found)).toBe(shownMs);
        expect(found === atMs || (found < atMs && atMs - found <= 2 * hourMs)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test('moments of one day never go back', () => {
    fc.assert(
      fc.property(zone, moment, fc.integer({ min: 0, max: 1_438 }), (name, atMs, minute) => {
        const day = dayAt(name, atMs);
        expect(momentOf(name, day, minute)).toBeLessThan(momentOf(name, day, minute + 1) + 1);
      }),
      { numRuns: 500 },
    );
  });

  test('where a window is open, clocks show a time in it, or are about to be changed; and the other way about', () => {
    fc.assert(
      fc.property(
        zone,
        moment,
        timeOfDay,
        timeOfDay,
        fc.integer({ min: 0, max: 7 * 24 * 60 }),
        (name, atMs, from, to, later) => {
          const windows = nights(from, to);
          const within = { fromMs: atMs, toMs: atMs + 8 * dayMs };
          const intervals = openIntervals(windows, name, within);
          for (const [index, { fromMs, toMs }] of intervals.entries()) {
            expect(fromMs).toBeLessThan(toMs);
            expect(fromMs).toBeGreaterThan(intervals[index - 1]?.toMs ?? -Infinity);
          }
          const probe = atMs + later * 60_000;
          const isOpen = intervals.some(({ fromMs, toMs }) => fromMs <= probe && probe < toMs);
          const shownMinute = (localMs(name, probe) % dayMs) / 60_000;
          const [start, end] = [minutes(from), minutes(to)];
          const isShown =
            start < end
              ? start <= shownMinute && shownMinute < end
              : shownMinute >= start || shownMinute < end;
          // An hour that is there twice belongs to a window once, from its first start to its first end.
          const changes =
            localMs(name, probe + 3 * hourMs) - localMs(name, probe - 3 * hourMs) !== 6 * hourMs;
          if (!changes) expect(isOpen).toBe(isShown);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('no freeze is open, and a gateway is told at most 64 windows, in whole seconds', () => {
    fc.assert(
      fc.property(zone, moment, fc.integer({ min: 0, max: 20 }), (name, atMs, length) => {
        const day = new Date(atMs).toISOString().slice(0, 10);
        const end = new Date(atMs + length * dayMs).toISOString().slice(0, 10);
        const windows = nights('22:00', '03:00', { freezes: [{ from: day, to: end }] });
        const told = switchWindows(windows, name, { fromMs: atMs - dayMs, toMs: atMs + 200 * dayMs });
        expect(told).toHaveLength(64);
        const frozen = [
          momentOf(name, parseDay(day) ?? 0, 0),
          momentOf(name, (parseDay(end) ?? 0) + 1, 0),
        ] as const;
        for (const { fromSeconds, toSeconds } of told) {
          expect(toSeconds * 1_000 <= frozen[0] || fromSeconds * 1_000 >= frozen[1]).toBe(true);
        }
      }),
      { numRuns: 60 },
    );
  });
});

test('1970 began on a Thursday', () => {
  expect([weekdayOf(0), weekdayOf(-1), weekdayOf(4)]).toEqual([3, 2, 0]);
});
