import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createCatalog } from './create-catalog.js';
import { resolve } from './resolve.js';
import { artifact, gateway, needs, sized } from './testing/builders.js';

const installed = (sizes: readonly number[]) =>
  sizes.map((installedSize, index) => ({
    name: `old-${index}`,
    version: '1.0.0',
    installedSize,
    requested: true,
  }));

/** Plans for an application of which download and files take `peak` bytes. */
function plansFor(sizes: readonly number[], diskFree: number, peak: number, maxPlans: number) {
  const catalog = createCatalog([artifact('new@1.0.0', sized(1, peak - 1))]);
  const profile = gateway({ hardware: { diskFree }, installed: installed(sizes) });
  return resolve({ catalog, gateway: profile, requests: [{ name: 'new', range: '*' }], maxPlans }).plans;
}

/** As few as free enough: the heaviest first. */
function fewest(sizes: readonly number[], diskFree: number, peak: number): number {
  let free = diskFree;
  let count = 0;
  for (const size of sizes.toSorted((left, right) => right - left)) {
    if (free >= peak) break;
    free += size;
    count += 1;
  }
  return count;
}

describe('making room', () => {
  const sizes = [40, 70, 90, 110, 130, 170, 190, 230, 260, 290, 310, 370].map((size) => size * 1_000);

  test.each([
    [24, 2_000_000, 7],
    [48, 4_000_000, 13],
    [108, 9_000_000, 28],
  ])('of %i packages as few go as can, whatever is asked besides', (count, peak, least) => {
    const all = Array.from({ length: count }, (_, index) => sizes[index % sizes.length] ?? 0);
    expect(fewest(all, 20_000, peak)).toBe(least);
    const [one] = plansFor(all, 20_000, peak, 1);
    expect(one?.remove).toHaveLength(least);
    expect(one).toMatchObject({ optimal: 'proven', consent: one?.remove });
    expect(plansFor(all, 20_000, peak, 4)[0]).toEqual(one);
  });

  test('any sizes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 100_000 }), { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 0, max: 100_000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (some, diskFree, part) => {
          const total = some.reduce((sum, size) => sum + size, 0);
          const peak = diskFree + Math.max(1, Math.floor(total * part));
          const [plan] = plansFor(some, diskFree, peak, 1);
          expect(plan?.remove).toHaveLength(fewest(some, diskFree, peak));
          expect(plan?.optimal).toBe('proven');
        },
      ),
      { numRuns: 200 },
    );
  });

  test('what several packages need goes only when all of them go', () => {
    const catalog = createCatalog([
      artifact('new@1.0.0', sized(0, 100)),
      artifact('lib@1.0.0'),
      ...['a', 'b', 'c'].map((name) => artifact(`${name}@1.0.0`, { requires: needs('lib') })),
      artifact('d@1.0.0'),
    ]);
    const there = ['a', 'b', 'c', 'd'].map((name) => ({ name, version: '1.0.0', installedSize: 30 }));
    const lib = { name: 'lib', version: '1.0.0', installedSize: 60, requested: false };
    const profile = gateway({ hardware: { diskFree: 40 }, installed: [...there, lib] });
    const { plans } = resolve({
      catalog,
      gateway: profile,
      requests: [{ name: 'new', range: '*' }],
      maxPlans: 1,
    });
    // The library is the heaviest, and yet two others are fewer than the three that need it.
    expect(plans[0]).toMatchObject({ optimal: 'proven', remove: expect.not.arrayContaining(['lib@1.0.0']) });
    expect(plans[0]?.remove).toHaveLength(2);
  });
});

describe('consent', () => {
  const catalog = createCatalog([artifact('app@1.0.0', sized(0, 10)), artifact('app@2.0.0', sized(0, 50))]);
  const profile = (requested: boolean) =>
    gateway({
      hardware: { diskFree: 20 },
      installed: [{ name: 'old', version: '1.0.0', installedSize: 40, requested }],
    });
  const first = (requested: boolean, allowRemove: boolean) =>
    resolve({
      catalog,
      gateway: profile(requested),
      requests: [{ name: 'app', range: '*' }],
      allowRemove,
    }).plans[0];

  test('an older version is preferred to taking away what was asked for', () => {
    expect(first(true, false)).toMatchObject({ install: ['app@1.0.0'], remove: [], consent: [] });
  });

  test('with consent the newest comes first, and what it takes away is named', () => {
    expect(first(true, true)).toMatchObject({
      install: ['app@2.0.0'],
      remove: ['old@1.0.0'],
      consent: ['old@1.0.0'],
    });
  });

  test('what nobody asked for may go without', () => {
    expect(first(false, false)).toMatchObject({ install: ['app@2.0.0'], remove: ['old@1.0.0'], consent: [] });
  });
});
