/**
 * Who is where survives the end of everything: a pool that has grown by one node is stopped in order, then killed to
 * the last process, and started again on its data. Every gateway is on its node, no node is missing and none is more.
 *
 * The processes are the real ones; the gateways are registrations over HTTP, which ask for their node again.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createLeonoreClient, type LeonoreClient } from '../client/leonore-client.js';
import { packageRoot } from '../process/package-root.js';
import { type Stack, type StackOptions, startStack } from '../stack/start-stack.js';
import { readStackState } from '../stack/state-file.js';
import { profileOf } from './support/test-repositories.js';

/** They fill one node and all but fill another: if that were missing, it would be made up for. */
const gateways = 39;
const threshold = 20;

let directory: string;
let options: StackOptions;
let stack: Stack | undefined;
/** The gateways' own tokens. */
const tokens = new Map<string, string>();

// Obtaining the Temporal server on a machine that never had it takes minutes.
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'leonore-restart-'));
  options = {
    dataDir: join(directory, 'data'),
    nodes: 1,
    maxNodes: 4,
    threshold,
    // Low load must not end a node here.
    settleSeconds: 3_600,
    entryPoints: { node: await nodeThatIsLate() },
  };
}, 15 * 60_000);

afterAll(async () => {
  await stack?.stop();
  await rm(directory, { recursive: true, force: true });
}, 300_000);

/**
 * The node's own entry point. Once the file `late` is there, node-2 comes up only after the coordinator has and others
 * have asked for their node: until then the file `gate` is missing.
 */
async function nodeThatIsLate(): Promise<string> {
  const script = join(directory, 'node.mjs');
  const path = (name: string) => JSON.stringify(join(directory, name));
  await writeFile(
    script,
    `import { existsSync } from 'node:fs';
     if (process.env.LEONORE_NODE_ID === 'node-2' && existsSync(${path('late')}))
       while (!existsSync(${path('gate')})) await new Promise((resolve) => setTimeout(resolve, 50));
     await import(${JSON.stringify(pathToFileURL(join(packageRoot(), 'dist', 'workers', 'node.js')).href)});`,
  );
  return script;
}

/** @returns the id of its node; null while it has to wait */
async function register(api: string, enrolmentToken: string, id: string): Promise<string | null> {
  const answer = await fetch(`${api}/device/v1/register`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${tokens.get(id) ?? enrolmentToken}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ profile: profileOf(id) }),
  });
  const body = (await answer.json()) as { node?: { id: string }; token?: string; code?: string };
  if (body.token !== undefined) tokens.set(id, body.token);
  if (answer.ok) return body.node?.id ?? null;
  expect(body.code).toBe('NODES_FULL');
  return null;
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 100));
}

function clientOf({ api, adminToken }: { api: string; adminToken: string }): LeonoreClient {
  return createLeonoreClient({ server: api, token: adminToken });
}

/** The node of each gateway, as the management API tells it. */
async function places(): Promise<Record<string, string | null>> {
  const all = await clientOf(running()).gateways();
  return Object.fromEntries(all.map(({ id, nodeId }) => [id, nodeId]));
}

async function nodes(): Promise<object[]> {
  const all = await clientOf(running()).nodes();
  return all.map(({ id, state, origin, gatewayCount }) => ({ id, state, origin, gatewayCount }));
}

function running(): Stack {
  if (stack === undefined) throw new Error('no stack runs');
  return stack;
}

const ids = Array.from({ length: gateways }, (_none, index) => `gw-${String(index).padStart(2, '0')}`);
const evenlyOnTwo = [
  { id: 'node-1', state: 'active', origin: expect.any(String), gatewayCount: threshold },
  { id: 'node-2', state: 'active', origin: 'pool', gatewayCount: threshold - 1 },
];
let before: Record<string, string | null>;

/** Starts the stack again, node-2 late, while all gateways ask for their node; then everything is as it was. */
async function expectAsBefore(): Promise<void> {
  await rm(join(directory, 'gate'), { force: true });
  await writeFile(join(directory, 'late'), '');
  const up = new Set<string>();
  let tell: () => void = () => undefined;
  const othersAreUp = new Promise<void>((resolve) => (tell = resolve));
  const starting = startStack({
    ...options,
    onProgress: (line) => {
      up.add(line.split(' ')[0] ?? '');
      if (line.includes('is ready') && ['api', 'coordinator', 'node-1'].every((part) => up.has(part))) tell();
    },
  });
  // A stack that does not wait for node-2 has lost it.
  await Promise.race([othersAreUp, starting]);
  const state = await readStackState(options.dataDir);
  if (state === undefined) throw new Error('no stack runs');
  const answers = await Promise.all(ids.map((id) => register(state.api, state.enrolmentToken, id)));
  expect(Object.fromEntries(ids.map((id, index) => [id, answers[index]]))).toEqual(before);
  await writeFile(join(directory, 'gate'), '');
  stack = await starting;
  expect(running().parts()).toEqual(expect.arrayContaining(['node-1', 'node-2']));
  expect(await nodes()).toEqual(evenlyOnTwo);
  for (const id of ids) expect(await register(running().api, running().enrolmentToken, id)).toBe(before[id]);
  expect(await places()).toEqual(before);
}

test('the pool grows by a node, and all gateways have one', async () => {
  stack = await startStack(options);
  const { api, enrolmentToken } = stack;
  await until(async () => {
    const answers = await Promise.all(ids.map((id) => register(api, enrolmentToken, id)));
    return answers.every((node) => node !== null);
  });
  await until(async () => (await nodes()).length === 2);
  expect(await nodes()).toEqual(evenlyOnTwo);
  before = await places();
}, 300_000);

test('stopped in order and started again: every gateway is on its node', async () => {
  await running().stop();
  await expectAsBefore();
}, 300_000);

test('killed to the last process and started again: every gateway is on its node', async () => {
  await running().stop();
  // The processes must belong to one that can be killed.
  const owner = join(directory, 'owner.mjs');
  await writeFile(
    owner,
    `import { startStack } from ${JSON.stringify(pathToFileURL(join(packageRoot(), 'dist', 'stack', 'start-stack.js')).href)};
     await startStack(${JSON.stringify(options)});
     process.send('up');`,
  );
  const child = fork(owner, { execArgv: [] });
  await once(child, 'message');
  const state = await readStackState(options.dataDir);
  if (state === undefined) throw new Error('no stack runs');
  expect(Object.keys(state.pids)).toEqual(expect.arrayContaining(['node-1', 'node-2']));
  const exited = once(child, 'exit');
  // The one that would start them again first.
  child.kill('SIGKILL');
  for (const pid of Object.values(state.pids)) kill(pid);
  await exited;
  await expectAsBefore();
}, 300_000);

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    // Its guard has been quicker.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
