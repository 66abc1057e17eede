/**
 * A whole stack over TLS, with an agent of its own process: who is not certified by the authority is not spoken to, the certificate may
 * change, and a secret goes to its gateway and is nowhere else in the clear.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { connect as tlsConnect } from 'node:tls';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Agent, request } from 'undici';
import { runCli } from '../cli/run-cli.js';
import { createLeonoreClient, type LeonoreClient } from '../client/leonore-client.js';
import { packageRoot } from '../process/package-root.js';
import { localAuthority } from '../stack/local-authority.js';
import { startStack, type Stack } from '../stack/start-stack.js';

const id = 'gw-tls';
/** As nothing else on the machine is. */
const unlike = (): string => Buffer.from(crypto.getRandomValues(new Uint8Array(12))).toString('hex');
const secret = `secret-${unlike()}`;
const plain = `plain-${unlike()}`;

let directory: string;
let dataDir: string;
let stack: Stack;
let client: LeonoreClient;
let ca: string;
const agents: ChildProcess[] = [];

// Obtaining the Temporal server on a machine that never had it takes minutes.
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'leonore-tls-stack-'));
  // Where the command line looks for it.
  dataDir = join(directory, 'leonore');
  stack = await startStack({ dataDir, tls: true });
  ca = await readFile(stack.ca ?? '', 'utf8');
  client = createLeonoreClient({ server: stack.api, token: stack.adminToken, ca });
  await mkdir(join(directory, 'talker'));
  await writeFile(
    join(directory, 'talker', 'artifact.yaml'),
    JSON.stringify({
      name: 'talker',
      version: '1.0.0',
      kind: 'application',
      control: { start: 'start' },
      values: [{ key: 'password' }, { key: 'room' }],
    }),
  );
  await writeFile(join(directory, 'talker', 'start'), 'exec sleep 1000\n');
}, 15 * 60_000);

afterAll(async () => {
  for (const agent of agents) {
    const exit = once(agent, 'exit');
    if (agent.exitCode === null && agent.kill('SIGTERM')) await exit;
  }
  await stack.stop();
  await rm(directory, { recursive: true, force: true });
}, 300_000);

/** An agent of its own process. @returns what it says, as it comes */
async function startAgent(name: string, caPath: string): Promise<{ said: () => string }> {
  const tokenFile = join(directory, `${name}.token`);
  await writeFile(tokenFile, stack.enrolmentToken, { mode: 0o600 });
  const child = spawn(
    process.execPath,
    [
      ...[join(packageRoot(), 'dist', 'agent', 'main.js'), '--json', '--server', stack.api, '--ca', caPath],
      ...['--root', join(directory, name), '--id', name, '--enrolment-token-file', tokenFile],
      ...['--interval', '0.2', '--isolation', 'none'],
    ],
    { stdio: ['ignore', 'ignore', 'pipe'], env: { PATH: process.env['PATH'] } },
  );
  agents.push(child);
  let text = '';
  child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
  return { said: () => text };
}

async function leonore(...words: string[]): Promise<{ exitCode: number; said: string }> {
  let said = '';
  const write = (part: string): void => void (said += part);
  const env = { XDG_DATA_HOME: directory, XDG_CONFIG_HOME: directory };
  return { exitCode: await runCli(words, { stdout: { write }, stderr: { write }, env }), said };
}

async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await condition())) await delay(50);
}

/** The files below a directory that hold one of the texts. */
async function filesWith(root: string, texts: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(root, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    // What vanishes meanwhile is not kept.
    const content = await readFile(path).catch(() => Buffer.alloc(0));
    if (texts.some((text) => content.includes(text))) found.push(path);
  }
  return found;
}

/** A text as it may be written down. */
function formsOf(text: string): string[] {
  const bytes = Buffer.from(text);
  // Within a longer base64 text it begins at one of three places; the edges depend on what is beside it.
  const base64 = [0, 1, 2].map((shift) =>
    Buffer.concat([Buffer.alloc(shift), bytes])
      .toString('base64')
      .slice(4, -4),
  );
  return [text, bytes.toString('hex'), ...base64];
}

/** Processes of the machine, but this one, whose command line has a text. */
async function processesWith(text: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && name !== String(process.pid));
  const found = await Promise.all(
    pids.map(async (pid) =>
      (await readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => '')).includes(text) ? [pid] : [],
    ),
  );
  return found.flat();
}

