/** Orders from the command line to a real agent and back: the API, a node's handler, PostgreSQL, an application. */
import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pino } from 'pino';
import { request } from 'undici';
import { startAgent, type RunningAgent } from '../agent/start-agent.js';
import { shortTimes } from '../agent/testing/test-agent.js';
import { testPackage } from '../agent/testing/test-package.js';
import { runCli } from '../cli/run-cli.js';
import { DeviceService } from '../connectivity/device-service.js';
import type { GatewayHandler } from '../connectivity/gateway-handler.js';
import { PushNotifier } from '../connectivity/push-notifier.js';
import { DiskBlobStore } from '../repositories/disk-blob-store.js';
import { testValueKeys } from './support/test-value-keys.js';
import { SecretBox } from '../repositories/secret-box.js';
import { planOrdersAnew } from '../services/plan-orders-anew.js';
import { Waker } from '../workers/waker.js';
import { startHandler } from './support/device-bed.js';
import { artifactTar, testApi, testTokens, type TestApi } from './support/test-api.js';
import {
  addGateways,
  addNode,
  addRollout,
  httpEndpoint,
  planOf,
  profileOf,
} from './support/test-repositories.js';

const logger = pino({ level: 'silent' });
let api: TestApi;
let handler: GatewayHandler;
let service: DeviceService;
let waker: Waker;
/** What the reconciler of a whole LEONORE does for orders. */
let planning: NodeJS.Timeout;
let directory: string;
let agent: RunningAgent;

const built = testPackage(
  { name: 'lib', version: '1.0.0', files: { data: 'library' } },
  { name: 'app', version: '1.0.0', files: { 'start.sh': 'echo $$ >"$LEONORE_DATA/pid"; exec sleep 1000\n' } },
);

beforeAll(async () => {
  api = await testApi('127.0.0.1:1');
  const { repositories } = api;
  const blobs = new DiskBlobStore(api.blobRoot);
  await (await blobs.stage(Readable.from([built.archive]), 1_000_000)).commit();
  service = new DeviceService({
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
  waker = new Waker({
    gateways: repositories.gateways,
    push: new PushNotifier([handler], (gatewayId) => service.gatewayChanged(gatewayId)),
    nodeId: 'node-1',
    intervalMs: 50,
    logger,
  });
  planning = setInterval(() => void planOrdersAnew(repositories).catch(() => undefined), 200);
  for (const [name, requires] of [
    ['lib', ''],
    ['app', 'requires: [{ name: lib }]\n'],
  ]) {
    await request(`${api.address}/api/v1/artifacts`, {
      method: 'POST',
      body: artifactTar(`name: ${name}\nversion: 1.0.0\nkind: application\n${requires}`),
      headers: { authorization: `Bearer ${testTokens.admin}`, 'content-type': 'application/x-tar' },
    });
  }
}, 300_000);

afterAll(async () => {
  clearInterval(planning);
  await waker.stop();
  await handler.close();
  await service.close();
  await api.close();
});

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'leonore-orders-'));
});
afterEach(async () => {
  await agent.close();
  await rm(directory, { recursive: true });
});

/** A gateway that is told of work by notices alone, with the package installed. */
async function gatewayWithApp(id: string): Promise<void> {
  agent = await startAgent({
    server: api.address,
    root: join(directory, 'gateway'),
    enrolmentToken: testTokens.enrolment,
    id,
    mac: `02:00:00:00:00:${id.slice(-2)}`,
    strategy: 'push',
    intervalSeconds: 1_000,
    times: shortTimes,
  });
  const { repositories } = api;
  while ((await repositories.gateways.list(500, null)).items.every((gateway) => gateway.id !== id))
    await tick();
  const rolloutId = await deliver(id);
  // A wanted profile is what wakes it: nobody dispatches the rollout here.
  await repositories.gateways.wantProfile(id);
  while ((await repositories.rollouts.counts(rolloutId)).succeeded === 0) await tick();
}

