/**
 * What happens to a whole stack, every part a process of its own: the database away while packages are built, the
 * store of Temporal lost, work that takes nodes with it, builds that fill a node, a database that is set back. Nothing
 * fails that need not, and what must fail says why.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';
import { request } from 'undici';
import { processesWith } from '../agent/testing/agent-process.js';
import { createLeonoreClient, type LeonoreClient } from '../client/leonore-client.js';
import type { Rollout } from '../client/resources.js';
import type { ArtifactManifest } from '../domain/artifact/manifest.js';
import { housekeepingId, workflowIds } from '../domain/orchestration.js';
import { puzzle } from '../domain/resolver/testing/puzzle.js';
import { startStack, type Stack } from '../stack/start-stack.js';
import { startVirtualGateways, type VirtualGatewayFleet } from '../testbed/virtual-gateways/fleet.js';
import { copyDatabase, restoreDatabase } from './support/database-copy.js';
import { withPostgres } from './support/servers/postgres-for-tests.js';
import { profileOf } from './support/test-repositories.js';

/** Longer than all tries of an activity at once. */
const awayMs = 40_000;
const hard = puzzle();

let directory: string;
let stack: Stack;
let client: LeonoreClient;
let connection: Connection;
let temporal: Client;
/** At work at once, and for a while; and one that never answers. */
let fleets: { readonly busy: VirtualGatewayFleet; readonly quiet: VirtualGatewayFleet };

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'leonore-faults-'));
  stack = await startStack({ dataDir: join(directory, 'data'), nodes: 2 });
  client = createLeonoreClient({ server: stack.api, token: stack.adminToken });
  connection = Connection.lazy({ address: stack.temporal });
  temporal = new Client({ connection });
  const fleet = { server: stack.api, enrolmentToken: stack.enrolmentToken, intervalSeconds: 0.5 };
  const [busy, quiet] = await Promise.all([
    startVirtualGateways({
      ...fleet,
      prefix: 'busy',
      labels: { fleet: 'busy' },
      count: 12,
      strategy: 'mixed',
    }),
    startVirtualGateways({ ...fleet, prefix: 'quiet', count: 2, strategy: 'pull', silentRate: 1 }),
  ]);
  fleets = { busy, quiet };
  await client.createDeployment({ name: 'busy', select: 'labels.fleet == "busy"' });
  await client.createDeployment({ name: 'one', gatewayIds: ['busy-0'] });
  await client.createDeployment({ name: 'quiet', gatewayIds: ['quiet-0', 'quiet-1'] });
  await client.createDeployment({ name: 'another', gatewayIds: ['busy-2'] });
  await client.createDeployment({ name: 'neighbours', gatewayIds: ['busy-0', 'busy-1'] });
  for (const name of ['light', 'prompt']) await publish(name);
  for (const manifest of hard.artifacts) await add(manifest);
  await registerPuzzled('puzzled');
  await client.createDeployment({ name: 'puzzled', gatewayIds: ['puzzled'] });
  // Its package is there from now on.
  expect(await ended(await start('light', 'another'))).toMatchObject({ state: 'succeeded' });
}, 15 * 60_000);

afterAll(async () => {
  await Promise.all(Object.values(fleets).map((fleet) => fleet.stop()));
  await connection.close();
  await stack.stop();
  await rm(directory, { recursive: true, force: true });
}, 300_000);

/** Publishes version 1.0.0 of an artifact. @param buildSeconds absent: it needs no build */
async function publish(name: string, buildSeconds?: number): Promise<void> {
  const script = `#!/bin/sh\nsleep ${buildSeconds ?? 0}\necho ${name} >"$LEONORE_OUTPUT/run"\n`;
  const manifest: ArtifactManifest = {
    name,
    version: '1.0.0',
    kind: 'application',
    ...(buildSeconds === undefined
      ? {}
      : { variants: [{ size: 1, installedSize: 1, source: { directory: 'src', build: 'build.sh' } }] }),
  };
  await add(manifest, script);
}

async function add(manifest: ArtifactManifest, script = ''): Promise<void> {
  const source = join(directory, manifest.name);
  await mkdir(join(source, 'src'), { recursive: true });
  await writeFile(join(source, 'artifact.yaml'), JSON.stringify(manifest));
  if (script !== '') await writeFile(join(source, 'src/build.sh'), script, { mode: 0o755 });
  await client.addArtifact(source);
}

async function start(artifact: string, deployment: string, deadlineSeconds = 600): Promise<string> {
  const requested = { requests: [artifact], deployment, deadlineSeconds };
  return (await client.startRollout(requested, `${artifact}-${deployment}-${Math.random()}`)).id;
}

async function ended(id: string): Promise<Rollout> {
  await until(async () => (await client.rollout(id)).endedAt !== null);
  return client.rollout(id);
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition().catch(() => false))) await delay(100);
}

