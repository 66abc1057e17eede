import { fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';
import pg from 'pg';
import { packageRoot } from '../process/package-root.js';
import { startTestDatabase } from '../tests/support/postgres.js';
import { localTemporal } from '../tests/support/temporal.js';
import { processIdentity } from './process-identity.js';
import { type EntryPoints, type Stack, startStack } from './start-stack.js';
import { readStackState, type StackState } from './state-file.js';

// Obtaining the Temporal server on a machine that never had it takes minutes.
jest.setTimeout(15 * 60_000);

/** Stands for LEONORE's own processes: keeps to the contract with the stack, and shows what it was given. */
const standIn = `
import { createServer } from 'node:http';
import { exitWithParent, reportReady } from ${JSON.stringify(distUrl('process/parent.js'))};
exitWithParent();
process.on('SIGTERM', () => process.exit(0));
const server = createServer((request, response) => response.end(JSON.stringify(process.env)));
server.listen(Number(process.env.LEONORE_PORT ?? 0), '127.0.0.1', () => {
  reportReady('http://127.0.0.1:' + server.address().port);
});
`;

let directory: string;
let dataDir: string;
let stacks: Stack[];

async function prepare(): Promise<void> {
  directory = await mkdtemp(join(tmpdir(), 'leonore-stack-'));
  dataDir = join(directory, 'data');
  stacks = [];
}

async function cleanUp(): Promise<void> {
  await Promise.all(stacks.map((stack) => stack.stop()));
  await rm(directory, { recursive: true, force: true });
}

function distUrl(path: string): string {
  return pathToFileURL(join(packageRoot(), 'dist', path)).href;
}

async function script(name: string, content: string): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, content);
  return path;
}

async function standIns(): Promise<EntryPoints> {
  const path = await script('stand-in.mjs', standIn);
  return { api: path, coordinator: path, node: path };
}

async function start(options: Partial<Parameters<typeof startStack>[0]> = {}): Promise<Stack> {
  const stack = await startStack({ dataDir, entryPoints: await standIns(), ...options });
  stacks.push(stack);
  return stack;
}

