import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { propertyRuns } from '../../tests/support/property-runs.js';
import type { ArtifactManifest } from '../artifact/manifest.js';
import type { GatewayProfile } from '../gateway/profile.js';
import { parseRequest } from '../plan/request.js';
import { createCatalog } from '../resolver/create-catalog.js';
import { resolve } from '../resolver/resolve.js';
import { artifact, gateway, needs, sized } from '../resolver/testing/builders.js';
import { randomCase } from '../resolver/testing/random-case.js';
import { GatewayGrouping } from './gateway-grouping.js';
import { groupGateways } from './group-gateways.js';

function grouping(catalog: readonly ArtifactManifest[], ...requests: string[]): GatewayGrouping<string> {
  return new GatewayGrouping({ catalog: createCatalog(catalog), requests: requests.map(parseRequest) });
}

function group(
  catalog: readonly ArtifactManifest[],
  profiles: readonly GatewayProfile[],
  ...requests: string[]
) {
  const sorted = grouping(catalog, ...requests);
  profiles.forEach((profile, index) => sorted.add({ member: String(index), profile }));
  return { groups: sorted.groups(), solved: sorted.solved };
}

const members = (result: ReturnType<typeof group>) => result.groups.map((one) => one.members);

describe('groupGateways', () => {
  test('what does not matter splits nothing and is solved once', () => {
    const catalog = [artifact('app@1.0.0', { requires: needs('busybox'), ...sized(5) })];
    const tools = [{ name: 'busybox', version: '1.35.0' }];
    const profiles = [10, 11, 5000].map((diskFree, index) => ({
      ...gateway({
        hardware: { diskFree, components: [{ name: `led-${index}`, version: '1.0.0' }] },
        software: { tools: [...tools, { name: `tool-${index}`, version: '1.0.0' }] },
        labels: { room: String(index) },
        installed: [{ name: `other-${index}`, version: '1.0.0' }],
      }),
      id: `gw-${index}`,
    }));
    const result = group(catalog, profiles, 'app');
    expect(members(result)).toEqual([['0', '1', '2']]);
    expect(result.solved).toBe(1);
  });

  test('what matters splits: platform, tools, policies, what is installed', () => {
    const catalog = [
      artifact('app@2.0.0', { requires: needs('gpio') }),
      artifact('app@1.0.0', {
        variants: [
          { platform: { arch: 'armv7' }, size: 1 },
          { platform: { arch: 'mips' }, size: 1 },
        ],
      }),
      artifact('app@3.0.0', { policies: { select: 'labels.beta' } }),
      artifact('gpio@1.0.0', { kind: 'hardware' }),
    ];
    const profiles = [
      gateway(),
      gateway({ hardware: { arch: 'mips' } }),
      gateway({ hardware: { components: [{ name: 'gpio', version: '1.0.0' }] } }),
      gateway({ labels: { beta: 'true' } }),
      gateway({ installed: [{ name: 'app', version: '1.0.0' }] }),
      gateway({ hardware: { arch: 'x86_64' } }),
      gateway({ hardware: { arch: 'sparc' } }),
      gateway(),
    ];
    const result = group(catalog, profiles, 'app');
    expect(members(result)).toEqual([['0', '7'], ['1'], ['2'], ['3'], ['4'], ['5', '6']]);
    expect(result.groups.at(-1)?.explanation).toContain('No plan');
  });

  test('different facts that lead to the same package are one group', () => {
    const catalog = [
      artifact('app@1.0.0', { variants: [{ platform: { os: 'linux' }, size: 1 }], requires: needs('sh') }),
    ];
    const profiles = ['1.0.0', '2.0.0'].map((version) =>
      gateway({ software: { tools: [{ name: 'sh', version }] } }),
    );
    const result = group(catalog, profiles, 'app');
    expect(members(result)).toEqual([['0', '1']]);
    expect(result.solved).toBe(2);
  });

  test('free disk splits only where another plan is needed, whatever the number of sizes', () => {
    const catalog = [
      artifact('app@1.0.0', { requires: [{ anyOf: needs('big', 'small') }] }),
      artifact('big@1.0.0', sized(50)),
      artifact('small@1.0.0', sized(10)),
      artifact('small@2.0.0', sized(30)),
    ];
    const profiles = Array.from({ length: 200 }, (_, index) =>
      gateway({ hardware: { diskFree: (index * 37) % 200 } }),
    );
    const result = group(catalog, profiles, 'app');
    expect(
      result.groups.map(({ plans, explanation }) => plans[0]?.install[0] ?? explanation?.slice(0, 7)),
    ).toEqual(['No plan', 'small@1.0.0', 'small@2.0.0']);
    expect(result.solved).toBeLessThan(30);
    for (const { members: inside, plans } of result.groups) {
      const free = inside.map((member) => profiles[Number(member)]?.hardware.diskFree ?? 0);
      for (const plan of plans) expect(plan.peakDisk).toBeLessThanOrEqual(Math.min(...free));
    }
  });

  test('a fleet that differs in everything: each gets what it would get alone, and no package is split', () => {
    fc.assert(
      fc.property(randomCase(3), fc.array(randomCase(3), { maxLength: 4 }), (subject, others) => {
        const catalog = createCatalog(subject.catalog);
        const { requests } = subject;
        const gateways = [subject, ...others].map((one, member) => ({
          member,
          profile: { ...one.gateway, id: `gw-${member}`, labels: { room: String(member) } },
        }));
        const groups = groupGateways({ gateways, catalog, requests });
        for (const { member, profile } of gateways) {
          const alone = resolve({ catalog, requests, gateway: profile });
          const together = groups.find((one) => one.members.includes(member));
          expect(together?.plans[0]?.install).toEqual(alone.plans[0]?.install);
          expect(together?.explanation === null).toBe(alone.explanation === null);
          const free = profile.hardware.diskFree ?? Infinity;
          for (const plan of together?.plans ?? []) expect(plan.peakDisk).toBeLessThanOrEqual(free);
        }
        const firsts = groups.flatMap(({ plans: [first] }) =>
          first === undefined
            ? []
            : [
                JSON.stringify([
                  first.install,
                  first.remove,
                  first.removeFirst,
                  first.artifacts.map(({ name, variantIndex }) => [name, variantIndex]),
                ]),
              ],
        );
        expect(new Set(firsts).size).toBe(firsts.length);
      }),
      { numRuns: propertyRuns(400) },
    );
  });

  test('every gateway gets what it would get alone', () => {
    fc.assert(
      fc.property(randomCase(3), fc.array(fc.nat(20), { minLength: 1, maxLength: 5 }), (subject, sizes) => {
        const catalog = createCatalog(subject.catalog);
        const { requests } = subject;
        const gateways = sizes.map((diskFree, member) => ({
          member,
          profile: { ...subject.gateway, hardware: { ...subject.gateway.hardware, diskFree } },
        }));
        const groups = groupGateways({ gateways, catalog, requests });
        expect(groups.flatMap((one) => one.members).sort()).toEqual(gateways.map(({ member }) => member));
        for (const { member, profile } of gateways) {
          const alone = resolve({ catalog, requests, gateway: profile }).plans[0];
          const together = groups.find((one) => one.members.includes(member))?.plans[0];
          expect(together?.install).toEqual(alone?.install);
          expect(together?.removeFirst).toEqual(alone?.removeFirst);
        }
      }),
      { numRuns: propertyRuns(600) },
    );
  });
});
