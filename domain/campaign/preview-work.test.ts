import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { previewWork, type PlannedGroup } from './preview-work.js';
import type { Strategy } from './strategy.js';

const group = (members: readonly string[], some: Partial<PlannedGroup> = {}): PlannedGroup => ({
  members,
  install: ['app@2.0.0'],
  remove: ['app@1.0.0'],
  explanation: null,
  package: { recipe: 'app 2', there: false, bytes: 100 },
  lacking: new Set(),
  ...some,
});
const noPlan = { install: [], remove: [], package: null } as const;
const all: Strategy = { phases: [] };

describe('what a phase is given', () => {
  test('a package is built by the first phase that needs it', () => {
    const planned = [
      group(['a', 'b', 'c']),
      group(['d'], { package: { recipe: 'lib', there: true, bytes: 7 } }),
    ];
    const phases = [{ gatewayIds: ['a'] }, { gatewayIds: ['b', 'c', 'd'] }];
    const [first, second] = previewWork(all, phases, planned, new Map());
    expect(first).toMatchObject({ packagesToBuild: 1, packagesThere: 0, downloadBytes: 100 });
    expect(second).toMatchObject({ packagesToBuild: 0, packagesThere: 2, downloadBytes: 207 });
    expect(second?.groups).toMatchObject([
      { gateways: 2, install: ['app@2.0.0'], remove: ['app@1.0.0'], sample: ['b', 'c'] },
      { gateways: 1, sample: ['d'] },
    ]);
  });

  test('groups that need the same package, and differ in what goes for it, have it built once', () => {
    const planned = [group(['a']), group(['b'], { remove: ['app@1.0.0', 'rival@1.0.0'] })];
    const [only] = previewWork(all, [{ gatewayIds: ['a', 'b'] }], planned, new Map());
    expect(only).toMatchObject({ groupCount: 2, packagesToBuild: 1, packagesThere: 0 });
  });

  test('each line carries what its gateways fetch, by the label of the speed limit, otherwise by "site"', () => {
    const labels = new Map([
      ['a', { site: 'mill', line: 'dsl-1' }],
      ['b', { site: 'mill', line: 'dsl-2' }],
      ['c', { site: 'dam', line: 'dsl-2' }],
      ['e', { site: 'dam' }],
    ]);
    const planned = [
      group(['a', 'b', 'c', 'd', 'e'], { lacking: new Set(['e']) }),
      group(['f'], { ...noPlan, explanation: 'no disk' }),
    ];
    const phases = [{ gatewayIds: ['a', 'b', 'c', 'd', 'e', 'f'] }];
    const told = (strategy: Strategy) => previewWork(strategy, phases, planned, labels)[0];
    expect(told(all)?.sites).toEqual([
      { site: 'mill', gateways: 2, bytes: 200 },
      { site: 'dam', gateways: 1, bytes: 100 },
      { site: '', gateways: 1, bytes: 100 },
    ]);
    const limited = { ...all, speed: { downloadsByLabel: { label: 'line', most: 1 } } };
    expect(told(limited)?.sites[0]).toEqual({ site: 'dsl-2', gateways: 2, bytes: 200 });
    expect(told(all)?.groups).toMatchObject([
      { gateways: 5, lacking: 1 },
      { gateways: 1, explanation: 'no disk', package: null },
    ]);
  });
});

test('however phases divide the gateways, together they are given what a rollout to all of them would give', () => {
  const ids = Array.from({ length: 12 }, (_none, index) => `gw-${index}`);
  fc.assert(
    fc.property(
      fc.array(fc.nat({ max: 3 }), { minLength: 12, maxLength: 12 }),
      fc.array(fc.nat({ max: 3 }), { minLength: 12, maxLength: 12 }),
      (phaseOf, groupOf) => {
        const of = (numbers: readonly number[], wanted: number) =>
          ids.filter((_id, index) => numbers[index] === wanted);
        const planned = [0, 1, 2, 3]
          .map((number) =>
            group(of(groupOf, number), {
              package: { recipe: String(number), there: number === 0, bytes: 10 ** number },
            }),
          )
          .filter(({ members }) => members.length > 0);
        const phases = [0, 1, 2, 3].map((number) => ({ gatewayIds: of(phaseOf, number) }));
        const work = previewWork(all, phases, planned, new Map());
        const sum = (count: (phase: (typeof work)[number]) => number) =>
          work.reduce((total, phase) => total + count(phase), 0);
        expect(sum(({ downloadBytes }) => downloadBytes)).toBe(
          planned.reduce(
            (total, { members, package: needed }) => total + members.length * (needed?.bytes ?? 0),
            0,
          ),
        );
        expect(sum(({ packagesToBuild }) => packagesToBuild)).toBe(
          planned.filter(({ package: needed }) => needed?.there === false).length,
        );
        expect(sum(({ groups }) => groups.reduce((total, { gateways }) => total + gateways, 0))).toBe(12);
      },
    ),
  );
});