async function deliver(id: string): Promise<string> {
  const { packages, provisioning, chunks, rollouts } = api.repositories;
  const rolloutId = await addRollout(api.repositories, ['app'], [id]);
  await packages.add({
    id: built.id,
    recipe: built.id,
    archiveDigest: built.digest,
    sizeBytes: built.archive.length,
    installedBytes: 1,
    artifacts: ['lib@1.0.0', 'app@1.0.0'],
    declaredValues: [],
    log: '',
    builtBy: 'node-1',
  });
  const plan = planOf(['lib@1.0.0', 'app@1.0.0']);
  await provisioning.saveGroups(rolloutId, 'node-1', [
    { plans: [plan], explanation: null, failure: null, ordinals: [0] },
  ]);
  const [group] = await rollouts.groups(rolloutId, 1);
  await provisioning.groupBuilt(group?.id ?? '', 0, built.id, []);
  await chunks.form(rolloutId, 'node-1');
  await chunks.offer(rolloutId, 0, 'node-1', 3_600);
  return rolloutId;
}

const tick = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));

async function leonore(...words: string[]): Promise<{ exitCode: number; said: unknown }> {
  let text = '';
  const write = (part: string): void => void (text += part);
  const exitCode = await runCli([...words, '--json'], {
    stdout: { write },
    stderr: { write },
    env: { LEONORE_SERVER: api.address, LEONORE_TOKEN: testTokens.admin, XDG_DATA_HOME: directory },
  });
  return { exitCode, said: JSON.parse(text) };
}

const isUp = async (): Promise<boolean> => {
  const pid = Number(await readFile(join(directory, 'gateway/container/data/app/pid'), 'utf8'));
  return readFile(`/proc/${pid}/stat`).then(
    () => true,
    () => false,
  );
};

