/** Step v against a real repository, a real blob store and real build scripts. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { runningCommands } from '../tests/support/running-commands.js';
import { testBuilder, type TestBuilder } from '../tests/support/test-builder.js';
import { addGateways, profileOf } from '../tests/support/test-repositories.js';

let builder: TestBuilder;
let repositories: TestBuilder['repositories'];
let blobs: TestBuilder['blobs'];
let publish: TestBuilder['publish'];
let provision: TestBuilder['provision'];

beforeAll(async () => {
  builder = await testBuilder();
  ({ repositories, blobs, publish, provision } = builder);
}, 60_000);

afterAll(async () => builder.close());

const builtFromSource = { size: 10, installedSize: 4_096, source: { directory: 'src', build: 'build.sh' } };

test('a package is built once, whoever needs it next', async () => {
  await publish({ name: 'once', version: '1.0.0', kind: 'application' }, { 'bin/run': '#!/bin/sh\n' });
  const first = await provision('once', 3);
  expect(first.built).toMatchObject({ built: 1, failed: 0, remaining: 0, chunks: [{ size: 3 }] });
  expect(first.groups).toMatchObject([
    { state: 'built', gateways: 3, attempts: [{ planIndex: 0, outcome: 'built' }] },
  ]);
  const second = await provision('once');
  expect(second.groups[0]).toMatchObject({
    packageId: first.groups[0]?.packageId,
    attempts: [{ outcome: 'reused' }],
  });
  const { archiveDigest, sizeBytes } = await repositories.packages.get(first.groups[0]?.packageId ?? '');
  expect(await blobs.sizeOf(archiveDigest)).toBe(sizeBytes);
});

test('two who need the same package at the same time build it once', async () => {
  await publish(
    { name: 'shared', version: '1.0.0', kind: 'application', variants: [builtFromSource] },
    { 'src/build.sh': 'sleep 0.3; mkdir -p "$LEONORE_OUTPUT/bin"; echo built > "$LEONORE_OUTPUT/bin/run"\n' },
  );
  const both = await Promise.all([provision('shared'), provision('shared')]);
  expect(both.map(({ groups }) => groups[0]?.attempts[0]?.outcome).sort()).toEqual(['built', 'reused']);
  expect(new Set(both.map(({ groups }) => groups[0]?.packageId)).size).toBe(1);
});

test('a package whose archive was lost is built again, to the byte', async () => {
  await publish({ name: 'lost', version: '1.0.0', kind: 'application' }, { 'bin/run': '#!/bin/sh\n' });
  const { groups } = await provision('lost');
  const before = await repositories.packages.get(groups[0]?.packageId ?? '');
  await blobs.remove(before.archiveDigest);
  const again = await provision('lost');
  expect(again.groups[0]).toMatchObject({ packageId: before.id, attempts: [{ outcome: 'built' }] });
  expect(await blobs.sizeOf(before.archiveDigest)).toBe(before.sizeBytes);
});

test('a package whose archive and row are gone is built again, to the byte, though its script is never the same', async () => {
  await publish(
    { name: 'moody', version: '1.0.0', kind: 'application', variants: [builtFromSource] },
    { 'src/build.sh': 'cat /proc/sys/kernel/random/uuid >"$LEONORE_OUTPUT/run"\n' },
  );
  const { groups } = await provision('moody');
  const { id, archiveDigest } = await repositories.packages.get(groups[0]?.packageId ?? '');
  await blobs.remove(archiveDigest);
  await repositories.database.rolloutGroup.updateMany({
    where: { packageId: id },
    data: { packageId: null },
  });
  await repositories.database.package.delete({ where: { id } });
  const again = await provision('moody');
  expect(again.groups[0]).toMatchObject({ packageId: id, attempts: [{ outcome: 'built' }] });
  expect(await repositories.packages.get(id)).toMatchObject({ archiveDigest, removedAt: null });
});

test('a source variant is built once for all packages that it is in', async () => {
  await publish(
    { name: 'part', version: '1.0.0', kind: 'library', variants: [builtFromSource] },
    { 'src/build.sh': 'cat /proc/sys/kernel/random/uuid >"$LEONORE_OUTPUT/id"\n' },
  );
  for (const name of ['whole-1', 'whole-2']) {
    await publish(
      { name, version: '1.0.0', kind: 'application', requires: [{ name: 'part' }] },
      { run: name },
    );
  }
  const packages = await Promise.all(
    (await Promise.all([provision('whole-1'), provision('whole-2')])).map(async ({ groups }) =>
      repositories.packages.get(groups[0]?.packageId ?? ''),
    ),
  );
  const logs = packages.map(({ log }) => log.split('\n').filter((line) => line.startsWith('part@')));
  expect(logs).toEqual([['part@1.0.0, built from source:'], ['part@1.0.0, built from source:']]);
  const builds = await repositories.database.sourceBuild.findMany({ where: { artifact: { name: 'part' } } });
  expect(builds).toHaveLength(1);
});

test('what failed is not tried again at once by another rollout', async () => {
  await publish({ name: 'tried', version: '1.0.0', kind: 'application' }, { run: 'x' });
  await publish(
    { name: 'tried', version: '1.1.0', kind: 'application', variants: [builtFromSource] },
    { 'src/build.sh': 'echo "$(cat /proc/sys/kernel/random/uuid)"; exit 1\n' },
  );
  const first = await provision('tried');
  const second = await provision('tried');
  expect(second.groups[0]?.attempts[0]).toMatchObject({
    outcome: 'failed',
    log: first.groups[0]?.attempts[0]?.log,
  });
});

test('a plan with nothing to do needs no package: the gateway has succeeded', async () => {
  await publish({ name: 'there', version: '1.0.0', kind: 'application' }, { run: 'x' });
  const installed = [{ name: 'there', version: '1.0.0', installedSize: 1, requested: true }];
  const { groups, counts, built } = await provision('there', 2, { installed });
  expect(groups[0]).toMatchObject({ state: 'built', packageId: null, planIndex: 0 });
  expect(counts).toMatchObject({ succeeded: 2, pending: 0 });
  expect(built.chunks).toEqual([]);
});

test('a script that prints what no database takes is recorded all the same', async () => {
  await publish(
    { name: 'noisy', version: '1.0.0', kind: 'application', variants: [builtFromSource] },
    { 'src/build.sh': 'printf "a\\000b\\n"; exit 1\n' },
  );
  const { groups } = await provision('noisy');
  expect(groups[0]).toMatchObject({
    state: 'failed',
    attempts: [{ log: expect.stringContaining('a\u{FFFD}b') }],
  });
});

test('when a build fails the next plan is tried, and both are recorded with their logs', async () => {
  await publish({ name: 'falls', version: '1.0.0', kind: 'application' }, { 'bin/run': '#!/bin/sh\n' });
  await publish(
    { name: 'falls', version: '1.1.0', kind: 'application', variants: [builtFromSource] },
    { 'src/build.sh': 'echo "no compiler here" >&2; exit 7\n' },
  );
  const { groups, built } = await provision('falls');
  expect(built).toMatchObject({ built: 1, failed: 0, chunks: [{ size: 1 }] });
  expect(groups[0]).toMatchObject({
    state: 'built',
    planIndex: 1,
    attempts: [
      {
        planIndex: 0,
        outcome: 'failed',
        log: expect.stringContaining('no compiler here'),
        error: expect.stringContaining('exit code 7'),
      },
      { planIndex: 1, outcome: 'built' },
    ],
  });
});

test('a builder that died after the first plan failed goes on with the second', async () => {
  await publish({ name: 'resumed', version: '1.0.0', kind: 'application' }, { run: 'x' });
  await publish(
    { name: 'resumed', version: '1.1.0', kind: 'application', variants: [builtFromSource] },
    { 'src/build.sh': 'exit 1\n' },
  );
  const failed = { planIndex: 0, outcome: 'failed', packageId: null, error: 'as recorded', log: '' } as const;
  const save = repositories.provisioning.saveGroups.bind(repositories.provisioning);
  const spied = jest.spyOn(repositories.provisioning, 'saveGroups').mockImplementation(async (...saved) => {
    await save(...saved);
    const [group] = await repositories.rollouts.groups(saved[0], 1);
    await repositories.provisioning.planFailed(group?.id ?? '', [failed]);
  });
  const { groups } = await provision('resumed');
  spied.mockRestore();
  expect(groups[0]).toMatchObject({ state: 'built', planIndex: 1, attempts: [failed, { outcome: 'built' }] });
});

test('when no plan can be built the gateways fail with the reason, and nothing is offered', async () => {
  await publish(
    { name: 'broken', version: '1.0.0', kind: 'application', variants: [builtFromSource] },
    { 'src/build.sh': 'exit 1\n' },
  );
  const { rolloutId, built, groups, counts } = await provision('broken', 2);
  expect(built).toMatchObject({ built: 0, failed: 1, remaining: 0, chunks: [] });
  expect(groups[0]).toMatchObject({ state: 'failed', packageId: null });
  expect(counts).toMatchObject({ failed: 2 });
  const { items } = await repositories.deliveryLists.ofRollout(rolloutId, 10, null);
  expect(items[0]?.error).toMatchObject({ code: 'BUILD_FAILED', message: expect.stringContaining('plan 1') });
});

test.each(['have moved to another node', 'were cancelled'])(
  'a build that nobody waits for is ended: its gateways %s',
  async (how) => {
    const isMove = how.includes('moved');
    // Nobody else on the machine sleeps just as long.
    const sleep = `sleep\0${isMove ? 601 : 602}.${process.pid}`;
    const isBuilding = async () => (await runningCommands()).some((command) => command.includes(sleep));
    const name = isMove ? 'moved-away' : 'cancelled-early';
    await publish(
      { name, version: '1.0.0', kind: 'application', variants: [builtFromSource] },
      { 'src/build.sh': `${sleep.replace('\0', ' ')}\n` },
    );
    const gatewayIds = [`${name}-1`, `${name}-2`];
    await addGateways(
      repositories,
      gatewayIds.map((id) => profileOf(id)),
    );
    const provisioned = provision(name, gatewayIds);
    while (!(await isBuilding())) await delay(50);
    const { delivery, gateway } = repositories.database;
    for (const id of gatewayIds) {
      if (isMove) await gateway.update({ where: { id }, data: { nodeId: null } });
      else
        await delivery.updateMany({
          where: { gatewayId: id },
          data: { state: 'cancelled', endedAt: new Date() },
        });
    }
    expect((await provisioned).built).toMatchObject({ built: 0, failed: 0, remaining: 0, abandoned: 1 });
    expect(await isBuilding()).toBe(false);
  },
  60_000,
);

test('a build sees nothing of our environment, and leaves only plain files', async () => {
  await publish(
    { name: 'curious', version: '1.0.0', kind: 'application', variants: [builtFromSource] },
    { 'src/build.sh': 'env > "$LEONORE_OUTPUT/seen"; ln -s /etc/passwd "$LEONORE_OUTPUT/link"\n' },
  );
  process.env['LEONORE_SECRET_OF_THE_TEST'] = 'secret';
  const { groups } = await provision('curious');
  expect(groups[0]).toMatchObject({
    state: 'failed',
    attempts: [{ error: expect.stringContaining('link') }],
  });
  expect(JSON.stringify(groups)).not.toContain('LEONORE_SECRET_OF_THE_TEST');
});

test('a gateway that no plan fits ends incompatible, and is told why', async () => {
  await publish(
    {
      name: 'elsewhere',
      version: '1.0.0',
      kind: 'application',
      variants: [{ platform: { arch: 'riscv64' }, directory: 'riscv64' }],
    },
    { 'riscv64/run': 'x' },
  );
  const { groups, counts, built } = await provision('elsewhere');
  expect(counts).toMatchObject({ incompatible: 1 });
  expect(groups[0]).toMatchObject({
    state: 'incompatible',
    explanation: expect.stringContaining('no variant for armv7'),
  });
  expect(built.chunks).toEqual([]);
});
