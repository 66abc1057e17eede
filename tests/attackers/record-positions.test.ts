/**
 * Attackers who hold what lies somewhere: one has a copy of a gateway's disk, one the database. Each can do what docs/security.md says of
 * him, and no more. The API, a node's handler, PostgreSQL, real agents.
 */
import { execFileSync, spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import pg from 'pg';
import { startAgent, type RunningAgent } from '../../agent/start-agent.js';
import { shortTimes } from '../../agent/testing/test-agent.js';
import { createLeonoreClient, type LeonoreClient } from '../../client/leonore-client.js';
import { DeviceService } from '../../connectivity/device-service.js';
import { formatDeliveryId } from '../../domain/delivery/delivery-id.js';
import type { GatewayHandler } from '../../connectivity/gateway-handler.js';
import { SecretBox } from '../../repositories/secret-box.js';
import { busyBoxAgent } from '../../testbed/busybox/busybox-root.js';
import { busybox, BusyBoxAgent } from '../support/busybox-bed.js';
import { startHandler } from '../support/device-bed.js';
import { registerDevice } from '../support/device-side.js';
import { testApi, testTokens, type TestApi } from '../support/test-api.js';
import { testBuilder, type TestBuilder } from '../support/test-builder.js';
import { addNode, httpEndpoint } from '../support/test-repositories.js';
import { hmacKey } from '../support/test-key.js';
import { testValueKeys } from '../support/test-value-keys.js';

const secret = `secret-${randomUUID()}`;

let api: TestApi;
let builder: TestBuilder;
let service: DeviceService;
let handler: GatewayHandler;
let node: string;
let client: LeonoreClient;
let database: pg.Client;
let directory: string;
let agents: RunningAgent[] = [];
let said: string[] = [];

beforeAll(async () => {
  api = await testApi('127.0.0.1:1');
  builder = await testBuilder(api);
  const { repositories } = api;
  service = new DeviceService({
    nodeId: 'node-1',
    ...repositories,
    blobs: builder.blobs,
    secrets: new SecretBox(['5e'.repeat(32)]),
    values: testValueKeys.opener,
    contested: (contest) => void repositories.contests.note([contest]),
    missing: () => undefined,
    acknowledged: () => undefined,
    failed: () => undefined,
  });
  const started = await startHandler({ service, blobs: builder.blobs });
  handler = started.handler;
  node = started.address;
  await addNode(repositories, 'node-1', [httpEndpoint(node)]);
  client = createLeonoreClient({ server: api.address, token: testTokens.admin });
  database = new pg.Client({ connectionString: repositories.server.url });
  await database.connect();
  const values = [{ key: 'password' }];
  await builder.publish({ name: 'app', version: '1.0.0', kind: 'library', values }, { data: 'x' });
}, 300_000);

afterAll(async () => {
  await database.end();
  await handler.close();
  await service.close();
  await builder.close();
  await api.close();
});

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'leonore-attackers-'));
  [agents, said] = [[], []];
});

afterEach(async () => {
  await Promise.all(agents.map((agent) => agent.close()));
  await rm(directory, { recursive: true });
});

async function start(id: string, root: string, enrolmentToken?: string): Promise<RunningAgent> {
  const agent = await startAgent({
    server: api.address,
    root: join(directory, root),
    id,
    mac: '02:00:00:00:02:01',
    ...(enrolmentToken === undefined ? {} : { enrolmentToken }),
    intervalSeconds: 0.05,
    isolation: 'none',
    times: shortTimes,
    log: (_level, message, fields) => void said.push(`${id} ${message} ${JSON.stringify(fields ?? {})}`),
  });
  agents.push(agent);
  return agent;
}

async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await condition())) await delay(20);
}

const isKnown = async (id: string): Promise<boolean> =>
  (await client.gateways()).some((gateway) => gateway.id === id && gateway.state === 'active');

async function ask(path: string, token: string, body?: object) {
  const answer = await fetch(`${node}/device/v1/${path}`, {
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
  });
  return { status: answer.status, text: await answer.text() };
}