async function fingerprint(): Promise<string> {
  const { hostname, port } = new URL(stack.api);
  const socket = tlsConnect({ host: hostname, port: Number(port), ca });
  await once(socket, 'secureConnect');
  const { fingerprint256 } = socket.getPeerCertificate();
  socket.destroy();
  return fingerprint256;
}

test('whoever is certified by another authority is not spoken to', async () => {
  const other = await localAuthority(join(directory, 'other'), Date.now());
  const agent = await startAgent('gw-misled', other.caPath);
  await until(() => agent.said().includes('registration failed'));
  expect(agent.said()).toMatch(/"problem":"[^"]*(certificate|issuer)/);
  expect(await client.gateways()).toEqual([]);
  const refused = await leonore('gateway', 'list', '--ca', other.caPath, '--json');
  expect(refused.exitCode).toBe(1);
  expect(refused.said).toMatch(/certificate|issuer/);
  await expect(request(stack.api.replace('https:', 'http:'))).rejects.toThrow();
});

test('a rollout over TLS; its secret is told to the gateway and is nowhere else in the clear', async () => {
  await startAgent(id, stack.ca ?? '');
  await until(async () => (await client.gateways()).some((gateway) => gateway.id === id));
  const steps = [
    ['artifact', 'add', join(directory, 'talker')],
    ['gateway', 'set', id, `password=${secret}`, '--secret'],
    ['gateway', 'set', id, `room=${plain}`],
    ['deployment', 'create', 'all', '--gateway', id],
    ['provision', 'talker', '--deployment', 'all', '--watch'],
  ];
  let answered = '';
  for (const words of steps) {
    const { exitCode, said } = await leonore(...words);
    expect({ words, exitCode, said }).toMatchObject({ exitCode: 0 });
    answered += said;
  }
  const values = await filesWith(join(directory, id, 'container'), [secret]);
  expect(values.map((path) => path.split('/').at(-1))).toEqual(['password']);
  expect((await stat(values[0] ?? '')).mode & 0o777).toBe(0o600);

  const [rollout] = await client.rollouts();
  const dispatcher = new Agent({ connect: { ca } });
  for (const path of [
    ...[
      `gateways/${id}`,
      `gateways/${id}/values`,
      'gateways',
      'artifacts',
      'packages',
      'deployments',
      'nodes',
      'orders',
      'rollouts',
    ],
    ...[`rollouts/${rollout?.id}`, `rollouts/${rollout?.id}/deliveries`],
  ]) {
    const answer = await request(`${stack.api}/api/v1/${path}`, {
      headers: { authorization: `Bearer ${stack.adminToken}` },
      dispatcher,
    });
    answered += await answer.body.text();
  }
  await dispatcher.close();
  expect(answered).toContain(plain);
  expect(answered).not.toContain(secret);
  expect(await processesWith(secret)).toEqual([]);

  // Database, log of its changes, histories of Temporal, logs of all processes, blobs.
  const holding = await filesWith(dataDir, formsOf(secret));
  expect(holding).toEqual([]);
  const found = (await filesWith(dataDir, [plain])).map((path) => path.slice(dataDir.length));
  expect(found).toContainEqual(expect.stringMatching(/^\/postgres\//));
  const histories = (await filesWith(dataDir, [rollout?.id ?? ''])).map((path) => path.slice(dataDir.length));
  expect(histories).toContainEqual(expect.stringMatching(/^\/temporal\/temporal\.db/));
  expect(await filesWith(join(directory, id, 'agent'), formsOf(secret))).toEqual([]);
});

test('another certificate of the same authority is taken while everything runs', async () => {
  const before = await fingerprint();
  await rm(join(dataDir, 'tls', 'server.crt'));
  const { caPath } = await localAuthority(dataDir, Date.now());
  expect(await readFile(caPath, 'utf8')).toBe(ca);
  await until(async () => (await fingerprint()) !== before);
  const { exitCode, said } = await leonore('order', 'stop', 'talker', '--gateway', id, '--wait');
  expect({ exitCode, said }).toMatchObject({ exitCode: 0 });
});

test('the agent has pinned the authority, and another is not believed any more', async () => {
  const kept = await readFile(join(directory, id, 'agent', 'authorities.json'), 'utf8');
  expect(JSON.parse(kept.split('\n')[0] ?? '')).toEqual({ pem: ca });
});
