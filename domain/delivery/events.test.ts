import { describe, expect, test } from '@jest/globals';
import { deliveryEvents, deliveryTransitions, mayReport, type DeliveryEvent } from './events.js';
import {
  deliveryStates,
  endedStates,
  isEnded,
  openStates,
  reportableStates,
  taskStates,
  workStates,
  type DeliveryState,
} from './state.js';

/** Written by hand, not derived: what each event makes of a delivery in each state; what is missing cannot happen. */
const table: Readonly<Record<DeliveryState, Readonly<Partial<Record<DeliveryEvent, DeliveryState>>>>> = {
  pending: {
    incompatible: 'incompatible',
    satisfied: 'succeeded',
    unserved: 'failed',
    offered: 'offered',
    silent: 'lost',
    cancelled: 'cancelled',
    superseded: 'superseded',
    decommissioned: 'cancelled',
  },
  offered: {
    incompatibleNow: 'incompatible',
    satisfiedNow: 'succeeded',
    unservedNow: 'failed',
    answered: 'succeeded',
    downloading: 'downloading',
    installing: 'installing',
    succeeded: 'succeeded',
    failed: 'failed',
    silent: 'lost',
    cancelled: 'cancelled',
    superseded: 'superseded',
    decommissioned: 'cancelled',
  },
  downloading: {
    incompatibleNow: 'incompatible',
    satisfiedNow: 'succeeded',
    unservedNow: 'failed',
    answered: 'succeeded',
    installing: 'installing',
    succeeded: 'succeeded',
    failed: 'failed',
    silent: 'lost',
    cancelled: 'cancelled',
    superseded: 'superseded',
    decommissioned: 'cancelled',
  },
  installing: {
    incompatibleNow: 'incompatible',
    satisfiedNow: 'succeeded',
    unservedNow: 'failed',
    answered: 'succeeded',
    succeeded: 'succeeded',
    failed: 'failed',
    silent: 'lost',
    decommissioned: 'cancelled',
  },
  lost: { succeeded: 'succeeded', failed: 'failed' },
  cancelled: { succeeded: 'succeeded', failed: 'failed' },
  superseded: { succeeded: 'succeeded', failed: 'failed' },
  succeeded: {},
  failed: {},
  incompatible: {},
};

const events = Object.keys(deliveryEvents) as DeliveryEvent[];
const matrix = deliveryStates.flatMap((state) => events.map((event) => [state, event] as const));

test.each(matrix)('%s, %s', (state, event) => {
  const rule = deliveryEvents[event];
  expect(rule.from.includes(state) ? rule.to : undefined).toBe(table[state][event]);
});

test.each(deliveryStates)('what may follow %s is what its events lead to', (state) => {
  expect([...deliveryTransitions[state]].sort()).toEqual([...new Set(Object.values(table[state]))].sort());
});

test.each(deliveryStates)('what a gateway may report of %s', (state) => {
  const reportable = reportableStates.filter((to) => mayReport(state, to));
  expect(reportable).toEqual(reportableStates.filter((to) => table[state][to] === to));
});

describe('who makes an event happen, and what is recorded with it', () => {
  test.each<[DeliveryEvent, 'leonore' | 'operator' | 'gateway', 'reason' | 'report' | 'nothing']>([
    ['incompatible', 'leonore', 'nothing'],
    ['satisfied', 'leonore', 'reason'],
    ['unserved', 'leonore', 'reason'],
    ['offered', 'leonore', 'nothing'],
    ['downloading', 'gateway', 'report'],
    ['installing', 'gateway', 'report'],
    ['succeeded', 'gateway', 'report'],
    ['failed', 'gateway', 'report'],
    ['incompatibleNow', 'leonore', 'nothing'],
    ['satisfiedNow', 'leonore', 'reason'],
    ['unservedNow', 'leonore', 'reason'],
    ['answered', 'leonore', 'nothing'],
    ['silent', 'leonore', 'nothing'],
    ['cancelled', 'operator', 'nothing'],
    ['superseded', 'leonore', 'reason'],
    ['decommissioned', 'operator', 'reason'],
  ])('%s', (event, by, records) => {
    expect(deliveryEvents[event]).toMatchObject({ by, records });
  });

  test('a gateway reports what may be reported, and nothing else is by a gateway', () => {
    const byGateways = events.filter((event) => deliveryEvents[event].by === 'gateway');
    expect(byGateways.sort()).toEqual([...reportableStates].sort());
    for (const state of reportableStates) expect(deliveryEvents[state].to).toBe(state);
  });
});

describe('groups of states', () => {
  test('each state is open or ended', () => {
    expect(openStates).toEqual(['pending', 'offered', 'downloading', 'installing']);
    expect(endedStates).toEqual(['succeeded', 'failed', 'incompatible', 'lost', 'cancelled', 'superseded']);
    for (const state of deliveryStates) expect(isEnded(state)).toBe(!openStates.includes(state));
  });

  test('a gateway has a task in the states that it may end by a report, unless they ended already', () => {
    expect(taskStates).toEqual(openStates.filter((state) => mayReport(state, 'succeeded')));
    expect(workStates).toEqual(taskStates.filter((state) => reportableStates.some((own) => own === state)));
  });

  test('what has ended stays ended: only evidence from the gateway corrects what was supposed', () => {
    const supposed: readonly DeliveryState[] = ['lost', 'cancelled', 'superseded'];
    for (const state of endedStates) {
      const next = deliveryTransitions[state];
      expect(next).toEqual(supposed.includes(state) ? ['succeeded', 'failed'] : []);
    }
  });
});
