import { describe, expect, test } from '@jest/globals';
import type { Resolution } from '../plan/plan.js';
import { artifactKey } from '../artifact/manifest.js';
import { Budget } from './budget.js';
import { createCatalog } from './create-catalog.js';
import { explainUndecided } from './explain.js';
import { gatewayFacts } from './gateway-facts.js';
import { Optimiser, Undecided } from './optimiser.js';
import { Problem } from './problem.js';
import { resolve } from './resolve.js';
import { artifact, gateway, needs, run, sized } from './testing/builders.js';

function installs({ plans }: Resolution): (readonly string[])[] {
  return plans.map((plan) => plan.install);
}

const best = (resolution: Resolution) => resolution.plans[0];

describe('resolve', () => {
  test('installs the newest versions that the ranges select, dependencies first, then what is next best', () => {
    const catalog = [
      artifact('app@1.0.0', { requires: needs('lib@^1') }),
      artifact('app@2.0.0', { requires: needs('lib@^1', 'log') }),
      artifact('lib@1.0.0'),
      artifact('lib@1.5.0', { requires: needs('log@1') }),
      artifact('log@1.0.0'),
      artifact('unrelated@1.0.0'),
    ];
    expect(installs(run(catalog, gateway(), 'app'))).toEqual([
      ['log@1.0.0', 'lib@1.5.0', 'app@2.0.0'],
      ['lib@1.0.0', 'log@1.0.0', 'app@2.0.0'],
      ['log@1.0.0', 'lib@1.5.0', 'app@1.0.0'],
    ]);
  });

  test('several requests hold together', () => {
    const catalog = [
      artifact('a@1.0.0'),
      artifact('a@2.0.0', { conflicts: needs('b@<2') }),
      artifact('b@1.0.0'),
      artifact('b@2.0.0', { requires: needs('a@^1') }),
    ];
    expect(best(run(catalog, gateway(), 'a', 'b'))?.install).toEqual(['a@1.0.0', 'b@2.0.0']);
    expect(best(run(catalog, gateway(), 'a@2', 'b'))).toBeUndefined();
  });

  test('a range selects no prerelease unless it names one or the policy lets it', () => {
    const catalog = [
      artifact('a@1.0.0'),
      artifact('a@2.0.0-rc.1'),
      artifact('a@3.0.0-rc.1', { policies: { prerelease: true } }),
    ];
    expect(best(run(catalog.slice(0, 2), null, 'a'))?.install).toEqual(['a@1.0.0']);
    expect(best(run(catalog.slice(0, 2), null, 'a@>=2.0.0-0'))?.install).toEqual(['a@2.0.0-rc.1']);
    expect(best(run(catalog, null, 'a'))?.install).toEqual(['a@3.0.0-rc.1']);
    expect(run(catalog.slice(1, 2), null, 'a').plans).toEqual([]);
  });

  test('an artifact may meet its own requirement and conflict with what it provides', () => {
    const catalog = [
      artifact('a@1.0.0', {
        requires: needs('driver@1'),
        provides: [{ name: 'driver', version: '1.0.0' }],
        conflicts: needs('driver'),
      }),
    ];
    expect(installs(run(catalog, null, 'a'))).toEqual([['a@1.0.0']]);
  });

  test('the smaller of two equal alternatives is chosen', () => {
    const catalog = [
      artifact('app@1.0.0', { requires: [{ anyOf: needs('jvm@8', 'jvm-compact@8') }] }),
      artifact('jvm@8.0.0', sized(100)),
      artifact('jvm-compact@8.0.0', sized(20)),
    ];
    const { plans } = run(catalog, gateway(), 'app');
    expect(plans.map((plan) => plan.install)).toEqual([
      ['jvm-compact@8.0.0', 'app@1.0.0'],
      ['jvm@8.0.0', 'app@1.0.0'],
    ]);
    expect(plans[0]).toMatchObject({ downloadSize: 20, installedSize: 20, peakDisk: 40, removeFirst: false });
  });

  test('what is installed stays where it can', () => {
    const catalog = [
      artifact('app@1.0.0', { requires: needs('lib') }),
      artifact('lib@1.0.0'),
      artifact('lib@2.0.0'),
      artifact('old@1.0.0', { requires: needs('lib@1') }),
    ];
    const profile = gateway({
      installed: [
        { name: 'lib', version: '1.0.0', requested: false },
        { name: 'old', version: '1.0.0' },
      ],
    });
    const plan = best(run(catalog, profile, 'app'));
    expect(plan).toMatchObject({ install: ['app@1.0.0'], keep: ['lib@1.0.0', 'old@1.0.0'], remove: [] });
    expect(plan?.artifacts).toEqual([
      { name: 'app', version: '1.0.0', variant: 'any', variantIndex: null, requiredBy: ['request'] },
      { name: 'lib', version: '1.0.0', variant: 'installed', variantIndex: null, requiredBy: ['app', 'old'] },
    ]);
    expect(plan?.tree).toEqual([
      {
        name: 'app',
        version: '1.0.0',
        action: 'install',
        requires: [{ name: 'lib', version: '1.0.0', action: 'keep', requires: [] }],
      },
    ]);
  });

  test('a dependency that nothing needs any more goes, and is named as such', () => {
    const catalog = [
      artifact('app@1.0.0', { requires: needs('lib') }),
      artifact('app@2.0.0'),
      artifact('lib@1.0.0'),
    ];
    const profile = gateway({
      installed: [
        { name: 'app', version: '1.0.0' },
        { name: 'lib', version: '1.0.0', requested: false },
      ],
    });
    expect(best(run(catalog, profile, 'app'))).toMatchObject({
      install: ['app@2.0.0'],
      remove: ['app@1.0.0', 'lib@1.0.0'],
      orphans: ['lib@1.0.0'],
    });
  });

  test('nobody knows what a package needs that the catalog lacks, so dependencies stay with it', () => {
    const catalog = [artifact('app@1.0.0')];
    const profile = gateway({
      installed: [
        { name: 'foreign', version: '1.0.0' },
        { name: 'lib', version: '1.0.0', requested: false },
      ],
    });
    expect(best(run(catalog, profile, 'app'))?.remove).toEqual([]);
  });

  test('an installed package that stands in the way is replaced rather than lost', () => {
    const catalog = [
      artifact('app@1.0.0', { requires: needs('lib@2') }),
      artifact('lib@1.0.0'),
      artifact('lib@2.0.0'),
      artifact('other@1.0.0', { requires: needs('lib@1') }),
      artifact('other@1.1.0', { requires: needs('lib') }),
    ];
    const profile = gateway({
      installed: [
        { name: 'lib', version: '1.0.0', requested: false },
        { name: 'other', version: '1.0.0' },
      ],
    });
    expect(best(run(catalog, profile, 'app'))).toMatchObject({
      install: ['lib@2.0.0', 'app@1.0.0', 'other@1.1.0'],
      remove: ['lib@1.0.0', 'other@1.0.0'],
    });
  });

  test('a policy protects a package from removal, not from replacement', () => {
    const old = artifact('old@1.0.0', { policies: { removable: false } });
    const catalog = [artifact('app@1.0.0', { conflicts: needs('old@1') }), old];
    const profile = gateway({ installed: [{ name: 'old', version: '1.0.0', requested: false }] });
    expect(run(catalog, profile, 'app').plans).toEqual([]);
    expect(best(run([...catalog, artifact('old@2.0.0')], profile, 'app'))).toMatchObject({
      remove: ['old@1.0.0'],
    });
  });

  test('what the request relies on is mended, what is merely kept stays as it was', () => {
    const catalog = [artifact('app@1.0.0', { requires: needs('lib') }), artifact('lib@1.0.0')];
    const profile = gateway({ installed: [{ name: 'app', version: '1.0.0' }] });
    expect(best(run(catalog, profile, 'app'))).toMatchObject({ install: ['lib@1.0.0'], keep: ['app@1.0.0'] });
    expect(best(run([...catalog, artifact('x@1.0.0')], profile, 'x'))).toMatchObject({
      install: ['x@1.0.0'],
    });
    expect(best(run(catalog.slice(0, 1), profile, 'app'))).toMatchObject({
      install: [],
      keep: ['app@1.0.0'],
    });
  });

  test('old and new that do not fit together: removal first, and what restores it', () => {
    const catalog = [artifact('app@1.0.0', sized(3, 6)), artifact('app@2.0.0', sized(3, 6))];
    const installed = [{ name: 'app', version: '1.0.0', installedSize: 6 }];
    expect(best(run(catalog, gateway({ hardware: { diskFree: 9 }, installed }), 'app'))).toMatchObject({
      peakDisk: 9,
      removeFirst: false,
      restore: [],
    });
    expect(best(run(catalog, gateway({ hardware: { diskFree: 8 }, installed }), 'app'))).toMatchObject({
      peakDisk: 3,
      removeFirst: true,
      restore: ['app@1.0.0'],
    });
    expect(best(run(catalog, gateway({ hardware: { diskFree: 2 }, installed }), 'app@2'))).toBeUndefined();
  });

  test('room is made at the cost of what is least wanted, and only when it must be', () => {
    const catalog = [artifact('app@1.0.0', sized(4))];
    const installed = [
      { name: 'big', version: '1.0.0', installedSize: 5 },
      { name: 'small', version: '1.0.0', installedSize: 1 },
    ];
    expect(best(run(catalog, gateway({ hardware: { diskFree: 3 }, installed }), 'app'))).toMatchObject({
      remove: ['big@1.0.0'],
      keep: ['small@1.0.0'],
      removeFirst: true,
    });
  });

  test('among variants that run, one that fits is chosen', () => {
    const catalog = [
      artifact('app@1.0.0', {
        variants: [
          { platform: { arch: 'armv7' }, size: 1, installedSize: 9 },
          { platform: { os: 'linux' }, size: 2, installedSize: 2, memory: 5 },
          { platform: { arch: 'mips' }, size: 0 },
        ],
      }),
    ];
    expect(best(run(catalog, gateway(), 'app'))?.artifacts[0]).toMatchObject({
      variant: 'armv7',
      variantIndex: 0,
    });
    expect(best(run(catalog, gateway({ hardware: { diskFree: 5 } }), 'app'))?.artifacts[0]).toMatchObject({
      variantIndex: 1,
    });
    expect(run(catalog, gateway({ hardware: { diskFree: 5, memoryFree: 4 } }), 'app').plans).toEqual([]);
  });

  test('hardware, tools, kernel, system and architecture are nodes that the gateway fixes', () => {
    const catalog = [
      artifact('app@1.0.0', {
        requires: needs('gpio@1', 'busybox@>=1.30', 'kernel@>=3', 'linux@>=3', 'armv7'),
      }),
      artifact('gpio@1.0.0', { kind: 'hardware' }),
      artifact('busybox@1.36.0', { kind: 'tool' }),
    ];
    const profile = gateway({
      hardware: { components: [{ name: 'gpio', version: '1.0.0' }] },
      software: { kernel: '3.10.0-514.el7', tools: [{ name: 'busybox', version: '1.35' }] },
    });
    expect(best(run(catalog, profile, 'app'))?.install).toEqual(['app@1.0.0']);
    expect(run(catalog, { ...profile, hardware: { arch: 'armv7' } }, 'app').plans).toEqual([]);
    expect(
      run(catalog, { ...profile, hardware: { ...profile.hardware, arch: 'mips' } }, 'app').plans,
    ).toEqual([]);
    expect(
      best(run(catalog, { ...profile, software: { os: 'linux', kernel: '3.2' } }, 'app'))?.install,
    ).toEqual(['busybox@1.36.0', 'app@1.0.0']);
  });

  test('a policy says where an artifact may go', () => {
    const catalog = [
      artifact('app@2.0.0', { policies: { select: 'labels.site == "a"' } }),
      artifact('app@1.0.0'),
    ];
    expect(best(run(catalog, gateway({ labels: { site: 'a' } }), 'app'))?.install).toEqual(['app@2.0.0']);
    expect(best(run(catalog, gateway(), 'app'))?.install).toEqual(['app@1.0.0']);
  });

  test('optional requirements are met where they can be and harm nothing', () => {
    const optional = needs('log', 'trace', 'absent').map((range) => ({ ...range, optional: true }));
    const catalog = [
      artifact('app@1.0.0', { requires: optional }),
      artifact('log@1.0.0'),
      artifact('trace@1.0.0', { conflicts: needs('app') }),
    ];
    expect(best(run(catalog, gateway(), 'app'))?.install).toEqual(['log@1.0.0', 'app@1.0.0']);
  });

  test('circles are legal at run time, but two install scripts cannot both come last', () => {
    const script = { control: { install: 'install.sh' } };
    const circle = (a: object, b: object) => [
      artifact('a@1.0.0', { requires: needs('b'), ...a }),
      artifact('b@1.0.0', { requires: needs('a'), ...b }),
    ];
    expect(best(run(circle({}, {}), null, 'a'))?.install.toSorted()).toEqual(['a@1.0.0', 'b@1.0.0']);
    expect(best(run(circle(script, {}), null, 'a'))?.install).toEqual(['b@1.0.0', 'a@1.0.0']);
    expect(best(run(circle({}, script), null, 'a'))?.install).toEqual(['a@1.0.0', 'b@1.0.0']);
    const both = circle(script, script);
    const { plans, explanation } = run(both, null, 'a');
    expect(plans).toEqual([]);
    expect(explanation).toContain('install script');
    const way = artifact('b@0.9.0', script);
    expect(best(run([...both, way], null, 'a'))?.install).toEqual(['b@0.9.0', 'a@1.0.0']);
  });

  test('no prerelease takes the place of an installed release unless something asks for it', () => {
    const catalog = [artifact('app@1.0.0', { conflicts: needs('old') }), artifact('old@2.0.0-rc.1')];
    const profile = gateway({ installed: [{ name: 'old', version: '1.0.0' }] });
    expect(best(run(catalog, profile, 'app'))).toMatchObject({
      install: ['app@1.0.0'],
      remove: ['old@1.0.0'],
    });
    expect(best(run(catalog, profile, 'app', 'old@>=2.0.0-0'))?.install).toContain('old@2.0.0-rc.1');
  });

  test('what is there only to replace an installed package says so', () => {
    const catalog = [
      artifact('app@1.0.0', { conflicts: needs('old@1') }),
      artifact('old@1.0.0'),
      artifact('old@2.0.0'),
    ];
    const profile = gateway({ installed: [{ name: 'old', version: '1.0.0' }] });
    const plan = best(run(catalog, profile, 'app'));
    expect(plan?.artifacts.map(({ name, requiredBy }) => [name, requiredBy])).toEqual([
      ['app', ['request']],
      ['old', ['installed']],
    ]);
  });

  test('a request is met by what the plan was ranked by, even if something better is there', () => {
    const provides = [{ name: 'a', version: '1.0.0' }];
    const profile = gateway({ installed: [{ name: 'a', version: '1.0.0' }] });
    const { plans } = run([artifact('a@1.0.0'), artifact('b@1.0.0', { provides })], profile, 'a');
    expect(plans.map(({ install, tree }) => [install, tree.map(({ name }) => name)])).toEqual([
      [[], ['a']],
      [['b@1.0.0'], ['b']],
    ]);
  });

  test('what a gateway has in a version that it does not report meets a demand for any version only', () => {
    const catalog = [
      artifact('a@1.0.0', { requires: needs('linux') }),
      artifact('b@1.0.0', { requires: needs('linux@>=5') }),
    ];
    expect(run(catalog, gateway(), 'a').plans).toHaveLength(1);
    expect(run(catalog, gateway(), 'b').plans).toHaveLength(0);
    expect(run(catalog, gateway({ software: { kernel: '5.10' } }), 'b').plans).toHaveLength(1);
  });

  test('the order of the catalog does not matter', () => {
    const catalog = ['a@1.0.0', 'b@1.0.0', 'c@1.0.0'].map((key) =>
      artifact(key, { provides: [{ name: 'v', version: '1.0.0' }] }),
    );
    catalog.push(artifact('app@1.0.0', { requires: needs('v') }));
    expect(run(catalog.toReversed(), gateway(), 'app')).toEqual(run(catalog, gateway(), 'app'));
  });

  test('a protected dependency stays sound even though nothing asks for it', () => {
    const catalog = [
      artifact('app@1.0.0'),
      artifact('shield@1.0.0', { requires: needs('lib'), policies: { removable: false } }),
      artifact('lib@1.0.0'),
    ];
    const installed = [
      { name: 'shield', version: '1.0.0', requested: false },
      { name: 'lib', version: '1.0.0', requested: false },
    ];
    expect(best(run(catalog, gateway({ installed }), 'app'))?.remove).toEqual([]);
  });

  test('of the providers of a requested name one that is there anyway will do', () => {
    const provides = [{ name: 'driver', version: '1.0.0' }];
    const catalog = [artifact('a@1.0.0', { provides }), artifact('b@1.0.0', { provides })];
    expect(best(run(catalog, gateway(), 'b', 'driver'))?.install).toEqual(['b@1.0.0']);
  });
});

