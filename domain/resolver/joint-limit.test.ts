import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ArtifactManifest } from '../artifact/manifest.js';
import type { GatewayProfile } from '../gateway/profile.js';
import { Budget } from './budget.js';
import { createCatalog } from './create-catalog.js';
import { gatewayFacts } from './gateway-facts.js';
import { stateJointLimit } from './joint-limit.js';
import { Optimiser } from './optimiser.js';
import { Problem } from './problem.js';
import { resolve } from './resolve.js';

/** What one way to make a choice takes of the disk and of the memory. */
type Way = readonly [disk: number, memory: number];

const way = fc.tuple(fc.nat(12), fc.nat(12));
const choices = fc.array(fc.array(way, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 6 });

/** An application that requires one of some libraries for each choice; the ways of every third are variants of one. */
function catalogOf(made: readonly (readonly Way[])[]): ArtifactManifest[] {
  const variant = ([installedSize, memory]: Way) => ({ size: 0, installedSize, memory });
  const library = (name: string, ways: readonly Way[]): ArtifactManifest => ({
    name,
    version: '1.0.0',
    kind: 'library',
    variants: ways.map(variant),
  });
  const libraries = made.map((ways, choice) =>
    choice % 3 === 2
      ? [library(`l${choice}`, ways)]
      : ways.map((one, at) => library(`l${choice}-${at}`, [one])),
  );
  return [
    {
      name: 'app',
      version: '1.0.0',
      kind: 'application',
      requires: libraries.map((options) => ({ anyOf: options.map(({ name }) => ({ name })) })),
    },
    ...libraries.flat(),
  ];
}

function gatewayWith(diskFree: number, memoryFree: number): GatewayProfile {
  return { id: 'gw-1', hardware: { arch: 'armv7', diskFree, memoryFree }, software: { os: 'linux' } };
}

/** Tries all ways. */
function fits(made: readonly (readonly Way[])[], disk: number, memory: number): boolean {
  const [first, ...others] = made;
  if (first === undefined) return disk >= 0 && memory >= 0;
  return first.some(([takesDisk, takesMemory]) => fits(others, disk - takesDisk, memory - takesMemory));
}

describe('disk and memory weighed together', () => {
  it('excludes nothing that fits, and lets nothing through that does not', () => {
    fc.assert(
      fc.property(choices, fc.nat(40), fc.nat(40), (made, disk, memory) => {
        const catalog = createCatalog(catalogOf(made));
        const facts = gatewayFacts(gatewayWith(disk, memory), catalog);
        const problem = new Problem({ catalog, facts, requests: [{ name: 'app', range: '*' }] });
        problem.expand(problem.group('app').versions.map(({ selected }) => selected));
        stateJointLimit(problem);
        const best = new Optimiser(problem, () => false).best(Budget.of(), Budget.of());
        expect(best !== null).toBe(fits(made, disk, memory));
      }),
      { numRuns: 500 },
    );
  });

  it.each([24, 48, 120])('decides a puzzle of %i choices that both would have to share', (size) => {
    const weights = Array.from({ length: size }, (_, index) => (1 + ((index * 577) % 999)) * 4_096);
    const half = Math.floor(weights.reduce((sum, weight) => sum + weight, 0) / 2);
    const made = weights.map((weight): Way[] => [
      [weight, 1],
      [1, weight],
    ]);
    const { outcome, explanation } = resolve({
      catalog: createCatalog(catalogOf(made)),
      gateway: gatewayWith(half, half),
      requests: [{ name: 'app', range: '*' }],
      budget: { work: 10_000_000 },
    });
    expect(outcome).toBe('unsatisfiable');
    expect(explanation).toMatch(/disk would have to be free/u);
  });

  it('decides it too where a byte of memory weighs less than one of the disk', () => {
    const made = Array.from({ length: 40 }, (_, index): Way[] => [
      [(index + 7) * 3_001, 0],
      [0, (index + 7) * 1_000],
    ]);
    const half = made.reduce((sum, [first]) => sum + (first?.[0] ?? 0), 0) / 2;
    const ask = (disk: number, memory: number) =>
      resolve({
        catalog: createCatalog(catalogOf(made)),
        gateway: gatewayWith(disk, memory),
        requests: [{ name: 'app', range: '*' }],
        budget: { work: 20_000_000 },
      }).outcome;
    expect(ask(half - 10_000, (half / 3_001) * 1_000)).toBe('unsatisfiable');
    expect(ask(half + 10_000, (half / 3_001) * 1_000)).toBe('solved');
  });
});
