/** Random small catalogs, gateways and requests, dense enough that about every other one has no plan. */
import fc from 'fast-check';
import type { ArtifactManifest, NamedRange, Requirement, Variant } from '../../artifact/manifest.js';
import type { Installed } from '../../gateway/profile.js';
import { gateway } from './builders.js';
import type { Case } from './oracle.js';

const versions = ['1.0.0', '1.1.0', '2.0.0', '2.0.0-rc.1', '1.1.0+build'];
const ranges = ['*', '', '^1', '^1.1.0', '>=2', '<2', '2.0.0-rc.1 || ^2', '1.0.0', '1.x || >=3 <4'];
/** Names of what a gateway may have by itself. */
const facts = ['tool', 'gpio', 'kernel', 'linux', 'armv7', 'musl'];

const orNothing = <T>(value: fc.Arbitrary<T>, weight = 2) =>
  fc.oneof({ weight, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: value });

/** A record whose undefined members are absent. */
type Defined<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

function defined<T extends object>(value: T): Defined<T> {
  return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined)) as Defined<T>;
}

/** @param names number of artifact names */
export function randomCase(names: number): fc.Arbitrary<Case> {
  const own = Array.from({ length: names }, (_, index) => String.fromCharCode(97 + index));
  const name = fc.constantFrom(...own);
  const anyName = fc.constantFrom(...own, ...own, ...own, 'virtual', ...facts, 'missing');
  const range: fc.Arbitrary<NamedRange> = fc
    .record({ name: anyName, version: fc.constantFrom(undefined, ...ranges) })
    .map(defined);
  const requirement: fc.Arbitrary<Requirement> = fc.oneof(
    { weight: 3, arbitrary: range },
    { weight: 1, arbitrary: range.map((value) => ({ ...value, optional: true })) },
    {
      weight: 1,
      arbitrary: fc.array(range, { minLength: 2, maxLength: 3 }).map((anyOf) => ({ anyOf })),
    },
  );
  const variant: fc.Arbitrary<Variant> = fc
    .record({
      platform: orNothing(
        fc
          .record({
            arch: orNothing(fc.constantFrom('armv7', 'mips')),
            libc: orNothing(fc.constantFrom('musl', 'glibc'), 4),
            kernel: orNothing(fc.constantFrom('>=3', '>=4'), 4),
          })
          .map(defined),
      ),
      size: fc.integer({ min: 0, max: 4 }),
      installedSize: orNothing(fc.integer({ min: 0, max: 6 })),
      memory: orNothing(fc.integer({ min: 0, max: 4 })),
    })
    .map(defined);
  const manifest: fc.Arbitrary<ArtifactManifest> = fc
    .record({
      name,
      version: fc.constantFrom(...versions),
      kind: fc.constantFrom(
        'library' as const,
        'library' as const,
        'application' as const,
        'hardware' as const,
      ),
      requires: orNothing(fc.array(requirement, { minLength: 1, maxLength: 2 }), 1),
      provides: orNothing(
        fc.array(
          fc.record({
            name: fc.constantFrom('virtual', 'tool', ...own),
            version: fc.constantFrom('1.0.0', '2.0.0'),
          }),
          { minLength: 1, maxLength: 2 },
        ),
        3,
      ),
      conflicts: orNothing(fc.array(range, { minLength: 1, maxLength: 1 }), 3),
      variants: orNothing(fc.array(variant, { minLength: 1, maxLength: 3 }), 1),
      policies: orNothing(fc.constant({ removable: false }), 8),
    })
    .map(defined);
  const installed: fc.Arbitrary<Installed> = fc
    .record({
      name: fc.oneof({ weight: 5, arbitrary: name }, { weight: 1, arbitrary: fc.constant('unknown') }),
      version: fc.constantFrom('1.0.0', '1.1.0', '0.9.0'),
      installedSize: orNothing(fc.integer({ min: 0, max: 6 })),
      requested: fc.constantFrom(undefined, true, false, false),
    })
    .map(defined);
  return fc
    .record({
      catalog: fc.uniqueArray(manifest, {
        minLength: 1,
        maxLength: names * 3,
        selector: (value) => `${value.name}@${value.version}`,
      }),
      installed: fc.uniqueArray(installed, { maxLength: 3, selector: (value) => value.name }),
      tools: orNothing(fc.constantFrom('1.0.0', '2.0'), 1),
      gpio: orNothing(fc.constantFrom('1.0.0', '2.0.0'), 1),
      kernel: orNothing(fc.constantFrom('3.10.0', '4.4.0-21-generic'), 1),
      libc: orNothing(fc.constantFrom('musl', 'glibc'), 1),
      diskFree: orNothing(fc.integer({ min: 0, max: 20 }), 1),
      memoryFree: orNothing(fc.integer({ min: 0, max: 6 })),
      requests: fc.array(
        fc.record({
          name: fc.oneof({ weight: 6, arbitrary: name }, { weight: 1, arbitrary: fc.constant('virtual') }),
          range: fc.constantFrom('*', '*', ...ranges.filter((text) => text !== '')),
        }),
        { minLength: 1, maxLength: 3 },
      ),
    })
    .map(({ catalog, installed: there, tools, gpio, kernel, libc, diskFree, memoryFree, requests }) => ({
      catalog,
      requests,
      gateway: gateway({
        hardware: {
          ...defined({ diskFree, memoryFree }),
          ...(gpio === undefined ? {} : { components: [{ name: 'gpio', version: gpio }] }),
        },
        software: {
          ...defined({ kernel, libc }),
          ...(tools === undefined ? {} : { tools: [{ name: 'tool', version: tools }] }),
        },
        installed: there,
      }),
    }));
}
