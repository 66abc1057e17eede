import { describe, expect, test } from '@jest/globals';
import { presets } from '../domain/campaign/presets.js';
import type { Strategy } from '../domain/campaign/strategy.js';
import { amendStrategy } from './amend-strategy.js';
import type { StrategyAmendments } from './strategy-option.js';

const { retries } = presets['all-at-once'];

describe('options of a strategy', () => {
  test('say all of it where no preset does', () => {
    const said: StrategyAmendments = {
      phase: ['20', '5%', 'labels.site == "lab"'],
      success: '95%',
      bake: 1_800,
      approval: 'admin',
      budget: '7%',
      onBreach: 'roll-back-all',
      window: ['mon-wed,sun 22:00-05:00', 'daily 12:00-12:30', 'sat-mon 01:00-02:00'],
      zone: 'Europe/Berlin',
      zoneLabel: 'tz',
      freeze: ['2026-12-20..2027-01-03'],
      perMinute: 500,
      atATime: 'site=20',
      deadline: 86_400,
    };
    const expected: Strategy = {
      phases: [{ count: 20 }, { percent: 5 }, { select: 'labels.site == "lab"' }],
      gate: { successShare: 0.95, bakeMinutes: 30, approval: { role: 'admin' } },
      errorBudget: { share: 0.07, onBreach: 'roll-back-all' },
      retries,
      windows: {
        zone: 'Europe/Berlin',
        zoneLabel: 'tz',
        weekly: [
          { days: ['mon', 'tue', 'wed', 'sun'], from: '22:00', to: '05:00' },
          { days: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'], from: '12:00', to: '12:30' },
          { days: ['sat', 'sun', 'mon'], from: '01:00', to: '02:00' },
        ],
        freezes: [{ from: '2026-12-20', to: '2027-01-03' }],
      },
      speed: { gatewaysPerMinute: 500, downloadsByLabel: { label: 'site', most: 20 } },
      deadlineHours: 24,
    };
    expect(amendStrategy(presets['all-at-once'], said)).toEqual(expected);
  });

  test('come instead of what a preset says of the same, and leave the rest', () => {
    const { canary } = presets;
    expect(amendStrategy(canary, { bake: 3_600 })).toEqual({
      ...canary,
      gate: { ...canary.gate, bakeMinutes: 60 },
    });
    // A number instead of a share: neither that nor its sample holds any more.
    expect(amendStrategy(canary, { budget: '3' }).errorBudget).toEqual({
      count: 3,
      onBreach: 'roll-back-all',
    });
    expect(amendStrategy(canary, { onBreach: 'stop' }).errorBudget).toEqual({
      ...canary.errorBudget,
      onBreach: 'stop',
    });
    expect(amendStrategy(canary, { retries: 5 }).retries).toEqual({ ...retries, most: 5 });
    expect(amendStrategy(canary, { retries: 0 })).not.toHaveProperty('retries');
    expect(amendStrategy(canary, { emergency: true })).toMatchObject({
      priority: 'emergency',
      skip: ['phases', 'windows'],
    });
  });

  test.each<[string, StrategyAmendments, string]>([
    ['a percentage over 100', { success: '101%' }, '--success 101%: it must be a percentage up to 100%'],
    ['a share that is none', { success: '0.9' }, '--success 0.9: it must be a percentage'],
    ['a budget that is none', { budget: 'few' }, '--budget few: it must be a number'],
    ['a day that there is not', { window: ['mon-fry 22:00-05:00'] }, 'it must be days and times'],
    ['no days', { window: ['22:00-05:00'] }, 'it must be days and times'],
    ['a range of three days', { window: ['mon-wed-fri 22:00-05:00'] }, 'it must be days and times'],
    ['a time that there is not', { window: ['mon 25:00-26:00'] }, 'windows.weekly[0].from'],
    ['a zone without a window', { zone: 'UTC' }, 'give --window'],
    [
      'a zone that there is not',
      { window: ['mon 01:00-02:00'], zone: 'Europe/Berln' },
      'did you mean "Europe/Berlin"?',
    ],
    ['a freeze of one day', { window: ['mon 01:00-02:00'], freeze: ['2026-12-24'] }, 'it must be two days'],
    ['a limit without a label', { atATime: '20' }, 'it must be a label and a number'],
    [
      'percentages over 100 together',
      { phase: ['60%', '50%'] },
      'phases[1].percent: the percentages add up to 110',
    ],
    ['an empty phase', { phase: ['0'] }, 'phases[0].count: must be >= 1'],
    ['a selector that cannot be read', { phase: ['labels.site =='] }, 'phases[0].select: '],
  ])('are refused with what is wrong: %s', (_what, said, expected) => {
    expect(() => amendStrategy({ phases: [] }, said)).toThrow(expected);
  });
});
