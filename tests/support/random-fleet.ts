/** Small random fleets, and artifacts of which every end may come for some of their gateways. */
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import type { Labels } from '../../domain/gateway/labels.js';
import { SecretBox } from '../../repositories/secret-box.js';
import type { TestBuilder } from './test-builder.js';
import { addGateways, profileOf, type TestRepositories } from './test-repositories.js';

const script = { 'bin/run': '#!/bin/sh\n' };
const only = (arch: string, memory = 0) => ({
  platform: { arch, os: 'linux' },
  size: 10,
  installedSize: 10,
  memory,
});

/** `app` in three versions, which need a library, values, a platform, or that something else goes. */
export async function publishApps({ publish }: TestBuilder): Promise<void> {
  for (const version of ['1.0.0', '1.1.0'])
    await publish({ name: 'lib', version, kind: 'library' }, { [`lib/${version}`]: 'lib\n' });
  await publish({ name: 'rival', version: '1.0.0', kind: 'application' }, script);
  await publish({ name: 'app', version: '1.0.0', kind: 'application' }, script);
  await publish(
    {
      name: 'app',
      version: '2.0.0',
      kind: 'application',
      requires: [{ name: 'lib', version: '^1' }],
      values: [{ key: 'site' }, { key: 'rate', default: '5' }],
    },
    script,
  );
  await publish(
    {
      name: 'app',
      version: '3.0.0',
      kind: 'application',
      variants: [only('armv7')],
      conflicts: [{ name: 'rival' }],
      values: [{ key: 'site' }, { key: 'owner' }],
    },
    script,
  );
}

/** A gateway in some state, with some of the values that are asked for. */
export const arbitraryGateway = fc.record({
  arch: fc.constantFrom('armv7', 'x86_64'),
  app: fc.constantFrom(null, '1.0.0', '2.0.0', '3.0.0', '4.0.0'),
  wanted: fc.boolean(),
  lib: fc.constantFrom(null, '1.0.0', '1.1.0'),
  rival: fc.boolean(),
  keys: fc.subarray(['site', 'owner']),
});

export type RandomGateway = typeof arbitraryGateway extends fc.Arbitrary<infer One> ? One : never;

/** Registers gateways that no test has. @returns their ids, in order */
export async function registerFleet(
  repositories: TestRepositories,
  fleet: readonly (RandomGateway & { readonly labels?: Labels })[],
): Promise<string[]> {
  const ids = fleet.map(() => `pre-${randomBytes(6).toString('hex')}`);
  await addGateways(
    repositories,
    fleet.map(({ arch, app, wanted, lib, rival, labels = {} }, index) =>
      profileOf(ids[index] ?? '', {
        hardware: { ...profileOf('').hardware, arch },
        labels,
        installed: [
          ...(app === null ? [] : [{ name: 'app', version: app, requested: wanted }]),
          ...(lib === null ? [] : [{ name: 'lib', version: lib, requested: false }]),
          ...(rival ? [{ name: 'rival', version: '1.0.0', requested: true }] : []),
        ],
      }),
    ),
  );
  for (const [index, { keys }] of fleet.entries()) {
    if (keys.length === 0) continue;
    const set = Object.fromEntries(keys.map((key) => [key, 'some']));
    const change = { set, secret: false, unset: [] };
    await repositories.values.change(ids[index] ?? '', change, new SecretBox([]));
  }
  return ids;
}