const hasBegun = async (id: string, step: string): Promise<boolean> =>
  (await client.rollout(id)).steps.some((own) => own.step === step);

/** What the workflows of a rollout show in Temporal's UI. */
async function details(workflowId: string): Promise<string> {
  const metadata = await temporal.workflow
    .getHandle(workflowId)
    .query<{ currentDetails?: string }>('__temporal_workflow_metadata');
  return metadata.currentDetails ?? '';
}

/** Whole text of what is stored of rollouts and deliveries, and of what people are shown. */
async function everythingSaid(): Promise<string> {
  return withPostgres(stack.database, async (database) => {
    const { rows } = await database.query(
      `SELECT coalesce(failure::text, '') || coalesce(waiting_for, '') AS said FROM rollout
       UNION ALL SELECT coalesce(error::text, '') || history::text FROM delivery
       UNION ALL SELECT detail::text FROM rollout_event`,
    );
    return JSON.stringify(rows);
  });
}

test('PostgreSQL is away for 40 s while packages are built and handed out: it is waited for', async () => {
  await publish('patient', 15);
  const building = await start('patient', 'busy');
  await until(() => hasBegun(building, 'v'));
  // One is at step v, the other at one of the first.
  const other = await start('prompt', 'busy');
  await stack.halt('postgres');
  const away = delay(awayMs);
  const shown = async (id: string): Promise<string> => {
    const shares = ['node-1', 'node-2'].map((node) => workflowIds.nodeShare(id, node, 1));
    const all = [workflowIds.rollout(id), ...shares].map((one) => details(one).catch(() => ''));
    return (await Promise.all(all)).join('\n');
  };
  await until(async () => (await shown(building)).includes('waiting for PostgreSQL'));
  await until(async () => (await shown(other)).includes('waiting for PostgreSQL'));
  await away;
  await stack.start('postgres');
  for (const id of [building, other]) {
    expect(await ended(id)).toMatchObject({ state: 'succeeded', failure: null, counts: { succeeded: 12 } });
    expect(await details(workflowIds.rollout(id))).not.toContain('waiting');
  }
  expect(await everythingSaid()).not.toMatch(/prisma|ECONNREFUSED|invocation|pg_|driver/i);
}, 300_000);

test('the store of Temporal is lost: rollouts go on, wishes are kept, schedules are back', async () => {
  await publish('lasting', 8);
  const building = await start('lasting', 'busy');
  const silent = await start('prompt', 'quiet', 45);
  // Of another artifact: it would supersede what has not begun.
  const unwanted = await start('light', 'quiet');
  await until(async () => (await client.rollout(silent)).counts.offered === 2);
  await until(async () => (await client.rollout(unwanted)).counts.offered === 2);
  const coordinator = stack.pid('coordinator');
  await stack.halt('temporal', 'SIGKILL');
  const store = join(stack.dataDir, 'temporal');
  for (const file of await readdir(store)) await rm(join(store, file), { recursive: true });
  expect((await client.cancelRollout(unwanted)).state).toBe('cancelling');
  await stack.start('temporal');
  expect(await ended(building)).toMatchObject({ state: 'succeeded', failure: null });
  expect(await ended(unwanted)).toMatchObject({ state: 'cancelled', counts: { cancelled: 2 } });
  expect(await ended(silent)).toMatchObject({ state: 'failed', counts: { lost: 2 } });
  await until(async () => {
    await temporal.schedule.getHandle(housekeepingId).describe();
    return true;
  });
  expect(stack.pid('coordinator')).toBe(coordinator);
}, 300_000);

test('24 rollouts wait for one build: one whose package is there is delivered meanwhile', async () => {
  // It is built for as long as the test wants, in a second try too.
  const name = `lengthy-${randomUUID().slice(0, 8)}`;
  const buildSeconds = 500 + Math.random();
  await publish(name, buildSeconds);
  const lengthy = await Promise.all(Array.from({ length: 24 }, () => start(name, 'one')));
  await until(() => hasBegun(lengthy[23] ?? '', 'iv'));
  expect(await ended(await start('light', 'neighbours'))).toMatchObject({ state: 'succeeded' });
  const open = await Promise.all(lengthy.map(async (id) => (await client.rollout(id)).endedAt));
  expect(open.filter((endedAt) => endedAt !== null)).toEqual([]);
  for (const pid of await processesWith(`sleep\0${buildSeconds}`)) process.kill(pid);
  // What has not begun when a newer one is offered is superseded by it; the newest by none.
  const rollouts = await Promise.all(lengthy.map((id) => ended(id)));
  const otherwise = rollouts.filter(
    ({ state, failure }) => failure !== null || !['succeeded', 'superseded'].includes(state),
  );
  expect(await Promise.all(otherwise.map(({ id }) => client.deliveries(id)))).toEqual([]);
  expect(rollouts.map(({ state }) => state)).toContain('succeeded');
}, 300_000);

