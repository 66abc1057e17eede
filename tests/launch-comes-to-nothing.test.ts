/**
 * A launch command that returns as if all were well, and no node ever comes. The activities of the pool, a real
 * command, PostgreSQL, API and CLI; time passes in the database alone.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { MockActivityEnvironment } from '@temporalio/testing';
import { poolActivities } from '../activities/pool-activities.js';
import { runCli } from '../cli/run-cli.js';
import type { PoolAction } from '../domain/balancer/pool.js';
import { LeonoreError } from '../domain/errors.js';
import { CommandLauncher } from '../workers/launchers/command-launcher.js';
import type { PoolActivities } from '../workflows/activity-types.js';
import { testApi, testTokens, type TestApi } from './support/test-api.js';
import { addNode, profileOf, registrationOf } from './support/test-repositories.js';

let directory: string;
let api: TestApi;
let activities: PoolActivities;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'leonore-launch-'));
  // Nothing here speaks to Temporal.
  api = await testApi('127.0.0.1:1');
  activities = poolActivities({
    ...api.repositories,
    launcher: new CommandLauncher({
      launch: 'exit 0',
      destroy: `echo "$LEONORE_NODE_ID" >> '${join(directory, 'destroyed')}'`,
    }),
    releaseShare: async () => undefined,
  });
}, 300_000);

afterAll(async () => {
  await api.close();
  await rm(directory, { recursive: true, force: true });
});

/** The nodes that the launcher was told to end, each time. */
async function destroyed(): Promise<string[]> {
  return (await readFile(join(directory, 'destroyed'), 'utf8')).trim().split('\n');
}

const run = <T>(activity: () => Promise<T>): Promise<T> => new MockActivityEnvironment().run(activity);

async function next(): Promise<PoolAction> {
  return (await activities.lookAtPool()).action;
}

/** Does something after which node-2 is to be looked at again in so many seconds, by the database's clock. */
async function expectDueIn(seconds: number, work: () => Promise<unknown>): Promise<void> {
  const clock = async (): Promise<number> => {
    const [row] = await api.repositories.database.$queryRaw<{ now: Date }[]>`SELECT now()`;
    return row?.now.getTime() ?? Number.NaN;
  };
  const before = await clock();
  await work();
  const after = await clock();
  const { dueAt } = await api.repositories.database.node.findUniqueOrThrow({ where: { id: 'node-2' } });
  const setAt = (dueAt?.getTime() ?? Number.NaN) - seconds * 1_000;
  // The column keeps milliseconds, rounded.
  expect(setAt).toBeGreaterThanOrEqual(before - 1);
  expect(setAt).toBeLessThanOrEqual(after + 1);
}

/** As much time passes as the pool waits for, and a moment more: the column rounds, up as well as down. */
async function pass(): Promise<void> {
  await api.repositories.database
    .$executeRaw`UPDATE node SET due_at = now() - interval '1 second' WHERE due_at > now()`;
}

async function register(id: string): Promise<string> {
  const outcome = await api.repositories.registrations
    .register(registrationOf(profileOf(id), Buffer.from('hash')))
    .catch((error: unknown) => error);
  if (outcome instanceof LeonoreError) return outcome.code;
  return (outcome as { node: { id: string } }).node.id;
}

async function nodeList(): Promise<string> {
  let text = '';
  const exitCode = await runCli(['node', 'list'], {
    stdout: { write: (part: string) => (text += part) },
    stderr: { write: (part: string) => (text += part) },
    env: { LEONORE_SERVER: api.address, LEONORE_TOKEN: testTokens.viewer },
  });
  expect(exitCode).toBe(0);
  return text;
}

test('it is given up after its time, shown, tried again after longer and longer, and at last nobody waits for it', async () => {
  const { pool, placement, nodes } = api.repositories;
  await addNode(api.repositories, 'node-1');
  await placement.takeShare('node-1');
  await pool.configure(
    { strategy: 'load', threshold: 1, minNodes: 1, maxNodes: 2, settleMs: 60_000, channels: [] },
    { prefix: 'node-', first: 1 },
  );
  expect(await register('first')).toBe('node-1');
  expect(await register('queued')).toBe('NODES_FULL');
  expect(await next()).toEqual({ kind: 'grow' });
  await activities.growPool();

  for (const [index, waitSeconds] of [1, 2, 4, 8, 16].entries()) {
    const attempt = index + 1;
    expect(await next()).toEqual({ kind: 'launch', nodeId: 'node-2' });
    // The launcher has no complaint.
    await expectDueIn(60, async () => {
      expect(await run(() => activities.launchNode({ nodeId: 'node-2' }))).toEqual({ problem: null });
    });
    await pass();
    expect(await next()).toEqual({ kind: 'giveUpLaunch', nodeId: 'node-2' });
    await expectDueIn(waitSeconds, () => run(() => activities.giveUpLaunch({ nodeId: 'node-2' })));
    expect(await nodes.get('node-2')).toMatchObject({ state: 'launching', attempts: attempt });
    expect(await nodeList()).toMatch(
      new RegExp(
        `node-2 .*launch failed ${attempt} times?: it was launched, and did not register within 60 s`,
      ),
    );
    if (attempt === 5) break;
    expect(await register('queued')).toBe('NODES_FULL');
    await pass();
  }
  // What may still come up is ended before the next attempt.
  expect(await destroyed()).toEqual(new Array(5).fill('node-2'));

  // Five in a row: thresholds yield, to who waits and to who comes.
  expect(await next()).toEqual({ kind: 'admit' });
  await run(() => activities.admitQueued());
  expect(await register('queued')).toBe('node-1');
  expect(await register('another')).toBe('node-1');
  expect(await nodes.get('node-1')).toMatchObject({ gatewayCount: 3 });
  // It goes on being tried, and comes up in the end: then it takes its share, and nothing of all that is left.
  await pass();
  expect(await next()).toEqual({ kind: 'launch', nodeId: 'node-2' });
  await run(() => activities.launchNode({ nodeId: 'node-2' }));
  await addNode(api.repositories, 'node-2');
  expect(await next()).toEqual({ kind: 'share', nodeId: 'node-2' });
  expect(await nodes.get('node-2')).toMatchObject({ state: 'active', attempts: 0, problem: null });

  // It registered just before it was to be given up: it stays.
  const before = await destroyed();
  await run(() => activities.giveUpLaunch({ nodeId: 'node-2' }));
  expect(await nodes.get('node-2')).toMatchObject({ state: 'active', attempts: 0 });
  expect(await destroyed()).toEqual(before);
});
