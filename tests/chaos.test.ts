/**
 * Chaos: rollouts on a whole stack while, round after round, a part is killed or paused, a workflow is terminated,
 * reset or cancelled, the database is set back, or the store of Temporal is deleted. After each round every delivery
 * is in a state that its gateway's disk confirms; at the end no row is open, and the numbers add up.
 *
 * It runs for `npm run test:soak` (LEONORE_SOAK=1): 40 rounds, or LEONORE_SOAK_ROUNDS; the dice are LEONORE_SOAK_SEED's.
 */
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';
import { startAgent, type RunningAgent } from '../agent/start-agent.js';
import { ClientError } from '../client/client-error.js';
import { createLeonoreClient, type LeonoreClient } from '../client/leonore-client.js';
import { workflowIds } from '../domain/orchestration.js';
import { startStack, type Stack } from '../stack/start-stack.js';
import { createRandom, seedOf } from '../testbed/random.js';
import { startVirtualGateways, type VirtualGatewayFleet } from '../testbed/virtual-gateways/fleet.js';
import { copyDatabase, restoreDatabase, type DatabaseCopy } from './support/database-copy.js';
import { expectInOrder } from './support/in-order.js';
import { withPostgres } from './support/servers/postgres-for-tests.js';
import { inflict, workflowFaults, type WorkflowFault } from './support/workflow-faults.js';

const isSoak = process.env['LEONORE_SOAK'] === '1';
const rounds = Number(process.env['LEONORE_SOAK_ROUNDS'] ?? 40);
const seed = Number(process.env['LEONORE_SOAK_SEED'] ?? 1);
const virtualGateways = 40;
const realAgents = 2;
/** A copy of the database is used when it is so old, and then replaced. */
const copyAgeMs = 5 * 60_000;
/** Each round that has this number meets gateways that never answer: it lasts until they are lost. */
const silentEvery = 5;

const random = createRandom(seedOf(seed, 'chaos'));
const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
const parts = ['node-1', 'node-2', 'coordinator', 'api', 'temporal', 'postgres'] as const;

let directory: string;
let stack: Stack;
let client: LeonoreClient;
let connection: Connection;
let temporal: Client;
let fleet: VirtualGatewayFleet;
let silent: VirtualGatewayFleet;
let agents: RunningAgent[];
let copy: { readonly database: DatabaseCopy; readonly atMs: number };

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition().catch(() => false))) await delay(200);
}

/** Publishes a version of the application that replaces the one before. */
async function publish(version: string): Promise<void> {
  const source = join(directory, version);
  await mkdir(join(source, 'src'), { recursive: true });
  await writeFile(
    join(source, 'artifact.yaml'),
    `name: app\nversion: ${version}\nkind: application\nvariants:\n  - source: { directory: src, build: build.sh }\n    installedSize: 1\n`,
  );
  const script = `#!/bin/sh\nsleep 2\necho ${version} >"$LEONORE_OUTPUT/run"\n`;
  await writeFile(join(source, 'src/build.sh'), script, { mode: 0o755 });
  await untilDone(() => client.addArtifact(source));
}

/** Until what is asked of the API is answered: it may be the one that was hit. */
async function untilDone<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (error instanceof ClientError && error.code !== 'UNREACHABLE' && !error.facts.retryable) throw error;
      await delay(200);
    }
  }
}

async function pause(part: string): Promise<void> {
  const pid = stack.pid(part);
  if (pid === undefined) return;
  process.kill(pid, 'SIGSTOP');
  try {
    await delay(1_000 + random() * 9_000);
  } finally {
    process.kill(pid, 'SIGCONT');
  }
}

async function deleteStore(): Promise<string> {
  await stack.halt('temporal', 'SIGKILL');
  const store = join(stack.dataDir, 'temporal');
  for (const file of await readdir(store)) await rm(join(store, file), { recursive: true });
  await stack.start('temporal');
  return 'store of Temporal deleted';
}

async function setBack(): Promise<string> {
  const ageMs = Date.now() - copy.atMs;
  if (ageMs < copyAgeMs) return 'not set back: no copy is old enough';
  await stack.waitFor('postgres', 'ready');
  await restoreDatabase(stack.database, copy.database);
  copy = { database: await copyDatabase(stack.database), atMs: Date.now() };
  return `set back by ${Math.round(ageMs / 1_000)} s`;
}

async function hitWorkflow(fault: WorkflowFault, id: string): Promise<string> {
  // What does not run yet, or no longer, cannot be hit.
  for (const startedAtMs = Date.now(); Date.now() - startedAtMs < 5_000; await delay(100)) {
    const isHit = await inflict(temporal.workflow, fault, id).then(
      () => true,
      () => false,
    );
    if (isHit) return 'hit';
  }
  return 'missed';
}

/** A fault of a running rollout. @returns what it was, and what came of it */
type Strike = (rolloutId: string) => Promise<string>;

/** Each once, and twice what meets everything at once. */
const strikes: readonly Strike[] = [
  ...parts.flatMap((part): Strike[] => [
    async () => {
      await stack.kill(part, 'SIGKILL');
      return `kill ${part}`;
    },
    async () => {
      await pause(part);
      return `pause ${part}`;
    },
  ]),
  ...workflowFaults.flatMap((fault) =>
    (['root', 'share', 'chunk'] as const).map((level): Strike => async (rolloutId) => {
      const id = {
        root: workflowIds.rollout(rolloutId),
        share: workflowIds.nodeShare(rolloutId, pick(['node-1', 'node-2']), 1),
        chunk: workflowIds.deliverChunk(rolloutId, 0),
      }[level];
      return `${fault} ${level} (${await hitWorkflow(fault, id)})`;
    }),
  ),
  setBack,
  setBack,
  deleteStore,
  deleteStore,
];

