/** Inputs larger than anybody writes by hand, within budgets that only what grows no faster than they do can meet. */
import { describe, expect, test } from '@jest/globals';
import { createCatalog } from './create-catalog.js';
import { resolve } from './resolve.js';
import { artifact, gateway, needs, run, sized } from './testing/builders.js';

describe('resolve with large inputs', () => {
  test('thousands of providers of one name, in many names and in the versions of one', () => {
    const provides = [{ name: 'bus', version: '1.0.0' }];
    const many = Array.from({ length: 5_000 }, (_, index) => index + 1);
    const catalog = [
      artifact('app@1.0.0', { requires: needs('bus') }),
      ...many.map((index) => artifact(`bus-${index}@1.0.0`, { provides, ...sized(index + 1) })),
      ...many.map((index) => artifact(`relay@${index}.0.0`, { provides, ...sized(1) })),
    ];
    const [plan] = resolve({
      catalog: createCatalog(catalog),
      gateway: gateway({ hardware: { diskFree: 1_000 } }),
      requests: [{ name: 'app', range: '*' }],
      maxPlans: 1,
      budget: { work: 5_000_000 },
    }).plans;
    expect(plan).toMatchObject({ install: ['relay@5000.0.0', 'app@1.0.0'], optimal: 'proven' });
  });

  test('thousands of versions of one name whose newest do not fit', () => {
    const versions = Array.from({ length: 5_000 }, (_, index) =>
      artifact(`lib@${index + 1}.0.0`, sized(index < 2_000 ? 1 : 10_000)),
    );
    const [plan] = resolve({
      catalog: createCatalog([artifact('app@1.0.0', { requires: needs('lib') }), ...versions]),
      gateway: gateway({ hardware: { diskFree: 1_000 } }),
      requests: [{ name: 'app', range: '*' }],
      maxPlans: 1,
      budget: { work: 5_000_000 },
    }).plans;
    expect(plan).toMatchObject({ install: ['lib@2000.0.0', 'app@1.0.0'], optimal: 'proven' });
  });

  test('optional requirements in a circle, with nobody who could begin', () => {
    const optional = (name: string) => ({ requires: [{ name, optional: true }] });
    const catalog = [
      artifact('a@1.0.0', optional('b')),
      artifact('b@1.0.0', optional('c')),
      artifact('c@1.0.0', optional('a')),
    ];
    expect(run(catalog, gateway(), 'a').plans[0]).toMatchObject({
      install: expect.arrayContaining(['a@1.0.0', 'b@1.0.0', 'c@1.0.0']) as unknown,
      optimal: 'proven',
    });
  });

  test('ten thousand installed packages, of which the catalog knows none', () => {
    const installed = Array.from({ length: 10_000 }, (_, index) => ({
      name: `p${index}`,
      version: '1.0.0',
      requested: index % 2 === 0,
    }));
    const [plan] = resolve({
      catalog: createCatalog([artifact('app@1.0.0')]),
      gateway: gateway({ installed }),
      requests: [{ name: 'app', range: '*' }],
      maxPlans: 1,
    }).plans;
    expect(plan).toMatchObject({ install: ['app@1.0.0'], remove: [] });
    expect(plan?.keep).toHaveLength(10_000);
  });
});
