/**
 * A whole stack whose gateways speak MQTT, CoAP by pull and by push, HTTP, and HTTP over a held connection in one rollout, each an agent
 * of its own process: notices, orders and reports over MQTT, packages over HTTP, and all of that over CoAP; what was missed while away is
 * there on return, and who vanishes counts as away.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { runCli } from '../cli/run-cli.js';
import { createLeonoreClient, type LeonoreClient } from '../client/leonore-client.js';
import { packageRoot } from '../process/package-root.js';
import { startStack, type Stack } from '../stack/start-stack.js';

let directory: string;
let stack: Stack;
let client: LeonoreClient;
const agents = new Map<string, ChildProcess>();

// Obtaining the Temporal server on a machine that never had it takes minutes.
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'leonore-channels-'));
  // Where the command line looks for it.
  const env = { LEONORE_MQTT_PORT: '0', LEONORE_COAP_PORT: '0' };
  stack = await startStack({ dataDir: join(directory, 'leonore'), env });
  client = createLeonoreClient({ server: stack.api, token: stack.adminToken });
  for (const version of ['1.0.0', '2.0.0']) {
    const artifact = join(directory, `talker-${version}`);
    await mkdir(artifact);
    const manifest = { name: 'talker', version, kind: 'application', control: { start: 'start' } };
    await writeFile(join(artifact, 'artifact.yaml'), JSON.stringify(manifest));
    await writeFile(join(artifact, 'start'), 'exec sleep 1000\n');
    await leonore('artifact', 'add', artifact);
  }
  startAgent('gw-mqtt', '--strategy', 'push', '--protocol', 'mqtt', 'http');
  startAgent('gw-http', '--protocol', 'http', '--interval', '0.2');
  startAgent('gw-coap', '--protocol', 'coap', 'http', '--interval', '0.2');
  startAgent('gw-coap-push', '--strategy', 'push', '--protocol', 'coap', 'http');
  // Behind NAT, as it were: it listens nowhere.
  startAgent('gw-held', '--strategy', 'push', '--hold');
  const ids = [...agents.keys()];
  await until(async () => (await client.gateways()).length === ids.length);
  await leonore('deployment', 'create', 'all', ...ids.flatMap((id) => ['--gateway', id]));
}, 15 * 60_000);

afterAll(async () => {
  for (const id of agents.keys()) await endAgent(id, 'SIGTERM');
  await stack.stop();
  await rm(directory, { recursive: true, force: true });
}, 300_000);

/** An agent that asks by itself once in many minutes only, unless it is told otherwise. */
function startAgent(id: string, ...options: string[]): void {
  const child = spawn(
    process.execPath,
    [
      ...[
        join(packageRoot(), 'dist', 'agent', 'main.js'),
        '--server',
        stack.api,
        '--root',
        join(directory, id),
      ],
      ...['--id', id, '--isolation', 'none', ...options],
    ],
    {
      stdio: 'ignore',
      env: { PATH: process.env['PATH'], LEONORE_ENROLMENT_TOKEN: stack.enrolmentToken },
    },
  );
  agents.set(id, child);
}

async function endAgent(id: string, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  const child = agents.get(id);
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill(signal);
  await exit;
}

async function leonore(...words: string[]): Promise<string> {
  let said = '';
  const write = (part: string): void => void (said += part);
  const env = { XDG_DATA_HOME: directory, XDG_CONFIG_HOME: directory };
  const exitCode = await runCli(words, { stdout: { write }, stderr: { write }, env });
  expect({ words, exitCode, said }).toMatchObject({ exitCode: 0 });
  return said;
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await delay(50);
}

const isAway = async (id: string): Promise<boolean> => (await client.gateway(id)).awaySince !== null;

test('the channel of each gateway was negotiated, and LEONORE says why', async () => {
  expect(await client.gateway('gw-mqtt')).toMatchObject({
    protocol: 'mqtt',
    strategy: 'push',
    channelReason: expect.stringContaining('wants most'),
    // Its agent listens for notices over HTTP as well.
    fallbacks: ['http/push', 'http/pull'],
  });
  expect(await client.gateway('gw-http')).toMatchObject({
    protocol: 'http',
    strategy: 'pull',
    fallbacks: [],
  });
  expect(await client.gateway('gw-held')).toMatchObject({
    protocol: 'http',
    strategy: 'push',
    fallbacks: ['http/pull'],
  });
  expect(await client.gateway('gw-coap')).toMatchObject({
    protocol: 'coap',
    strategy: 'pull',
    fallbacks: ['http/pull'],
  });
  expect(await client.gateway('gw-coap-push')).toMatchObject({
    protocol: 'coap',
    strategy: 'push',
    fallbacks: ['http/push', 'coap/pull', 'http/pull'],
  });
  const [node] = await client.nodes();
  expect(node?.endpoints.map(({ protocol }) => protocol)).toEqual(['http', 'mqtt', 'coap']);
});

test('one rollout over all protocols, and orders by MQTT and CoAP', async () => {
  await leonore('provision', 'talker@1', '--deployment', 'all', '--watch');
  const [rollout] = await client.rollouts();
  const deliveries = await client.deliveries(rollout?.id ?? '');
  expect(deliveries.map(({ gatewayId, protocol, state }) => [gatewayId, protocol, state]).sort()).toEqual([
    ['gw-coap', 'coap', 'succeeded'],
    ['gw-coap-push', 'coap', 'succeeded'],
    ['gw-held', 'http', 'succeeded'],
    ['gw-http', 'http', 'succeeded'],
    ['gw-mqtt', 'mqtt', 'succeeded'],
  ]);
  await leonore('order', 'stop', 'talker', '--gateway', 'gw-mqtt', '--gateway', 'gw-coap-push', '--wait');
});

test('a gateway that vanishes counts as away, and finds what it missed when it is back', async () => {
  expect(await isAway('gw-mqtt')).toBe(false);
  await endAgent('gw-mqtt', 'SIGKILL');
  await until(() => isAway('gw-mqtt'));
  const watching = leonore('provision', 'talker@2', '--deployment', 'all', '--watch');
  await until(
    async () =>
      (await client.gateway('gw-http')).profile.installed?.some(({ version }) => version === '2.0.0') ===
      true,
  );
  startAgent('gw-mqtt', '--strategy', 'push', '--protocol', 'mqtt', 'http');
  await watching;
  expect(await isAway('gw-mqtt')).toBe(false);
});