/** Drawn from without putting back, so that 40 rounds meet each fault twice. */
let deck: Strike[] = [];

function drawStrike(): Strike {
  if (deck.length === 0) deck = [...strikes];
  const [drawn] = deck.splice(Math.floor(random() * deck.length), 1);
  if (drawn === undefined) throw new Error('a deck that was filled is empty');
  return drawn;
}

/** Asks the gateways that answer for what they have, as their disks tell, and waits for their answers. */
async function askDisks(): Promise<Map<string, string | undefined>> {
  return withPostgres(stack.database, async (database) => {
    const answering = `(id LIKE 'virtual%' OR id LIKE 'real%') AND state = 'active'`;
    await database.query(`UPDATE gateway SET profile_wanted = true, wake = true WHERE ${answering}`);
    // A node answers from what it remembers until it is told of a change.
    await database.query(`SELECT leonore_tell_nodes(array_agg(id)) FROM gateway WHERE ${answering}`);
    await until(async () => {
      const { rowCount } = await database.query(
        `SELECT 1 FROM gateway WHERE profile_wanted AND ${answering}`,
      );
      return rowCount === 0;
    });
    const gateways = await untilDone(() => client.gateways());
    return new Map(
      gateways.map(({ id, profile }) => [id, profile.installed?.find(({ name }) => name === 'app')?.version]),
    );
  });
}

/** How a rollout ended; `forgotten`: the database was set back to before it. */
async function stateAtEnd(id: string): Promise<string> {
  for (;;) {
    try {
      const { endedAt, state } = await untilDone(() => client.rollout(id));
      if (endedAt !== null) return state;
    } catch (error) {
      if (!(error instanceof ClientError) || error.code !== 'ROLLOUT_NOT_FOUND') throw error;
      return 'forgotten';
    }
    await delay(200);
  }
}

async function oneRound(round: number): Promise<void> {
  const version = `${round}.0.0`;
  const deployment = round % silentEvery === 0 ? 'all' : 'awake';
  await publish(version);
  const { id } = await untilDone(() =>
    client.startRollout(
      { requests: [`app@${version}`], deployment, deadlineSeconds: 60 },
      `${seed}-${round}`,
    ),
  );
  const struck: string[] = [];
  const many = 1 + Math.floor(random() * 2);
  while (struck.length < many) {
    await delay(random() * 6_000);
    struck.push(await drawStrike()(id));
  }
  const state = await stateAtEnd(id);
  const disks = await askDisks();
  const deliveries = state === 'forgotten' ? [] : await untilDone(() => client.deliveries(id));
  process.stderr.write(`round ${round}: ${struck.join(', ')}: ${state}\n`);
  const wrong = deliveries.filter(
    ({ gatewayId, state: own }) => (own === 'succeeded') !== (disks.get(gatewayId) === version),
  );
  expect({ round, struck, wrong }).toEqual({ round, struck, wrong: [] });
}

(isSoak ? describe : describe.skip)('chaos', () => {
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'leonore-chaos-'));
    stack = await startStack({ dataDir: join(directory, 'data'), nodes: 2 });
    client = createLeonoreClient({ server: stack.api, token: stack.adminToken });
    connection = Connection.lazy({ address: stack.temporal });
    temporal = new Client({ connection });
    const common = { server: stack.api, enrolmentToken: stack.enrolmentToken, intervalSeconds: 1 };
    fleet = await startVirtualGateways({
      ...common,
      count: virtualGateways,
      strategy: 'mixed',
      thinkTimeMs: 1_500,
      failureRate: 0.05,
    });
    silent = await startVirtualGateways({ ...common, prefix: 'silent', count: 3, silentRate: 1 });
    agents = await Promise.all(
      Array.from({ length: realAgents }, (_none, index) =>
        startAgent({
          ...common,
          root: join(directory, `real-${index}`),
          id: `real-${index}`,
          mac: `02:00:00:00:03:0${index}`,
          strategy: 'pull',
        }),
      ),
    );
    await until(async () => (await client.gateways()).length === virtualGateways + 3 + realAgents);
    await client.createDeployment({ name: 'all', select: 'id != ""' });
    await client.createDeployment({ name: 'awake', select: '!(id ~ "^silent")' }).catch(async () => {
      const gatewayIds = (await client.gateways()).flatMap(({ id }) => (id.startsWith('silent') ? [] : [id]));
      await client.createDeployment({ name: 'awake', gatewayIds });
    });
    copy = { database: await copyDatabase(stack.database), atMs: Date.now() };
  }, 15 * 60_000);

  afterAll(async () => {
    await Promise.all(agents.map((agent) => agent.close()));
    await Promise.all([fleet.stop(), silent.stop()]);
    await connection.close();
    await stack.stop();
    await rm(directory, { recursive: true, force: true });
  }, 120_000);

  test.each(Array.from({ length: rounds }, (_none, index) => index + 1))('round %i', oneRound, 600_000);

  test('at the end no row is open, and the numbers add up', async () => {
    await until(async () => (await client.rollouts()).every(({ endedAt }) => endedAt !== null));
    await expectInOrder(stack.database);
    expect(fleet.errors()).toEqual([]);
  }, 600_000);
});
