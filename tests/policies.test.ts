/**
 * What an artifact says of itself, from the command line to the disk of a real agent: values and secrets, and the
 * policies that decide what happens on the gateway. The API, a node's handler, PostgreSQL, the builder, an agent.
 */
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { startAgent, type RunningAgent } from '../agent/start-agent.js';
import { shortTimes } from '../agent/testing/test-agent.js';
import { runCli } from '../cli/run-cli.js';
import { DeviceService } from '../connectivity/device-service.js';
import type { GatewayHandler } from '../connectivity/gateway-handler.js';
import type { ArtifactManifest } from '../domain/artifact/manifest.js';
import type { DeliveryState } from '../domain/delivery/state.js';
import { testValueKeys } from './support/test-value-keys.js';
import { SecretBox } from '../repositories/secret-box.js';
import { startHandler } from './support/device-bed.js';
import { testApi, testTokens, type TestApi } from './support/test-api.js';
import { addNode, httpEndpoint } from './support/test-repositories.js';
import { testBuilder, type TestBuilder } from './support/test-builder.js';

let api: TestApi;
let builder: TestBuilder;
let handler: GatewayHandler;
let directory: string;
let agent: RunningAgent | null = null;
let gateways = 0;

beforeAll(async () => {
  api = await testApi('127.0.0.1:1');
  builder = await testBuilder(api);
  const { repositories } = api;
  const { blobs } = builder;
  const service = new DeviceService({
    nodeId: 'node-1',
    ...repositories,
    blobs,
    secrets: new SecretBox(['5e'.repeat(32)]),
    values: testValueKeys.opener,
    missing: () => undefined,
    acknowledged: () => undefined,
    failed: () => undefined,
  });
  const started = await startHandler({ service, blobs });
  handler = started.handler;
  const { address } = started;
  await addNode(repositories, 'node-1', [httpEndpoint(address)]);
}, 300_000);

afterAll(async () => {
  await handler.close();
  await builder.close();
  await api.close();
});

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'leonore-policies-'));
});
afterEach(async () => {
  await agent?.close();
  agent = null;
  await rm(directory, { recursive: true });
});

const root = (...path: string[]) => join(directory, 'gateway', 'container', ...path);
const tick = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));

/** A gateway of its own, with a real agent. */
async function gateway(labels: Record<string, string> = {}): Promise<string> {
  gateways += 1;
  const id = `gw-${gateways}`;
  agent = await startAgent({
    server: api.address,
    root: join(directory, 'gateway'),
    enrolmentToken: testTokens.enrolment,
    id,
    mac: `02:00:00:00:01:0${gateways}`,
    strategy: 'pull',
    intervalSeconds: 0.05,
    labels,
    times: shortTimes,
  });
  const { repositories } = api;
  while ((await repositories.gateways.list(500, null)).items.every((one) => one.id !== id)) await tick();
  return id;
}

/** Steps iv to vii. */
async function provision(
  request: string,
  id: string,
): Promise<{ state: DeliveryState; error: unknown; explanation: string | null }> {
  const { chunks, deliveryLists } = api.repositories;
  const { rolloutId, built } = await builder.provision(request, [id]);
  for (const { chunk } of built.chunks) await chunks.offer(rolloutId, chunk, 'node-1', 3_600);
  for (;;) {
    const [delivery] = (await deliveryLists.ofRollout(rolloutId, 1, null)).items;
    if (delivery?.endedAt != null) return delivery;
    await tick();
  }
}

async function leonore(...words: string[]): Promise<{ exitCode: number; said: string }> {
  let said = '';
  const write = (part: string): void => void (said += part);
  const env = { LEONORE_SERVER: api.address, LEONORE_TOKEN: testTokens.admin, XDG_DATA_HOME: directory };
  return { exitCode: await runCli(words, { stdout: { write }, stderr: { write }, env }), said };
}

const application = (name: string, more: Partial<ArtifactManifest> = {}): ArtifactManifest => ({
  name,
  version: '1.0.0',
  kind: 'application',
  control: { start: 'start' },
  ...more,
});

const start =
  'env | grep ^LEONORE_ | sort >"$LEONORE_DATA/env"; echo $$ >"$LEONORE_DATA/pid"; exec sleep 1000\n';