describe('orders', () => {
  test('stop, start and uninstall what was delivered, on a gateway that waits for notices', async () => {
    await gatewayWithApp('gw-order-01');
    expect(await isUp()).toBe(true);
    expect(await leonore('order', 'stop', 'app', '--gateway', 'gw-order-01', '--wait')).toMatchObject({
      exitCode: 0,
      said: [{ gatewayId: 'gw-order-01', action: 'stop', state: 'succeeded', error: null }],
    });
    expect(await isUp()).toBe(false);
    expect((await leonore('order', 'start', 'app', '--gateway', 'gw-order-01', '--wait')).exitCode).toBe(0);
    expect(await isUp()).toBe(true);

    expect(await leonore('order', 'uninstall', 'lib', '--yes', '--gateway', 'gw-order-01')).toMatchObject({
      exitCode: 1,
      said: { error: { code: 'ARTIFACT_NEEDED', details: { neededBy: 'app@1.0.0' } } },
    });
    const ended = await leonore('order', 'uninstall', 'app', '--yes', '--gateway', 'gw-order-01', '--wait');
    expect(ended).toMatchObject({ exitCode: 0 });
    expect(await readdir(join(directory, 'gateway/container/store'))).toEqual([]);
    expect((await api.repositories.gateways.get('gw-order-01')).profile.installed).toEqual([]);
    expect(await leonore('order', 'list', '--gateway', 'gw-order-01')).toMatchObject({
      exitCode: 0,
      said: ['stop', 'start', 'uninstall'].map((action) => ({ action, state: 'succeeded' })),
    });
  });

  test('leave what an application keeps, or not, as they say', async () => {
    await gatewayWithApp('gw-order-04');
    const data = join(directory, 'gateway/container/data');
    const kept = await leonore(
      'order',
      'uninstall',
      'app',
      '--gateway',
      'gw-order-04',
      '--yes',
      '--keep-data',
      '--wait',
    );
    expect(kept).toMatchObject({ exitCode: 0 });
    expect(await readdir(data)).toContain('app');
    expect(await leonore('order', 'stop', 'lib', '--keep-data')).toMatchObject({ exitCode: 2 });
  });

  test('take along dependencies that nothing needs any more', async () => {
    await gatewayWithApp('gw-order-05');
    const preview = await leonore('order', 'uninstall', 'app', '--gateway', 'gw-order-05', '--dry-run');
    expect(preview).toEqual({ exitCode: 0, said: { gateways: 1, also: { lib: 1 } } });
    expect((await api.repositories.orders.list({ gatewayId: 'gw-order-05' }, 10, null)).items).toEqual([]);
    const given = await leonore('order', 'uninstall', 'app', '--yes', '--gateway', 'gw-order-05');
    expect(given).toMatchObject({ exitCode: 0, said: { gateways: 1, also: { lib: 1 } } });
    const { gateways } = api.repositories;
    while ((await gateways.get('gw-order-05')).profile.installed?.length !== 0) await tick();
    expect(await readdir(join(directory, 'gateway/container/store'))).toEqual([]);
  });

  test('wipe a gateway before it is taken out of service; one that does not answer stays', async () => {
    await gatewayWithApp('gw-order-06');
    expect(await leonore('gateway', 'decommission', 'gw-order-06', '--yes', '--wipe')).toEqual({
      exitCode: 0,
      said: { decommissioned: 'gw-order-06', wiped: true },
    });
    for (const place of ['store', 'data', 'log', 'packages'])
      expect(await readdir(join(directory, 'gateway/container', place)).catch(() => [])).toEqual([]);
    expect((await api.repositories.gateways.get('gw-order-06')).state).toBe('decommissioned');

    await addGateways(api.repositories, [profileOf('gw-mute')]);
    const given = leonore('gateway', 'decommission', 'gw-mute', '--yes', '--wipe', '--deadline', '1s');
    const { orders, chunks } = api.repositories;
    // The reconciler of a whole LEONORE sees to deadlines.
    const looks = setInterval(() => {
      void orders.list({ gatewayId: 'gw-mute' }, 1, null).then(async ({ items: [part] }) => {
        if (part !== undefined && part.deadlineAt.getTime() < Date.now()) await chunks.lose(part.orderId, 0);
      });
    }, 100);
    expect(await given).toMatchObject({
      exitCode: 1,
      said: { decommissioned: null, wiped: false, state: 'lost' },
    });
    clearInterval(looks);
    expect((await api.repositories.gateways.get('gw-mute')).state).toBe('active');
  });

  test('of a deployment reach those that have the artifact; a key gives one order', async () => {
    await gatewayWithApp('gw-order-02');
    await addGateways(api.repositories, [profileOf('gw-bare')]);
    await leonore('deployment', 'create', 'all', '--gateway', 'gw-order-02', '--gateway', 'gw-bare');
    const give = (artifact: string) =>
      leonore('order', 'stop', artifact, '--deployment', 'all', '--idempotency-key', 'k');
    const first = await give('app');
    expect(first).toMatchObject({ exitCode: 0, said: { gateways: 1 } });
    expect(await give('app')).toEqual(first);
    expect(await give('lib')).toMatchObject({
      exitCode: 1,
      said: { error: { code: 'IDEMPOTENCY_KEY_REUSED' } },
    });
    const { id } = first.said as { id: string };
    while ((await api.repositories.orders.list({ orderId: id }, 1, null)).items[0]?.endedAt === null)
      await tick();
    expect(await leonore('order', 'cancel', id)).toMatchObject({ exitCode: 0, said: { cancelled: 0 } });
  });

  test('that mean nothing are refused', async () => {
    await gatewayWithApp('gw-order-03');
    for (const [words, exitCode, code] of [
      [['stop', 'absent', '--gateway', 'gw-order-03'], 2, 'ARTIFACT_NOT_FOUND'],
      [['stop', 'app', '--gateway', 'nobody'], 2, 'GATEWAY_NOT_FOUND'],
      [['stop', 'app', '--deployment', 'nothing'], 2, 'DEPLOYMENT_NOT_FOUND'],
      [['stop', 'app'], 2, 'BAD_USAGE'],
      [['stop', '../app', '--gateway', 'gw-order-03'], 2, 'MALFORMED_INPUT'],
      [['cancel', randomUUID()], 2, 'ORDER_NOT_FOUND'],
    ] as const) {
      expect(await leonore('order', ...words)).toMatchObject({ exitCode, said: { error: { code } } });
    }
    expect(await leonore('gateway', 'profile', 'gw-order-03')).toEqual({
      exitCode: 0,
      said: { requested: 'gw-order-03' },
    });
  });
});
