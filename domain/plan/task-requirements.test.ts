import { describe, expect, test } from '@jest/globals';
import { artifact, needs, run } from '../resolver/testing/builders.js';
import { limits } from '../limits.js';
import { taskRequirements } from './task-requirements.js';

const lib = artifact('lib@1.2.0');

function requirementsOf(app: ReturnType<typeof artifact>, provided: readonly string[] = []) {
  const [plan] = run([app, lib], null, 'app').plans;
  if (plan === undefined) throw new Error('there is no plan');
  return taskRequirements(plan, [app, lib], new Set(provided));
}

describe('what gateways hold against every later end', () => {
  test('is what an artifact needs of another', () => {
    expect(requirementsOf(artifact('app@1.0.0', { requires: needs('lib@^1') }))).toEqual([
      { artifact: 'app', name: 'lib', range: '^1' },
    ]);
    expect(requirementsOf(artifact('app@1.0.0', { requires: needs('lib') }))).toEqual([
      { artifact: 'app', name: 'lib', range: '*' },
    ]);
  });

  test('is not what can hold in another way, too', () => {
    const required = artifact('app@1.0.0', { requires: needs('lib@^1') });
    expect(requirementsOf(required, ['lib'])).toEqual([]);
    expect(requirementsOf(artifact('app@1.0.0', { requires: [{ name: 'lib', optional: true }] }))).toEqual(
      [],
    );
    expect(
      requirementsOf(artifact('app@1.0.0', { requires: [{ anyOf: needs('lib@^1', 'other') }] })),
    ).toEqual([]);
  });

  test('is kept small: a gateway reads it in a shell', () => {
    const many = Array.from({ length: 500 }, () => ({ name: 'lib', version: '^1' }));
    expect(requirementsOf(artifact('app@1.0.0', { requires: many }))).toHaveLength(
      limits.taskRequirements.most,
    );
    const long = Array.from({ length: 100 }, () => '^1').join(' || ');
    expect(requirementsOf(artifact('app@1.0.0', { requires: needs(`lib@${long}`) }))).toEqual([]);
  });
});