test('values and secrets go to the gateway they are for, and nowhere else', async () => {
  const values = [{ key: 'mqtt.password' }, { key: 'room' }, { key: 'interval', default: '30' }];
  await builder.publish(application('talker', { values }), { start });
  const id = await gateway();

  const refused = await provision('talker', id);
  expect(refused).toMatchObject({
    state: 'failed',
    error: { code: 'VALUE_MISSING', message: expect.stringContaining('mqtt.password, room') },
  });

  expect((await leonore('gateway', 'set', id, 'room=attic \\ "1"', 'unrelated=x')).exitCode).toBe(0);
  expect((await leonore('gateway', 'set', id, 'mqtt.password=s3cret-of-the-test', '--secret')).exitCode).toBe(
    0,
  );
  const listed = await leonore('gateway', 'values', id, '--json');
  expect(JSON.parse(listed.said)).toMatchObject([
    { key: 'mqtt.password', value: null, secret: true },
    { key: 'room', value: 'attic \\ "1"', secret: false },
    { key: 'unrelated' },
  ]);
  expect((await leonore('gateway', 'show', id)).said + listed.said).not.toContain('s3cret');
  const rows = await api.repositories.database.gatewayValue.findMany();
  expect(Buffer.concat(rows.map(({ sealed }) => Buffer.from(sealed ?? []))).toString('latin1')).not.toContain(
    's3cret',
  );

  expect(await provision('talker', id)).toMatchObject({ state: 'succeeded' });
  const [pack] = (await api.repositories.packages.list(500, null)).items.filter(({ artifacts }) =>
    artifacts.includes('talker@1.0.0'),
  );
  const where = root('current', 'values', pack?.id ?? '');
  expect((await readdir(where)).sort()).toEqual(['interval', 'mqtt.password', 'room']);
  expect(await readFile(join(where, 'mqtt.password'), 'utf8')).toBe('s3cret-of-the-test');
  expect((await stat(join(where, 'mqtt.password'))).mode & 0o777).toBe(0o600);
  expect((await stat(where)).mode & 0o777).toBe(0o700);
  const environment = await readFile(root('data', 'talker', 'env'), 'utf8');
  expect(environment).toContain('LEONORE_VALUE_MQTT_PASSWORD=s3cret-of-the-test\n');
  expect(environment).toContain('LEONORE_VALUE_ROOM=attic \\ "1"\n');
  expect(environment).toContain('LEONORE_VALUE_INTERVAL=30\n');

  const first = await api.repositories.database.rollout.findFirstOrThrow({ orderBy: { createdAt: 'asc' } });
  const groups = await api.repositories.rollouts.groups(first.id, 10);
  expect(groups).not.toEqual([]);
  const kept = JSON.stringify([pack, groups]);
  expect(kept).not.toContain('s3cret');
  expect((await leonore('gateway', 'unset', id, 'room', 'mqtt.password')).said).not.toContain('room');
  expect((await leonore('gateway', 'set', 'gw-unknown', 'a=b')).exitCode).toBe(2);
  expect((await leonore('gateway', 'set', id, 'no key=b')).exitCode).toBe(2);
});

test('an artifact that is only to be installed is not started', async () => {
  await builder.publish(application('quiet', { policies: { start: false } }), { start });
  await builder.publish(application('loud'), { start });
  const id = await gateway();
  expect(await provision('quiet', id)).toMatchObject({ state: 'succeeded' });
  expect(await provision('loud', id)).toMatchObject({ state: 'succeeded' });
  expect(await readdir(root('data', 'loud'))).toContain('pid');
  expect(await readdir(root('data', 'quiet'))).toEqual([]);
  expect(await readdir(root('current', 'active'))).toEqual(['loud', 'quiet']);
});

test.each([
  [true, ['env', 'pid']],
  [false, null],
])('on uninstalling, data is kept when the policy says so: %s', async (keepData, left) => {
  const [old, fresh] = [`old-${keepData}`, `new-${keepData}`];
  await builder.publish(application(old, { policies: { keepData } }), { start });
  await builder.publish(application(fresh, { conflicts: [{ name: old }] }), { start });
  const id = await gateway();
  expect(await provision(old, id)).toMatchObject({ state: 'succeeded' });
  expect(await provision(fresh, id)).toMatchObject({ state: 'succeeded' });
  expect(await readdir(root('current', 'active'))).toEqual([fresh]);
  expect(await readdir(root('data', old)).catch(() => null)).toEqual(left);
});

test('an artifact goes only where its selector says, and who is left out is told why', async () => {
  await builder.publish(application('upstairs', { policies: { select: 'labels.floor == "1"' } }), { start });
  const below = await gateway({ floor: '0' });
  expect(await provision('upstairs', below)).toMatchObject({
    state: 'incompatible',
    explanation: expect.stringContaining('labels.floor == "1"'),
  });
  await agent?.close();
  await rm(directory, { recursive: true });
  expect(await provision('upstairs', await gateway({ floor: '1' }))).toMatchObject({ state: 'succeeded' });
});

test('a prerelease goes out where its policy allows it, or where it is named', async () => {
  await builder.publish(application('early'), { start });
  await builder.publish(application('early', { version: '2.0.0-beta.1' }), { start });
  await builder.publish(application('eager'), { start });
  await builder.publish(application('eager', { version: '2.0.0-beta.1', policies: { prerelease: true } }), {
    start,
  });
  const id = await gateway();
  await provision('early', id);
  await provision('eager', id);
  const versions = async () =>
    (await api.repositories.gateways.get(id)).profile.installed
      ?.map(({ name, version }) => `${name}@${version}`)
      .sort();
  expect(await versions()).toEqual(['eager@2.0.0-beta.1', 'early@1.0.0']);
  await provision('early@2.0.0-beta.1', id);
  expect(await versions()).toEqual(['eager@2.0.0-beta.1', 'early@2.0.0-beta.1']);
});

test('what is installed already is not delivered again', async () => {
  await builder.publish(application('present'), { start });
  const id = await gateway();
  await provision('present', id);
  const pid = await readFile(root('data', 'present', 'pid'), 'utf8');
  expect(await provision('present', id)).toMatchObject({ state: 'succeeded', packageId: null });
  expect(await readFile(root('data', 'present', 'pid'), 'utf8')).toBe(pid);
});
