/** Two processes that are to be the same node: the second ends and says why, the first goes on. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { packageRoot } from '../process/package-root.js';
import { testTemporal, type TestTemporal } from './support/temporal.js';
import { testRepositories, type TestRepositories } from './support/test-repositories.js';

const nodeId = 'node-1';
let directory: string;
let repositories: TestRepositories;
let temporal: TestTemporal;
const children: ChildProcess[] = [];

// Obtaining the Temporal server on a machine that never had it takes minutes.
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'leonore-node-id-'));
  [repositories, temporal] = await Promise.all([testRepositories(), testTemporal()]);
}, 15 * 60_000);

afterAll(async () => {
  for (const child of children) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }
  await temporal.stop();
  await repositories.close();
  await rm(directory, { recursive: true, force: true });
}, 300_000);

interface NodeProcess {
  readonly child: ChildProcess;
  /** What it has said so far. */
  log(): string;
}

function startNode(): NodeProcess {
  const child = spawn(process.execPath, [join(packageRoot(), 'dist', 'workers', 'node.js')], {
    env: {
      ...process.env,
      NODE_OPTIONS: '',
      DATABASE_URL: repositories.server.url,
      TEMPORAL_ADDRESS: temporal.address,
      TEMPORAL_NAMESPACE: temporal.namespace,
      LEONORE_BLOBS: directory,
      LEONORE_NODE_ID: nodeId,
      LEONORE_HEARTBEAT_MS: '500',
    },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  children.push(child);
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  return { child, log: () => text };
}

/** Who holds the node, and when it was last heard of, by the database's clock. */
async function holder(): Promise<{ incarnation: string; state: string; address: string; heartbeatAt: Date }> {
  return repositories.database.node.findUniqueOrThrow({ where: { id: nodeId } });
}

test('the second of two processes with one id ends with NODE_ID_TAKEN, and the first goes on', async () => {
  const first = startNode();
  await once(first.child, 'message');
  const before = await holder();

  const second = startNode();
  const messages: unknown[] = [];
  second.child.on('message', (message) => messages.push(message));
  const [code] = (await once(second.child, 'close')) as [number | null];
  expect(second.log()).toMatch(/NODE_ID_TAKEN/);
  expect(second.log()).toContain(`the node \\"${nodeId}\\" runs already, at ${before.address}`);
  expect(code).toBe(3);
  expect(messages).toEqual([]);

  const after = await holder();
  expect(after).toMatchObject({
    incarnation: before.incarnation,
    state: 'active',
    address: before.address,
  });
  // It is heard of again, and it answers.
  while ((await holder()).heartbeatAt <= after.heartbeatAt)
    await new Promise((resolve) => setImmediate(resolve));
  expect((await fetch(`${before.address}/device/v1/tasks`)).status).toBe(401);
  expect(first.child.exitCode).toBeNull();
  // Ended in order, it says so: the other one has not ended that for it.
  const exited = once(first.child, 'exit');
  first.child.kill('SIGTERM');
  expect((await exited)[0]).toBe(0);
  expect((await holder()).state).toBe('stopped');
}, 300_000);
