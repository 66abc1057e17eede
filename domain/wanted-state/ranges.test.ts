import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import semver from 'semver';
import { commonDemand, isIn, meets, requestOf, type Demand } from './ranges.js';

const version = fc
  .tuple(fc.nat({ max: 3 }), fc.nat({ max: 3 }), fc.nat({ max: 3 }))
  .map((parts) => parts.join('.'));
const simple = fc.oneof(
  version.map((text) => `^${text}`),
  version.map((text) => `~${text}`),
  version,
  version.map((text) => `>=${text}`),
  version.map((text) => `<${text}`),
  fc.tuple(version, version).map(([one, other]) => `${one} - ${other}`),
  fc.constantFrom('*', '1.x', '^1 || ^3'),
);
const range = fc.oneof(
  simple,
  fc.tuple(simple, simple).map((parts) => parts.join(' || ')),
);
const demand = fc
  .tuple(range, version)
  .filter(([text, newest]) => isIn(newest, text))
  .map(([text, newest]): Demand => ({ name: 'app', range: text, version: newest }));

describe('several demands of one artifact', () => {
  test('come to a range that holds what all of them hold', () => {
    fc.assert(
      fc.property(demand, demand, version, (one, other, tried) => {
        const common = commonDemand([one, other]);
        if (common === null) return;
        expect(isIn(tried, common.range)).toBe(isIn(tried, one.range) && isIn(tried, other.range));
      }),
    );
  });

  test('contradict each other only where no version is in both ranges, up to what counts', () => {
    fc.assert(
      fc.property(demand, demand, version, (one, other, tried) => {
        if (commonDemand([one, other]) !== null) return;
        const bound = semver.lt(one.version, other.version) ? one.version : other.version;
        expect(isIn(tried, one.range) && isIn(tried, other.range) && semver.lte(tried, bound)).toBe(false);
      }),
    );
  });

  test('do not hang on their order', () => {
    fc.assert(
      fc.property(demand, demand, (one, other) => {
        const [first, second] = [commonDemand([one, other]), commonDemand([other, one])];
        expect(first?.version).toBe(second?.version);
        expect(first === null).toBe(second === null);
      }),
    );
  });

  test('are asked for with nothing newer than what counts', () => {
    fc.assert(
      fc.property(demand, version, (wanted, tried) => {
        const asked = requestOf(wanted).slice('app@'.length);
        expect(isIn(tried, asked)).toBe(isIn(tried, wanted.range) && semver.lte(tried, wanted.version));
        expect(isIn(wanted.version, asked) && meets(wanted.version, wanted)).toBe(true);
      }),
    );
  });
});

test.each([
  ['^1', '1.5.0', '^2', '2.1.0', null],
  ['^2', '2.1.0', '^2', '2.3.0', '2.3.0'],
  ['~2.1', '2.1.5', '^2', '2.3.0', '2.1.5'],
  ['>=1', '3.0.0', '<2', '1.9.0', '1.9.0'],
  ['~2.1', '2.1.5', '>=2.1.9', '2.3.0', null],
])('%s up to %s and %s up to %s come to %s', (one, newestOfOne, other, newestOfOther, newest) => {
  const demands: [Demand, Demand] = [
    { name: 'app', range: one, version: newestOfOne },
    { name: 'app', range: other, version: newestOfOther },
  ];
  expect(commonDemand(demands)?.version ?? null).toBe(newest);
});
