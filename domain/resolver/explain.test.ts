import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createCatalog } from './create-catalog.js';
import { resolve } from './resolve.js';
import { artifact, gateway, needs, run, sized } from './testing/builders.js';
import { randomCase } from './testing/random-case.js';

function explanation(...input: Parameters<typeof run>): string[] {
  return (run(...input).explanation ?? '').split('\n').slice(1);
}

describe('explanation', () => {
  test('a name that nobody has', () => {
    expect(explanation([], gateway(), 'a')).toEqual([
      '  - a was requested; neither the catalog nor the gateway has a',
      'Nearest help: add a for armv7-linux to the catalog',
    ]);
  });

  test('a range without a version names the version there is', () => {
    expect(explanation([artifact('a@1.0.0')], gateway(), 'a@^2')).toEqual([
      '  - a@^2 was requested; the catalog has a 1.0.0 only',
      'Nearest help: request a@1.0.0 instead of a@^2',
    ]);
  });

  test('the chain from the request to the platform, and nothing beside it', () => {
    const requires = needs('vm@>=1.2 <2', 'log');
    const catalog = [
      artifact('app@1.1.0', { requires }),
      artifact('app@1.2.0', { requires }),
      artifact('log@1.0.0'),
      artifact('vm@1.1.0'),
      artifact('vm@1.3.0', { variants: [{ platform: { arch: 'mips' }, size: 1 }] }),
    ];
    expect(explanation(catalog, gateway(), 'app')).toEqual([
      '  - app was requested',
      '  - app 1.1.0 and 1.2.0 require vm >=1.2 <2; vm 1.3.0 has no variant for armv7-linux, only for mips',
      'Nearest help: add vm >=1.2 <2 for armv7-linux to the catalog',
    ]);
  });

  test('two requirements that exclude each other', () => {
    const catalog = [
      artifact('a@1.0.0', { requires: needs('b', 'c') }),
      artifact('b@1.0.0', { requires: needs('d@1') }),
      artifact('c@1.0.0', { requires: needs('d@2') }),
      artifact('d@1.0.0'),
      artifact('d@2.0.0'),
    ];
    expect(explanation(catalog, gateway(), 'a').slice(0, -1)).toEqual([
      '  - a was requested',
      '  - a 1.0.0 requires b',
      '  - a 1.0.0 requires c',
      '  - b 1.0.0 requires d 1',
      '  - c 1.0.0 requires d 2',
      '  - only one version of d can be on a gateway',
    ]);
  });

  test('the disk, with what is missing', () => {
    const profile = gateway({
      hardware: { diskFree: 3 * 2 ** 20 },
      installed: [{ name: 'x', version: '1.0.0', installedSize: 2 ** 20 }],
    });
    expect(explanation([artifact('a@1.0.0', sized(5 * 2 ** 20, 9 * 2 ** 20))], profile, 'a')).toEqual([
      '  - a was requested',
      '  - at least 13 MiB of disk would have to be free, even after removing what may be removed: 14 MiB for a 1.0.0 (download and unpacked files together); the gateway has 3 MiB',
      'Nearest help: 10 MiB more free disk',
    ]);
  });

  test('a package that may not be removed', () => {
    const catalog = [
      artifact('a@1.0.0', { conflicts: needs('x') }),
      artifact('x@1.0.0', { policies: { removable: false } }),
    ];
    const profile = gateway({ installed: [{ name: 'x', version: '1.0.0' }] });
    expect(explanation(catalog, profile, 'a')).toEqual([
      '  - a was requested',
      '  - x 1.0.0 is installed and its policy forbids to remove it',
      '  - a 1.0.0 conflicts with x 1.0.0 (installed)',
      'Nearest help: remove x 1.0.0, which its policy forbids to do here',
    ]);
  });

  test('a tool and a component of the gateway', () => {
    const tool = [artifact('a@1.0.0', { requires: needs('busybox@>=1.36') })];
    const profile = gateway({ software: { tools: [{ name: 'busybox', version: '1.35.0' }] } });
    expect(explanation(tool, profile, 'a')).toEqual([
      '  - a was requested',
      '  - a 1.0.0 requires busybox >=1.36; the gateway has tool busybox 1.35.0, which no plan can change',
      'Nearest help: a gateway with busybox >=1.36 instead of tool busybox 1.35.0',
    ]);
    const hardware = [
      artifact('a@1.0.0', { requires: needs('gpio') }),
      artifact('gpio@1.0.0', { kind: 'hardware' }),
    ];
    expect(explanation(hardware, gateway(), 'a').slice(1)).toEqual([
      '  - a 1.0.0 requires gpio; gpio 1.0.0 is hardware that the gateway does not have',
      'Nearest help: a gateway with gpio',
    ]);
  });

  test('what takes the memory, and what requires it', () => {
    const lib = artifact('lib@1.0.0', { variants: [{ size: 0, memory: 5 * 2 ** 20 }] });
    const catalog = [artifact('a@1.0.0', { requires: needs('lib') }), lib];
    expect(explanation(catalog, gateway({ hardware: { memoryFree: 2 ** 20 } }), 'a').slice(-2)).toEqual([
      '  - at least 5 MiB of memory would have to be free: 5 MiB for lib 1.0.0 that a requires; the gateway has 1 MiB',
      'Nearest help: 4 MiB more free memory',
    ]);
  });

  test('a requirement that nobody knows may be a part of other gateways', () => {
    const catalog = [artifact('a@1.0.0', { requires: needs('gpio@^2') })];
    expect(explanation(catalog, gateway(), 'a').slice(1)).toEqual([
      '  - a 1.0.0 requires gpio ^2; neither the catalog nor the gateway has gpio',
      'Nearest help: a gateway with gpio ^2, or gpio ^2 for armv7-linux in the catalog',
    ]);
    expect(explanation(catalog, null, 'a').at(-1)).toBe('Nearest help: add gpio ^2 to the catalog');
  });

  test('prereleases that no range names', () => {
    const catalog = [artifact('a@1.0.0', { requires: needs('lib') }), artifact('lib@1.0.0-rc.1')];
    expect(explanation(catalog, gateway(), 'lib')).toEqual([
      '  - lib was requested; lib 1.0.0-rc.1 is a prerelease, which a range has to name',
      'Nearest help: request the prerelease lib@1.0.0-rc.1 instead of lib',
    ]);
    expect(explanation(catalog, gateway(), 'a').slice(1)).toEqual([
      '  - a 1.0.0 requires lib; lib 1.0.0-rc.1 is a prerelease, which a range has to name',
      'Nearest help: let lib 1.0.0-rc.1 be chosen although it is a prerelease, by its policy or by a range that names it',
    ]);
  });

  test('a policy and a tool that keep an artifact out', () => {
    const select = 'labels.site == "a"';
    expect(explanation([artifact('a@1.0.0', { policies: { select } })], gateway(), 'a')).toEqual([
      '  - a was requested; a 1.0.0 may not go onto this gateway (policy: labels.site == "a")',
      'Nearest help: a gateway that the policy of a 1.0.0 admits: labels.site == "a"',
    ]);
    const profile = gateway({ software: { tools: [{ name: 'sh', version: '1.0.0' }] } });
    expect(explanation([artifact('a@1.0.0', { conflicts: needs('sh') })], profile, 'a')).toEqual([
      "  - a was requested; a 1.0.0 conflicts with the gateway's tool sh 1.0.0",
      'Nearest help: a gateway without tool sh 1.0.0',
    ]);
  });

  test('requests that exclude each other', () => {
    const catalog = [artifact('a@1.0.0', { conflicts: needs('b') }), artifact('b@1.0.0')];
    expect(explanation(catalog, gateway(), 'a', 'b')).toEqual([
      '  - a was requested',
      '  - b was requested',
      '  - a 1.0.0 conflicts with b 1.0.0',
      'Nearest help: leave out b',
    ]);
  });

  test('there is one whenever there is no plan, and it names a request', () => {
    fc.assert(
      fc.property(randomCase(4), ({ catalog, gateway: profile, requests }) => {
        const { plans, explanation: text } = resolve({
          catalog: createCatalog(catalog),
          gateway: profile,
          requests,
        });
        if (plans.length > 0) expect(text).toBeNull();
        else expect(text).toMatch(/^No plan installs .*:\n {2}- .* was requested/u);
      }),
      { numRuns: 1_000 },
    );
  });
});
