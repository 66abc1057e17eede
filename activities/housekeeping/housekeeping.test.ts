/** Housekeeping against a real repository and a real blob store. */
import { readdir, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { MockActivityEnvironment } from '@temporalio/testing';
import { testBuilder, type Provisioned, type TestBuilder } from '../../tests/support/test-builder.js';
import { PackageRestorer } from '../package-builder/package-restorer.js';
import { housekeepingActivities } from './housekeeping-activities.js';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

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

const activities = () =>
  housekeepingActivities({ ...repositories, blobs, retentionMs: 30 * dayMs, graceMs: dayMs });
async function run<A extends unknown[], R>(activity: (...args: A) => Promise<R>, ...args: A): Promise<R> {
  const result: R = await new MockActivityEnvironment().run(activity, ...args);
  return result;
}

async function publishApp(name: string, version = '1.0.0'): Promise<void> {
  await publish({ name, version, kind: 'application' }, { run: `${name} ${version}` });
}

function packageOf({ groups }: Provisioned) {
  return repositories.packages.get(groups[0]?.packageId ?? '');
}

/** As if a rollout had happened so long ago, and ended. */
async function age({ rolloutId, groups }: Provisioned, days: number, state = 'succeeded'): Promise<void> {
  const at = new Date(Date.now() - days * dayMs);
  const { database, rollouts } = repositories;
  await database.delivery.updateMany({ where: { rolloutId }, data: { state, endedAt: at } });
  await rollouts.end(rolloutId, null);
  await database.rollout.update({ where: { id: rolloutId }, data: { endedAt: at } });
  await database.package.updateMany({
    where: { id: groups[0]?.packageId ?? '' },
    data: { lastNeededAt: at },
  });
}

/** Puts content into the store as it was committed so long ago. */
async function blob(content: string, ageMs: number): Promise<string> {
  const staged = await blobs.stage(Readable.from([content]), 1_000);
  await staged.commit();
  const at = new Date(Date.now() - ageMs);
  await utimes(fileOf(staged.digest), at, at);
  return staged.digest;
}

function fileOf(digest: string): string {
  return join(builder.blobRoot, 'sha256', digest.slice(0, 2), digest);
}

test('a package that nobody needs any more goes, and is the same when it is needed again', async () => {
  await publishApp('passing');
  const first = await provision('passing');
  const before = await packageOf(first);
  await age(first, 31);
  expect(await run(activities().removeExpiredPackages)).toEqual({ removed: 1, more: false });
  expect(await blobs.sizeOf(before.archiveDigest)).toBeNull();
  expect((await packageOf(first)).removedAt).not.toBeNull();
  const again = await provision('passing');
  expect(again.groups[0]).toMatchObject({ packageId: before.id, attempts: [{ outcome: 'built' }] });
  expect(await packageOf(again)).toMatchObject({ archiveDigest: before.archiveDigest, removedAt: null });
  expect(await blobs.sizeOf(before.archiveDigest)).toBe(before.sizeBytes);
});

test.each([
  [
    'its rollout is under way',
    async (first: Provisioned) => {
      await age(first, 31);
      await repositories.database.rollout.update({
        where: { id: first.rolloutId },
        data: { state: 'running', endedAt: null },
      });
    },
  ],
  [
    'a rollout that had it ended within the time: the lost may come back',
    async (first: Provisioned) => {
      await age(first, 31, 'lost');
      await repositories.database.rollout.update({
        where: { id: first.rolloutId },
        data: { endedAt: new Date(Date.now() - 29 * dayMs) },
      });
    },
  ],
  [
    'a gateway that has it is being changed, and may have to go back',
    async (first: Provisioned) => {
      await age(first, 31);
      await publishApp('another');
      await provision('another', first.gatewayIds);
    },
  ],
])('a package stays while %s', async (_why, prepare) => {
  await publishApp('staying');
  const first = await provision('staying');
  await prepare(first);
  await run(activities().removeExpiredPackages);
  expect(await packageOf(first)).toMatchObject({ removedAt: null });
  await age(first, 31);
  await repositories.database.delivery.updateMany({ data: { endedAt: new Date(0), state: 'succeeded' } });
  await repositories.database.rollout.updateMany({ data: { endedAt: new Date(0), state: 'succeeded' } });
  expect(await run(activities().removeExpiredPackages)).toMatchObject({ removed: 1 });
});

test('content that no row names goes, unless it is young', async () => {
  await publish(
    {
      name: 'kept',
      version: '1.0.0',
      kind: 'application',
      variants: [{ size: 1, installedSize: 1, source: { directory: 'src', build: 'build.sh' } }],
    },
    { 'src/build.sh': 'echo what was built >"$LEONORE_OUTPUT/run"\n' },
  );
  const { archiveDigest } = await packageOf(await provision('kept'));
  for await (const { digest } of blobs.list('')) await utimes(fileOf(digest), new Date(0), new Date(0));
  const old = await blob('nobody names this', 25 * hourMs);
  const young = await blob('a row is about to name this', 23 * hourMs);
  const before = await listed();
  expect(await run(activities().sweepBlobs, { after: '' })).toMatchObject({
    checked: before.length,
    removed: 1,
    freedBytes: 17,
    next: null,
  });
  expect(await listed()).toEqual(before.filter((digest) => digest !== old));
  expect(before).toEqual(expect.arrayContaining([young, archiveDigest]));
});

async function listed(): Promise<string[]> {
  const digests: string[] = [];
  for await (const { digest } of blobs.list('')) digests.push(digest);
  return digests;
}

test('content that is committed or named while it is being removed stays', async () => {
  const now = () => new Date(Date.now() + 1_000);
  const named = await blob('named meanwhile', 0);
  expect(await blobs.removeUnneeded(named, now(), async () => true)).toBe(false);
  expect(await blobs.sizeOf(named)).toBe(15);
  const committed = await blob('committed meanwhile', 25 * hourMs);
  const removed = await blobs.removeUnneeded(committed, new Date(Date.now() - dayMs), async () => {
    await blob('committed meanwhile', 0);
    return false;
  });
  expect(removed).toBe(true);
  expect(await blobs.sizeOf(committed)).toBe(19);
  const recommitted = await blob('young', 0);
  expect(await blobs.removeUnneeded(recommitted, new Date(Date.now() - dayMs), async () => false)).toBe(
    false,
  );
  expect(await blobs.sizeOf(recommitted)).toBe(5);
});

test('what a crash left is cleared: what was never accepted, and what was being removed', async () => {
  const { blobRoot } = builder;
  await run(activities().clearLeftovers);
  await blobs.stage(Readable.from(['never accepted']), 100);
  const [name = ''] = await readdir(join(blobRoot, 'staging'));
  expect(await run(activities().clearLeftovers)).toEqual({ cleared: 0 });
  await utimes(join(blobRoot, 'staging', name), new Date(0), new Date(0));
  expect(await run(activities().clearLeftovers)).toEqual({ cleared: 1 });
  expect(await readdir(join(blobRoot, 'staging'))).toEqual([]);
  // Taken aside a moment ago: whoever did it is still at it.
  await writeFile(join(blobRoot, 'removed', `${'0'.repeat(64)}.x`), '');
  expect(await run(activities().clearLeftovers)).toEqual({ cleared: 0 });
});

test('a row without its archive is mended: noted when nobody needs it, built again when a gateway asks', async () => {
  await publishApp('lost-1');
  await publishApp('lost-2');
  const [ended, underWay] = [await provision('lost-1'), await provision('lost-2')];
  await age(ended, 1);
  await repositories.database.rollout.update({
    where: { id: ended.rolloutId },
    data: { endedAt: new Date(0) },
  });
  for (const one of [ended, underWay]) await blobs.remove((await packageOf(one)).archiveDigest);
  expect(await run(activities().checkPackages, { after: '' })).toMatchObject({ missing: 2, next: null });
  expect((await packageOf(ended)).removedAt).not.toBeNull();
  const { archiveDigest, sizeBytes, removedAt } = await packageOf(underWay);
  expect(removedAt).toBeNull();
  const failures: unknown[] = [];
  const restorer = new PackageRestorer(builder.dependencies, (error) => failures.push(error));
  restorer.restore(archiveDigest);
  restorer.restore(archiveDigest);
  await restorer.idle();
  expect(failures).toEqual([]);
  expect(await blobs.sizeOf(archiveDigest)).toBe(sizeBytes);
  await truncate(fileOf(archiveDigest), 10);
  expect(await run(activities().checkPackages, { after: '' })).toMatchObject({ missing: 1 });
  expect(await blobs.sizeOf(archiveDigest)).toBeNull();
});

test('files of artifacts that are gone are named, and adding the artifact again mends them', async () => {
  await publishApp('damaged');
  const [file] =
    (await repositories.artifacts.contentOf(['damaged@1.0.0'])).get('damaged@1.0.0')?.files ?? [];
  await blobs.remove(file?.sha256 ?? '');
  expect(await run(activities().checkArtifacts, { after: '' })).toMatchObject({
    missing: 1,
    examples: ['damaged@1.0.0 run'],
    next: null,
  });
  const { groups } = await provision('damaged');
  expect(groups[0]).toMatchObject({
    state: 'failed',
    attempts: [{ error: expect.stringContaining('does not hold') }],
  });
  await publishApp('damaged');
  expect(await run(activities().checkArtifacts, { after: '' })).toMatchObject({ missing: 0 });
  expect((await provision('damaged')).groups[0]).toMatchObject({ state: 'built' });
});

test('a gateway may fetch what it goes back to, and what it had when it was lost', async () => {
  await publishApp('held');
  const first = await provision('held');
  const { archiveDigest: digest } = await packageOf(first);
  const [gatewayId = ''] = first.gatewayIds;
  const may = async (id: string) =>
    (await repositories.deliveries.mayDownload([{ gatewayId: id, digest }]))[0];
  expect(await may(gatewayId)).toBe(false);
  for (const [state, allowed] of [
    ['succeeded', true],
    ['lost', true],
    ['failed', false],
    ['cancelled', false],
  ] as const) {
    await age(first, 1, state);
    expect([state, await may(gatewayId)]).toEqual([state, allowed]);
  }
  expect(await may('gw-unknown')).toBe(false);
});
