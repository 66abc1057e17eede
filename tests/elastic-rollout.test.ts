/**
 * A rollout to 520 gateways on a pool that grows, while everything that can die does: a node whose launch fails
 * twice, a node killed for good, coordinator, Temporal and PostgreSQL killed, gateways that fail and gateways that
 * fall silent. Every delivery ends right, none is done twice, and the numbers add up.
 *
 * LEONORE_SOAK=1 kills a node in each of twenty rollouts besides.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import pg from 'pg';
import { createLeonoreClient, type LeonoreClient } from '../client/leonore-client.js';
import type { LeonoreNode, Rollout } from '../client/resources.js';
import { packageRoot } from '../process/package-root.js';
import { startStack, type Stack } from '../stack/start-stack.js';
import { startVirtualGateways, type VirtualGatewayFleet } from '../testbed/virtual-gateways/fleet.js';

const gateways = 520;
const threshold = 300;
const rate = 0.05;
const failedLaunches = 2;
const soakRounds = process.env['LEONORE_SOAK'] === '1' ? 20 : 0;

let directory: string;
let stack: Stack;
let client: LeonoreClient;
let fleet: VirtualGatewayFleet;
let version = 0;
/** What nodes that were being launched said about it. */
const problems = new Set<string>();

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'leonore-elastic-'));
  stack = await startStack({
    dataDir: join(directory, 'data'),
    nodes: 1,
    maxNodes: 3,
    threshold,
    settleSeconds: 3_600,
    entryPoints: { node: await nodeThatFails() },
  });
  client = createLeonoreClient({ server: stack.api, token: stack.adminToken });
}, 15 * 60_000);

afterAll(async () => {
  await fleet.stop();
  await stack.stop();
  await rm(directory, { recursive: true, force: true });
}, 300_000);

/** The node's own entry point, except that node-2 ends at once the first times. */
async function nodeThatFails(): Promise<string> {
  const script = join(directory, 'node.mjs');
  await writeFile(
    script,
    `import { existsSync, readFileSync, writeFileSync } from 'node:fs';
     const counter = ${JSON.stringify(join(directory, 'failures'))};
     const failures = existsSync(counter) ? Number(readFileSync(counter, 'utf8')) : 0;
     if (process.env.LEONORE_NODE_ID === 'node-2' && failures < ${failedLaunches}) {
       writeFileSync(counter, String(failures + 1));
       console.error('made to fail by the test');
       process.exit(1);
     }
     await import(${JSON.stringify(pathToFileURL(join(packageRoot(), 'dist', 'workers', 'node.js')).href)});`,
  );
  return script;
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition().catch(() => false))) await new Promise((resolve) => setTimeout(resolve, 100));
}

async function nodesByState(state: LeonoreNode['state']): Promise<LeonoreNode[]> {
  return (await client.nodes()).filter((node) => node.state === state);
}

/** Publishes the next version and rolls it out; `disturb` runs once gateways are at work. */
async function rollOut(deadlineSeconds: number, disturb: () => Promise<void>): Promise<Rollout> {
  version += 1;
  const source = join(directory, `artifact-${version}`);
  await mkdir(join(source, 'bin'), { recursive: true });
  await writeFile(join(source, 'artifact.yaml'), `name: app\nversion: ${version}.0.0\nkind: application\n`);
  await writeFile(join(source, 'bin/run'), `#!/bin/sh\n# version ${version}\n`, { mode: 0o755 });
  await client.addArtifact(source);
  const { id } = await client.startRollout(
    { requests: [`app@${version}.0.0`], deployment: 'all', deadlineSeconds },
    `rollout-${version}`,
  );
  await until(async () => (await client.rollout(id)).counts.installing > 0);
  await disturb();
  await until(async () => (await client.rollout(id)).endedAt !== null);
  return client.rollout(id);
}