describe('resolve under strain', () => {
  test('a chain longer than the call stack is deep, whose tree is cut where nobody reads', () => {
    const length = 5_000;
    const catalog = Array.from({ length }, (_, index) =>
      artifact(`a${index}@1.0.0`, index + 1 < length ? { requires: needs(`a${index + 1}`) } : {}),
    );
    const plan = best(run(catalog, gateway(), 'a0'));
    expect(plan?.install).toEqual(catalog.map(artifactKey).toReversed());
    expect(plan?.tree).toHaveLength(length / 100);
    expect(JSON.stringify(plan?.tree).match(/"a4999"/gu)).toHaveLength(1);
  });

  test('forty interfaces whose smallest implementations just fit, or just do not', () => {
    const catalog = [
      artifact('app@1.0.0', { requires: needs(...Array.from({ length: 40 }, (_, i) => `if${i}`)) }),
    ];
    let least = 0;
    for (let index = 0; index < 40; index += 1) {
      const sizes = Array.from({ length: 10 }, (_, other) => 100 + ((index * 37 + other * 71) % 500));
      least += 2 * Math.min(...sizes);
      sizes.forEach((size, other) =>
        catalog.push(
          artifact(`p${index}-${other}@1.0.0`, {
            provides: [{ name: `if${index}`, version: '1.0.0' }],
            ...sized(size),
          }),
        ),
      );
    }
    expect(best(run(catalog, gateway({ hardware: { diskFree: least } }), 'app'))?.peakDisk).toBe(least);
    const { explanation } = run(catalog, gateway({ hardware: { diskFree: least - 1 } }), 'app');
    expect(explanation).toContain('Nearest help: 1 B more free disk');
  });

  test('many packages have to go to make room: as few as that takes', () => {
    const installed = Array.from({ length: 60 }, (_, index) => ({
      name: `i${index}`,
      version: '1.0.0',
      installedSize: 100 + ((index * 37) % 60),
    }));
    const profile = gateway({ hardware: { diskFree: 50 }, installed });
    const plan = best(run([artifact('app@1.0.0', sized(1_200))], profile, 'app'));
    const heaviest = installed.map(({ installedSize }) => installedSize).sort((a, b) => b - a);
    let freed = 50;
    let least = 0;
    for (; freed < 2_400; least += 1) freed += heaviest[least] ?? 0;
    expect(plan?.remove).toHaveLength(least);
    expect(plan?.optimal).toBe('proven');
  });

  test('what takes too much work is given up, and nobody may take that for a proof', () => {
    const pigeons = Array.from({ length: 9 }, (_, index) => index);
    const catalog = [artifact('app@1.0.0', { requires: needs(...pigeons.map((index) => `p${index}`)) })];
    for (const index of pigeons) {
      for (let hole = 1; hole < pigeons.length; hole += 1)
        catalog.push(
          artifact(`p${index}@${hole}.0.0`, {
            conflicts: needs(...pigeons.map((other) => `p${other}@${hole}`)),
          }),
        );
    }
    const problem = new Problem({
      catalog: createCatalog(catalog),
      facts: gatewayFacts(gateway(), createCatalog(catalog)),
      requests: [{ name: 'app', range: '*' }],
    });
    const little = Budget.of({ work: 100 });
    expect(() => new Optimiser(problem, () => false).best(little, little)).toThrow(Undecided);
    expect(explainUndecided(problem)).toMatch(/^No plan that installs app was found, nor was it proven/u);
    expect(run(catalog, gateway(), 'app').explanation).toMatch(/^No plan installs app/u);
  });

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
    expect(best(run(catalog, gateway(), 'a'))).toMatchObject({
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