/** Has a gateway told of a package. @returns the id of its delivery */
async function offer(id: string): Promise<string> {
  const { rolloutId, built } = await builder.provision('app', [id]);
  for (const { chunk } of built.chunks)
    await api.repositories.chunks.offer(rolloutId, chunk, 'node-1', 3_600);
  return formatDeliveryId({ rolloutId, ordinal: 0 });
}

async function tokenOf(root: string): Promise<string> {
  const text = await readFile(join(directory, root, 'agent', 'identity.json'), 'utf8');
  return (JSON.parse(text.split('\n')[0] ?? '') as { token: string }).token;
}

test('a gateway’s disk: whoever has it is that gateway, and nobody else', async () => {
  const tokenFile = join(directory, 'enrolment-token');
  await writeFile(tokenFile, testTokens.enrolment);
  const agent = await startAgent({
    ...{ server: api.address, root: join(directory, 'own'), id: 'gw-own', mac: '02:00:00:00:02:01' },
    ...{ enrolmentTokenFile: tokenFile, intervalSeconds: 0.05, isolation: 'none', times: shortTimes },
  });
  agents.push(agent);
  await until(() => isKnown('gw-own'));
  const victim = await registerDevice(api.address, 'gw-victim', {
    bearer: testTokens.enrolment,
    mac: '02:00:00:00:02:02',
  });
  const victimsToken = String(victim.body['token']);
  await agent.close();

  // Nothing on it lets anything enrol.
  const files = await readdir(directory, { recursive: true, withFileTypes: true });
  for (const entry of files.filter((one) => one.isFile()))
    expect(await readFile(join(entry.parentPath, entry.name), 'latin1')).not.toContain(testTokens.enrolment);

  // He is that gateway: what it is told he is told.
  await client.changeGatewayValues('gw-own', { set: { password: secret }, secret: true });
  await offer('gw-own');
  const own = await tokenOf('own');
  expect(await ask('tasks', own)).toMatchObject({ status: 200, text: expect.stringContaining(secret) });

  // He is told nothing that is another's, reports nothing for it, and does not become it.
  await client.changeGatewayValues('gw-victim', { set: { password: 'of-the-victim' }, secret: true });
  const delivery = await offer('gw-victim');
  expect((await ask('tasks', own)).text).not.toContain('of-the-victim');
  const report = { deliveryId: delivery, sequence: 1, state: 'succeeded', installed: [] };
  const reported = await ask('reports', own, { reports: [report] });
  expect(reported.text).toContain('"unknown"');
  expect(reported.text).not.toContain('"applied"');
  await cp(join(directory, 'own'), join(directory, 'copy'), { recursive: true });
  await start('gw-victim', 'copy', own);
  await until(() => said.some((line) => line.startsWith('gw-victim registration failed')));
  expect(said.join('\n')).not.toContain('gw-victim registered');
  expect((await ask('tasks', victimsToken)).text).toContain('of-the-victim');
}, 120_000);

test('a copy of a disk that is used beside it is shown', async () => {
  const agent = await start('gw-copied', 'own', testTokens.enrolment);
  await until(() => isKnown('gw-copied'));
  await agent.close();
  await cp(join(directory, 'own'), join(directory, 'copy'), { recursive: true });
  await start('gw-copied', 'own');
  await until(() => said.filter((line) => line.startsWith('gw-copied registered')).length >= 2);
  await start('gw-copied', 'copy');
  // Behind one address both have the one token, and take turns with it.
  await until(async () =>
    (await client.enrolment.contests('gw-copied')).some(({ reason }) => reason === 'twice'),
  );
}, 120_000);