/** A gateway without a process: what cannot be planned is never offered. */
async function registerPuzzled(id: string): Promise<void> {
  const profile = profileOf(id, { hardware: { arch: 'x86_64', ...hard.hardware } });
  const answer = await request(`${stack.api}/device/v1/register`, {
    method: 'POST',
    headers: { authorization: `Bearer ${stack.enrolmentToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({ profile }),
  });
  expect(answer.statusCode).toBeLessThan(300);
  await answer.body.dump();
}

test('a plan that is too hard ends with that reason, and no node dies of it', async () => {
  const pids = ['node-1', 'node-2'].map((node) => stack.pid(node));
  const id = await start('puzzle', 'puzzled');
  await until(() => hasBegun(id, 'iv'));
  // Others are served while it is worked on.
  expect(await ended(await start('light', 'busy'))).toMatchObject({ state: 'succeeded' });
  expect(await ended(id)).toMatchObject({ state: 'failed', counts: { failed: 1 } });
  const [delivery] = await client.deliveries(id);
  expect(delivery?.error).toMatchObject({ code: 'PLANNING_TOO_HARD' });
  expect(['node-1', 'node-2'].map((node) => stack.pid(node))).toEqual(pids);
  expect((await client.nodes()).map(({ state }) => state)).toEqual(['active', 'active']);
}, 300_000);

test('work that takes nodes with it is given to two, and to no third', async () => {
  // So long that a node is at work on it whenever it is looked at; of a name of its own, as what was built is not built again.
  const endless = `endless-${randomUUID().slice(0, 8)}`;
  await publish(endless, 120);
  const id = await start(endless, 'another');
  const victims: string[] = [];
  // One after the other: the next when the death of the one before has been found out.
  await until(async () => {
    if ((await nodesLost(id)) === victims.length) {
      const nodeId = await nodeAtWork(id);
      if (nodeId !== null) {
        victims.push(nodeId);
        await stack.kill(nodeId, 'SIGKILL');
      }
    }
    return victims.length === 2 || (await client.rollout(id)).endedAt !== null;
  });
  expect(await ended(id)).toMatchObject({ state: 'failed', counts: { failed: 1 } });
  const [delivery] = await client.deliveries(id);
  expect(delivery?.error).toMatchObject({ code: 'TASK_QUARANTINED' });
  expect(victims).toHaveLength(2);
  await Promise.all(['node-1', 'node-2'].map((node) => stack.waitFor(node, 'ready')));
  // The others go on.
  expect(await ended(await start('light', 'busy'))).toMatchObject({ state: 'succeeded' });
}, 300_000);

/** How many deaths of nodes have been noted of a rollout. */
async function nodesLost(id: string): Promise<number> {
  return withPostgres(stack.database, async (database) => {
    const { rowCount } = await database.query(
      `SELECT 1 FROM rollout_event WHERE rollout_id = $1 AND kind = 'node-lost'`,
      [id],
    );
    return rowCount ?? 0;
  });
}

/** Who plans or builds for a rollout, by Temporal's account; a node that was started since is not at the work of the one before. */
async function nodeAtWork(id: string): Promise<string | null> {
  for (const { id: nodeId, startedAt } of await client.nodes()) {
    for (const round of [1, 2, 3, 4]) {
      const execution = { workflowId: workflowIds.nodeShare(id, nodeId, round) };
      const { pendingActivities } = await connection.workflowService
        .describeWorkflowExecution({ namespace: 'default', execution })
        .catch(() => ({ pendingActivities: [] }));
      const heard = pendingActivities.map(
        ({ lastHeartbeatTime }) => (lastHeartbeatTime?.seconds?.toNumber() ?? 0) * 1_000,
      );
      if (heard.some((atMs) => atMs > Date.parse(startedAt))) return nodeId;
    }
  }
  return null;
}

test('the database is set back: what it does not know ends, and gateways say what they have', async () => {
  const before = await copyDatabase(stack.database);
  await publish('forgotten');
  const forgotten = await start('forgotten', 'busy');
  expect(await ended(forgotten)).toMatchObject({ state: 'succeeded' });
  const unknown = await start('forgotten', 'quiet');
  await until(async () => (await client.rollout(unknown)).counts.offered === 2);
  await restoreDatabase(stack.database, before);
  await until(async () =>
    (await client.gateways())
      .filter(({ id }) => id.startsWith('busy'))
      .every(({ profile }) => profile.installed?.some(({ name }) => name === 'forgotten')),
  );
  await expect(client.rollout(unknown)).rejects.toMatchObject({ code: 'ROLLOUT_NOT_FOUND' });
  await until(
    async () =>
      (
        await temporal.workflow.count(
          `ExecutionStatus = 'Running' AND LeonoreRollout IN ('${unknown}', '${forgotten}')`,
        )
      ).count === 0,
  );
  // What it knows goes on.
  expect(await ended(await start('light', 'busy'))).toMatchObject({ state: 'succeeded' });
}, 300_000);
