import { expect, test } from '@jest/globals';
import { artifact, needs, run } from '../resolver/testing/builders.js';
import { planRisks } from './plan-risks.js';
import type { Plan } from './plan.js';

const plan = (some: Partial<Plan>): Plan => ({
  artifacts: [],
  install: [],
  remove: [],
  keep: [],
  downloadSize: 0,
  installedSize: 0,
  peakDisk: 0,
  removeFirst: false,
  tree: [],
  ...some,
});

test('an older version in the place of a newer one is a risk, a newer one is none', () => {
  expect(planRisks(plan({ install: ['app@1.9.0'], remove: ['app@1.10.0'] }))).toEqual([
    { kind: 'downgrade', what: 'app from 1.10.0 to 1.9.0' },
  ]);
  expect(planRisks(plan({ install: ['app@2.0.0'], remove: ['app@1.0.0', 'old@3.0.0'] }))).toEqual([]);
  // What is no version is not compared.
  expect(planRisks(plan({ install: ['app@1.0.0'], remove: ['app@nightly'] }))).toEqual([]);
});

test('so is what was asked for and goes', () => {
  expect(planRisks(plan({ remove: ['old@1.0.0'], consent: ['old@1.0.0'] }))).toEqual([
    { kind: 'removal', what: 'old@1.0.0, which was asked for' },
  ]);
});

test('what a plan needs in an older version is named, too', () => {
  const catalog = [artifact('app@1.0.0', { requires: needs('lib@^1') }), artifact('lib@1.0.0')];
  const [best] = run(catalog, null, 'app').plans;
  if (best === undefined) throw new Error('there is no plan');
  expect(planRisks({ ...best, remove: ['lib@2.0.0'] })).toEqual([
    { kind: 'downgrade', what: 'lib from 2.0.0 to 1.0.0' },
  ]);
});