(busybox === '' ? test.skip : test)(
  'a copy of the disk of a BusyBox gateway that is used beside it is shown',
  async () => {
    const applets = join(directory, 'bin');
    await mkdir(applets);
    execFileSync(busybox, ['--install', '-s', applets]);
    // An id of its own for each try: it belongs to the first key that comes with it.
    const id = `gw-${randomUUID()}`;
    const boxes: BusyBoxAgent[] = [];
    const startBox = (root: string, enrolmentToken = ''): BusyBoxAgent => {
      const env = {
        PATH: applets,
        LEONORE_SERVER: api.address,
        LEONORE_ROOT_DIR: join(directory, root),
        LEONORE_ENROLMENT_TOKEN: enrolmentToken,
        LEONORE_ID: id,
        LEONORE_INTERVAL: '1',
        LEONORE_ISOLATION: 'none',
      };
      const stdio: ['ignore', 'ignore', 'pipe'] = ['ignore', 'ignore', 'pipe'];
      const box = new BusyBoxAgent(spawn(busybox, ['sh', busyBoxAgent], { env, stdio }));
      boxes.push(box);
      return box;
    };
    try {
      const first = startBox('box', testTokens.enrolment);
      await first.said('registered at');
      await first.end('SIGTERM');
      // With its FIFOs, as a copy of a whole disk has them.
      execFileSync('cp', ['-a', join(directory, 'box'), join(directory, 'box-copy')]);
      startBox('box');
      startBox('box-copy');
      await until(async () => (await client.enrolment.contests(id)).some(({ reason }) => reason === 'twice'));
    } finally {
      for (const box of boxes) await box.end('SIGTERM');
    }
  },
  120_000,
);

test('the database: no secret and no token is in it in the clear, and what is sealed is opened in its place alone', async () => {
  const [mine, his] = ['gw-rich', 'gw-poor'];
  const tokens: string[] = [];
  for (const id of [mine, his]) {
    const { body } = await registerDevice(api.address, id, { bearer: testTokens.enrolment });
    tokens.push(String(body['token']));
  }
  const key = hmacKey();
  await registerDevice(api.address, 'gw-small', { bearer: testTokens.enrolment, key, tellsSecret: true });
  const { token: enrolment } = await client.enrolment.create({ name: 'site' });
  await client.changeGatewayValues(mine, { set: { password: secret }, secret: true });
  await client.changeGatewayValues(his, { set: { password: 'poor' }, secret: true });

  const hidden = [secret, key.secret ?? '', enrolment, ...tokens, testTokens.enrolment, testTokens.admin];
  const { rows: tables } = await database.query<{ name: string }>(
    `SELECT quote_ident(table_name) AS name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`,
  );
  let looked = 0;
  for (const { name } of tables) {
    // Bytes as they are, and as texts show them.
    const { rows } = await database.query<{ row: string }>(`SELECT t::text AS row FROM ${name} t`);
    for (const { row } of rows) {
      looked += 1;
      const bytes = [...row.matchAll(/\\x([0-9a-f]+)/g)].map(([, hex = '']) =>
        Buffer.from(hex, 'hex').toString('latin1'),
      );
      for (const text of hidden)
        expect({ name, found: `${row}${bytes.join('')}`.includes(text) }).toEqual({ name, found: false });
    }
  }
  expect(looked).toBeGreaterThan(20);

  // A row copied to his own gateway is not opened there: better no task than one with another's secret.
  await database.query(
    `UPDATE gateway_value SET sealed = (SELECT sealed FROM gateway_value WHERE gateway_id = $1) WHERE gateway_id = $2`,
    [mine, his],
  );
  await offer(his);
  const told = await ask('tasks', tokens[1] ?? '');
  expect(told.status).toBeGreaterThanOrEqual(500);
  expect(told.text).toContain('SECRETS_UNAVAILABLE');
  expect(told.text).not.toContain(secret);

  // He can change what is not secret, and take a gateway out of service or over: its rows are his.
  await database.query(`UPDATE gateway_value SET sealed = NULL, value = 'changed' WHERE gateway_id = $1`, [
    his,
  ]);
  service.gatewayChanged(his);
  expect((await ask('tasks', tokens[1] ?? '')).text).toContain('changed');
}, 120_000);
