import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { propertyRuns } from '../../tests/support/property-runs.js';
import { createCatalog } from './create-catalog.js';
import { resolve } from './resolve.js';
import { gateway } from './testing/builders.js';
import { checkPlan } from './testing/check-plan.js';
import { hasPlan } from './testing/logic-oracle.js';
import { Oracle, compareCosts, type Case, type State } from './testing/oracle.js';
import { randomCase } from './testing/random-case.js';

function better(left: State, right: State, oracle: Oracle): boolean {
  return compareCosts(oracle.cost(left), oracle.cost(right)) < 0;
}

function bestOf(states: readonly State[], oracle: Oracle): State | undefined {
  let best: State | undefined;
  for (const state of states) if (best === undefined || better(state, best, oracle)) best = state;
  return best;
}

function check(subject: Case): void {
  const { catalog, gateway, requests } = subject;
  const { plans, explanation } = resolve({ catalog: createCatalog(catalog), gateway, requests });
  const oracle = new Oracle(subject);
  const states = [...oracle.states()];

  // Complete: a plan is found exactly when there is one.
  expect(plans.length > 0).toBe(states.length > 0);
  expect(explanation === null).toBe(plans.length > 0);

  const reached = plans.map((plan) => oracle.stateOf(plan));
  for (const [index, state] of reached.entries()) {
    const plan = plans[index];
    if (plan === undefined) continue;
    expect(oracle.isValid(state)).toBe(true);
    checkPlan(plan, subject);
    expect(plan.peakDisk).toBeLessThanOrEqual(gateway.hardware.diskFree ?? Infinity);
    const installed = (gateway.installed ?? []).map(({ name, version }) => `${name}@${version}`);
    expect([...plan.keep, ...plan.remove].sort()).toEqual(installed.sort());
  }
  expect(new Set(reached.map(({ install }) => install.join(' '))).size).toBe(plans.length);

  // Ranked: the first is the best there is, and the second the best of what lacks a part of the first.
  const [first, second] = reached;
  if (first === undefined || oracle.hasLooseEnds()) return;
  const best = bestOf(states, oracle);
  expect(oracle.cost(first)).toEqual(best === undefined ? [] : oracle.cost(best));
  const others = states.filter((state) => first.install.some((key) => !state.install.includes(key)));
  const next = bestOf(others, oracle);
  if (next === undefined) return;
  expect(second).toBeDefined();
  if (second !== undefined) {
    expect(compareCosts(oracle.cost(second), oracle.cost(next))).toBeLessThanOrEqual(0);
    expect(compareCosts(oracle.cost(first), oracle.cost(second))).toBeLessThanOrEqual(0);
  }
}

/** The runs share a machine with others: an ordinary time limit would tell of its load. */
const patienceMs = 120_000;

describe('resolve, judged by an oracle that tries everything', () => {
  test(
    'three names',
    () => {
      fc.assert(fc.property(randomCase(3), check), { numRuns: propertyRuns(2_000) });
    },
    patienceMs,
  );

  test(
    'four names',
    () => {
      fc.assert(fc.property(randomCase(4), check), { numRuns: propertyRuns(600) });
    },
    patienceMs,
  );

  test(
    'nine names, by a solver of others',
    () => {
      fc.assert(
        fc.property(randomCase(9), ({ catalog, requests }) => {
          const { plans } = resolve({
            catalog: createCatalog(catalog),
            gateway: gateway(),
            requests,
            maxPlans: 1,
          });
          expect(plans.length > 0).toBe(hasPlan(catalog, requests, 'armv7'));
        }),
        { numRuns: propertyRuns(400) },
      );
    },
    patienceMs,
  );
});
