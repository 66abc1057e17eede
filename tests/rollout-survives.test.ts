/**
 * Whole rollouts on a whole stack, every part a process of its own, gateways on real sockets; and what is killed in
 * the middle of them, and of what is wanted. Whatever dies, every delivery ends right, and none is done twice.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createLeonoreClient, type LeonoreClient } from '../client/leonore-client.js';
import { startStack, type Stack } from '../stack/start-stack.js';
import { startVirtualGateways, type VirtualGatewayFleet } from '../testbed/virtual-gateways/fleet.js';

const gateways = 60;
const app = 'survivor';

let directory: string;
let stack: Stack;
let client: LeonoreClient;
let fleet: VirtualGatewayFleet;
let version = 0;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'leonore-survives-'));
  stack = await startStack({ dataDir: join(directory, 'data'), nodes: 2 });
  client = createLeonoreClient({ server: stack.api, token: stack.adminToken });
  fleet = await startVirtualGateways({
    server: stack.api,
    enrolmentToken: stack.enrolmentToken,
    count: gateways,
    strategy: 'mixed',
    intervalSeconds: 0.5,
    // Long enough that a part can be killed while gateways are at work.
    thinkTimeMs: 3_000,
  });
  await client.createDeployment({ name: 'all', select: 'id != ""' });
}, 15 * 60_000);

afterAll(async () => {
  await fleet.stop();
  await stack.stop();
  await rm(directory, { recursive: true, force: true });
}, 300_000);

/** Publishes the next version. */
async function publish(): Promise<void> {
  version += 1;
  const source = join(directory, `artifact-${version}`);
  await mkdir(join(source, 'bin'), { recursive: true });
  await writeFile(
    join(source, 'artifact.yaml'),
    `name: ${app}\nversion: ${version}.0.0\nkind: application\n`,
  );
  await writeFile(join(source, 'bin/run'), `#!/bin/sh\n# version ${version}\n`, { mode: 0o755 });
  await client.addArtifact(source);
}

/** Rolls the next version out; `disturb` runs while the first gateways are at work. */
async function rollOut(disturb: () => Promise<void>, deadlineSeconds = 120): Promise<void> {
  await publish();
  const before = fleet.snapshot();
  const { id } = await client.startRollout(
    { requests: [`${app}@${version}.0.0`], deployment: 'all', deadlineSeconds },
    `rollout-${version}`,
  );
  await until(async () => (await client.rollout(id)).counts.installing > 0);
  await disturb();
  await until(async () => (await client.rollout(id)).endedAt !== null);

  const rollout = await client.rollout(id);
  expect(rollout).toMatchObject({ state: 'succeeded', failure: null, counts: { succeeded: gateways } });
  expect(rollout.steps.map((step) => step.step)).toEqual(
    expect.arrayContaining(['i', 'ii', 'iii', 'iv', 'v', 'vi', 'vii', 'viii']),
  );
  // Done twice would show here: each gateway carried out one task, and the package was built once.
  const after = fleet.snapshot();
  expect(after.succeeded - before.succeeded).toBe(gateways);
  expect(after.downloads - before.downloads).toBe(gateways);
  expect(new Set(rollout.groups.map((group) => group.packageId)).size).toBe(1);
  await expectEverywhere();
}

/** All gateways have the newest version. */
async function expectEverywhere(): Promise<void> {
  const installed = (await client.gateways()).map(
    (gateway) => gateway.profile.installed?.find((entry) => entry.name === app)?.version,
  );
  expect(new Set(installed)).toEqual(new Set([`${version}.0.0`]));
}

/** Publishes the next version of what is wanted; `disturb` runs while gateways gather for the rollout. */
async function bringToWanted(disturb: () => Promise<void>): Promise<void> {
  const { id } = await client.wantState(
    { requests: [`${app}@>=1`], deployment: 'all', automatic: true },
    `wanted-${version}`,
  );
  const held = () => until(async () => (await client.wantedState(id)).compliance.held === gateways);
  await held();
  await publish();
  const before = fleet.snapshot();
  await until(async () => (await client.wantedState(id)).compliance.drifted > 0);
  await disturb();
  await until(async () => (await client.wantedState(id)).versions[0] === `${app}@${version}.0.0`);
  await held();

  // Nothing is lost, and nothing is done twice: one rollout for all that gathered.
  const { rollouts } = await client.wantedState(id);
  expect(rollouts.map((rollout) => rollout.gateways)).toEqual([gateways]);
  const after = fleet.snapshot();
  expect(after.succeeded - before.succeeded).toBe(gateways);
  expect(after.downloads - before.downloads).toBe(gateways);
  await expectEverywhere();
  await client.endWantedState(id);
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition().catch(() => false))) await new Promise((resolve) => setTimeout(resolve, 100));
}

test('a rollout by pull and push on two nodes', () => rollOut(async () => undefined), 120_000);

test(
  'the coordinator is killed in the middle',
  () => rollOut(() => stack.kill('coordinator', 'SIGKILL')),
  180_000,
);

test(
  'Temporal is killed and started again in the middle',
  () => rollOut(() => stack.kill('temporal', 'SIGKILL')),
  180_000,
);

test(
  'the coordinator is killed while gateways gather for what is wanted',
  () => bringToWanted(() => stack.kill('coordinator', 'SIGKILL')),
  180_000,
);

test(
  'Temporal is killed while gateways gather for what is wanted',
  () => bringToWanted(() => stack.kill('temporal', 'SIGKILL')),
  180_000,
);

test(
  'PostgreSQL is killed and started again in the middle',
  () => rollOut(() => stack.kill('postgres', 'SIGKILL')),
  180_000,
);

test('the API is killed in the middle', () => rollOut(() => stack.kill('api', 'SIGKILL')), 300_000);

test(
  'a node is killed in the middle and started again',
  () => rollOut(() => stack.kill('node-1', 'SIGKILL')),
  180_000,
);

test('a node dies in the middle and stays away: its gateways and deliveries move to the other', async () => {
  // Whom the falls before moved where is of no matter: the node that has gateways is the one that dies.
  const [dying = '', staying = ''] = (await client.nodes())
    .toSorted((left, right) => right.gatewayCount - left.gatewayCount)
    .map(({ id }) => id);
  await rollOut(() => stack.halt(dying, 'SIGKILL'));
  const looks = async () =>
    new Map((await client.nodes()).map(({ id, state, gatewayCount }) => [id, { state, gatewayCount }]));
  await until(async () => (await looks()).get(dying)?.state === 'dead');
  expect(await looks()).toEqual(
    new Map([
      [staying, { state: 'active', gatewayCount: gateways }],
      [dying, { state: 'dead', gatewayCount: 0 }],
    ]),
  );
}, 300_000);