/** How often each delivery of a rollout was reported to have ended, by state: the database's own account. */
async function endsOf(rolloutId: string): Promise<Record<string, number>> {
  const database = new pg.Client({ connectionString: stack.database });
  await database.connect();
  try {
    const { rows } = await database.query<{ state: string; ends: number; deliveries: number }>(
      `SELECT state, count(*)::int AS ends, count(DISTINCT ordinal)::int AS deliveries FROM (
         SELECT d.ordinal, coalesce(r.report ->> 'state', CASE WHEN h.entry ->> 'event' = 'silent' THEN 'lost' END) AS state
         FROM delivery d CROSS JOIN LATERAL jsonb_array_elements(d.history) AS h(entry)
         LEFT JOIN LATERAL jsonb_array_elements(h.entry -> 'reports') AS r(report) ON true WHERE d.rollout_id = $1
       ) told WHERE state IN ('succeeded', 'failed', 'lost') GROUP BY state`,
      [rolloutId],
    );
    for (const { ends, deliveries } of rows) expect(ends).toBe(deliveries);
    return Object.fromEntries(rows.map(({ state, ends }) => [state, ends]));
  } finally {
    await database.end();
  }
}

async function expectAllRight(before: ReturnType<VirtualGatewayFleet['snapshot']>, rollout: Rollout) {
  const after = fleet.snapshot();
  const { silent } = after;
  const failed = after.failed - before.failed;
  const succeeded = gateways - silent - failed;
  expect(rollout).toMatchObject({ state: 'partly', failure: null });
  expect(rollout.counts).toMatchObject({ succeeded, failed, lost: silent });
  // Done twice would show here: each gateway that answers carried out one task and downloaded one package.
  expect(after.succeeded - before.succeeded).toBe(succeeded);
  expect(after.downloads - before.downloads).toBe(succeeded + failed);
  expect(await endsOf(rollout.id)).toEqual({ succeeded, failed, lost: silent });
  expect(failed).toBeGreaterThan(gateways * rate * 0.3);
  expect(silent).toBeGreaterThan(gateways * rate * 0.3);
  expect(new Set(rollout.groups.map((group) => group.packageId)).size).toBe(1);
}

test('a pool of one node grows to two, though the launch fails twice, and all gateways are registered', async () => {
  const watching = setInterval(() => {
    void client.nodes().then((nodes) => {
      for (const { state, problem } of nodes)
        if (state === 'launching' && problem !== null) problems.add(problem);
    });
  }, 100);
  fleet = await startVirtualGateways({
    server: stack.api,
    enrolmentToken: stack.enrolmentToken,
    count: gateways,
    strategy: 'mixed',
    intervalSeconds: 1,
    // Long enough that a part can be killed while gateways are at work.
    thinkTimeMs: 4_000,
    failureRate: rate,
    silentRate: rate,
  });
  clearInterval(watching);
  expect([...problems].join()).toMatch(/made to fail by the test/);
  const nodes = await client.nodes();
  expect(nodes.map(({ id, state, gatewayCount }) => ({ id, state, gatewayCount }))).toEqual([
    { id: 'node-1', state: 'active', gatewayCount: gateways / 2 },
    { id: 'node-2', state: 'active', gatewayCount: gateways / 2 },
  ]);
  expect(stack.parts()).toEqual(expect.arrayContaining(['node-1', 'node-2']));
  await client.createDeployment({ name: 'all', select: 'id != ""' });
}, 300_000);

test('a rollout survives the death of a node, the coordinator, Temporal and PostgreSQL at once', async () => {
  const before = fleet.snapshot();
  const rollout = await rollOut(110, async () => {
    await stack.halt('node-2', 'SIGKILL');
    await stack.kill('coordinator', 'SIGKILL');
    await stack.kill('temporal', 'SIGKILL');
    await stack.kill('postgres', 'SIGKILL');
  });
  await expectAllRight(before, rollout);
  // The pool made up for the node that is gone, and the load is even again.
  const active = await nodesByState('active');
  expect(active.map(({ id }) => id)).toEqual(['node-1', 'node-3']);
  expect(active.map(({ gatewayCount }) => gatewayCount)).toEqual([gateways / 2, gateways / 2]);
  expect(await nodesByState('dead')).toMatchObject([{ id: 'node-2', gatewayCount: 0 }]);
}, 300_000);

if (soakRounds > 0) {
  test.each(Array.from({ length: soakRounds }, (_none, round) => round + 1))(
    'round %i: a node is killed while gateways are at work',
    async (round) => {
      const before = fleet.snapshot();
      const rollout = await rollOut(45, async () => {
        const active = await nodesByState('active');
        const victim = active[round % active.length]?.id ?? '';
        await new Promise((resolve) => setTimeout(resolve, (round * 977) % 4_000));
        await stack.kill(victim, 'SIGKILL');
      });
      await expectAllRight(before, rollout);
    },
    240_000,
  );
}