async function stateOf(): Promise<StackState> {
  const state = await readStackState(dataDir);
  if (state === undefined) throw new Error('no stack runs');
  return state;
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

async function withTemporal<T>(address: string, use: (client: Client) => Promise<T>): Promise<T> {
  const connection = await Connection.connect({ address });
  try {
    return await use(new Client({ connection }));
  } finally {
    await connection.close();
  }
}

async function environmentAt(url: string): Promise<Record<string, string>> {
  return (await (await fetch(url)).json()) as Record<string, string>;
}

/** Processes cannot be awaited by anybody but their parent, so these are looked at until they have ended. */
async function untilEnded(pids: readonly number[]): Promise<void> {
  while (pids.some((pid) => processIdentity(pid) !== undefined)) await delay(50);
}

function running(state: StackState): string[] {
  return Object.entries(state.pids).flatMap(([name, pid]) => (processIdentity(pid) ? [name] : []));
}

describe('the embedded stack', () => {
  beforeEach(prepare);
  afterEach(cleanUp);

  test('starts, says where everything is, stops, and starts again with nothing lost', async () => {
    const first = await start({ nodes: 2 });
    const before = await stateOf();
    expect(Object.keys(before.pids).sort()).toEqual([
      'api',
      'coordinator',
      'node-1',
      'node-2',
      'postgres',
      'temporal',
    ]);
    expect(running(before)).toHaveLength(6);
    expect((await stat(join(dataDir, 'stack.json'))).mode & 0o777).toBe(0o600);
    await query(before.database, 'CREATE TABLE kept (id int); INSERT INTO kept VALUES (7)');
    await withTemporal(before.temporal, (client) =>
      client.workflow.start('nobodyRunsThis', { taskQueue: 'none', workflowId: 'kept' }),
    );

    await first.stop();
    expect(running(before)).toEqual([]);
    expect(await readStackState(dataDir)).toBeUndefined();

    await start({ nodes: 2 });
    const after = await stateOf();
    expect(after.api).toBe(before.api);
    expect(after.nodes).toEqual(before.nodes);
    expect(after.enrolmentToken).toBe(before.enrolmentToken);
    expect(after.adminToken).toBe(before.adminToken);
    expect(await query(after.database, 'SELECT id FROM kept')).toEqual([{ id: 7 }]);
    const status = await withTemporal(after.temporal, (client) =>
      client.workflow.getHandle('kept').describe(),
    );
    expect(status.status.name).toBe('RUNNING');
  });

  test('a process that does not come up is an error with the end of its log, and nothing is left', async () => {
    const broken = await script('broken.mjs', `console.error('LEONORE_X is missing'); process.exit(1);`);
    const entryPoints = { ...(await standIns()), coordinator: broken };
    const lines: string[] = [];
    const failure = expect(start({ entryPoints, onProgress: (line) => lines.push(line) })).rejects;
    await failure.toThrow(/coordinator did not start[^]*LEONORE_X is missing/);
    expect(lines).toContainEqual(expect.stringMatching(/postgres is ready/));
    expect(await readStackState(dataDir)).toBeUndefined();
    await start();
  });

  test('leaves no process when it is killed, and the next one starts on its data', async () => {
    const { api } = await standIns();
    const owner = await script(
      'owner.mjs',
      `import { startStack } from ${JSON.stringify(distUrl('stack/start-stack.js'))};
       const path = ${JSON.stringify(api)};
       await startStack({ dataDir: ${JSON.stringify(dataDir)}, entryPoints: { api: path, coordinator: path, node: path } });
       process.send('up');`,
    );
    const child = fork(owner, { execArgv: [] });
    await once(child, 'message');
    const before = await stateOf();
    expect(running(before)).toHaveLength(5);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const next = await start();
    expect(next.api).toBe(before.api);
    await untilEnded(Object.values(before.pids));
  });

  test('uses what DATABASE_URL and TEMPORAL_ADDRESS name in place of its own', async () => {
    const [database, temporal] = await Promise.all([startTestDatabase(), localTemporal()]);
    try {
      const stack = await start({
        env: { DATABASE_URL: database.url, TEMPORAL_ADDRESS: temporal.address },
      });
      expect(stack.parts().sort()).toEqual(['api', 'coordinator', 'node-1']);
      expect(await environmentAt(stack.api)).toMatchObject({
        DATABASE_URL: database.url,
        TEMPORAL_ADDRESS: temporal.address,
      });
      await stack.stop();
    } finally {
      await Promise.all([database.stop(), temporal.stop()]);
    }
  });
});

describe('a running stack', () => {
  let stack: Stack;

  beforeAll(async () => {
    await prepare();
    stack = await start({ env: { LEONORE_TOKEN: 'private', LEONORE_LOG_LEVEL: 'debug' } });
  });

  afterAll(cleanUp);

  test('hands its processes what they need, and hashes in place of tokens', async () => {
    const hash = (token: string) => createHash('sha256').update(token).digest('hex');
    const api = await environmentAt(stack.api);
    const { host, pathname } = new URL(stack.database);
    // A role that may do less than the one that made the database.
    const database = new URL(api['DATABASE_URL'] ?? '');
    expect(database).toMatchObject({ username: 'leonore', host, pathname });
    expect(database.password).not.toBe(new URL(stack.database).password);
    expect(api).toMatchObject({
      TEMPORAL_ADDRESS: stack.temporal,
      TEMPORAL_NAMESPACE: 'default',
      LEONORE_BLOBS: join(dataDir, 'blobs'),
      LEONORE_HOST: '127.0.0.1',
      LEONORE_PORT: new URL(stack.api).port,
      LEONORE_TOKENS: `admin:${hash(stack.adminToken)}`,
      LEONORE_ENROLMENT_TOKENS: hash(stack.enrolmentToken),
      LEONORE_LOG_LEVEL: 'debug',
      LEONORE_TEMPORAL_UI_URL: stack.temporalUi,
    });
    expect(JSON.stringify(api)).not.toContain(stack.adminToken);
    expect(api).not.toHaveProperty('LEONORE_TOKEN');
    const { nodes } = await stateOf();
    expect(await environmentAt(nodes['node-1'] ?? '')).toMatchObject({ LEONORE_NODE_ID: 'node-1' });
  });

  test('starts what was killed again on the same address: own processes, Temporal, PostgreSQL', async () => {
    const before = await stateOf();
    for (const name of ['api', 'temporal', 'postgres', 'node-1']) {
      await stack.kill(name, 'SIGKILL');
      await stack.waitFor(name, 'ready');
      expect(stack.pid(name)).not.toBe(before.pids[name]);
    }
    await environmentAt(before.api);
    await environmentAt(before.nodes['node-1'] ?? '');
    expect(await query(before.database, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await withTemporal(before.temporal, (client) => client.connection.workflowService.getSystemInfo({}));
  });

  test('halts, starts, adds and forgets parts', async () => {
    await stack.halt('postgres');
    await expect(query(stack.database, 'SELECT 1')).rejects.toThrow(/ECONNREFUSED/);
    await stack.start('postgres');
    await query(stack.database, 'SELECT 1');
    await stack.startNode('node-7');
    expect(stack.parts()).toContain('node-7');
    await stack.stopNode('node-7');
    expect(stack.parts()).not.toContain('node-7');
    expect(() => stack.pid('node-7')).toThrow(/no part node-7; it has/);
  });

  test('refuses a second stack on the same data directory', async () => {
    await expect(start({ nodes: 0 })).rejects.toThrow(/another stack \(process \d+\) runs on/);
  });
});
