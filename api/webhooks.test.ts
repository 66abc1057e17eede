/** Webhooks over the API and from the command line: who may have them, what is shown of them, and what is not. */
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { MockActivityEnvironment } from '@temporalio/testing';
import { webhookActivities } from '../activities/webhook/deliver-webhook.js';
import { runCli } from '../cli/run-cli.js';
import { WebhookAddresses } from '../connectivity/webhook-addresses.js';
import { toldEventTypes } from '../domain/webhook/event-types.js';
import { SecretBox } from '../repositories/secret-box.js';
import { addToken, buildingFleet, ownBuilding } from '../tests/support/building-fleet.js';
import { apiCaller } from '../tests/support/call-api.js';
import { loopback, randomName, testApi, testTokens, type TestApi } from '../tests/support/test-api.js';
import { isSignedBy, webhookReceiver, type WebhookReceiver } from '../tests/support/webhook-receiver.js';

let api: TestApi;
let receiver: WebhookReceiver;

beforeAll(async () => {
  api = await testApi('127.0.0.1:9');
  receiver = await webhookReceiver();
}, 60_000);

afterAll(async () => {
  await receiver.close();
  await api.close();
});

const call = apiCaller(() => api.address);

interface Made {
  readonly name: string;
  readonly secret: string;
}

async function make(): Promise<Made> {
  const name = randomName('hook');
  const { status, body } = await call('POST', '/api/v1/webhooks', { name, url: receiver.url });
  expect(status).toBe(201);
  return { name, secret: body['secret'] as string };
}

/** What the workflow of a webhook does. */
async function deliver(name: string): Promise<void> {
  const { id } = await api.repositories.webhooks.get(name);
  const secrets = new SecretBox(['5e'.repeat(32)]);
  const addresses = new WebhookAddresses(loopback);
  const { deliverWebhook } = webhookActivities({ ...api.repositories, secrets, addresses });
  await new MockActivityEnvironment().run(deliverWebhook, { webhookId: id });
}

test('its secret is shown once, signs what it is sent, and is nowhere in the clear', async () => {
  const { name, secret } = await make();
  expect(secret).toMatch(/^whsec_/);
  expect((await call('POST', `/api/v1/webhooks/${name}/test`)).status).toBe(202);
  await deliver(name);
  const message = receiver.messages.at(-1);
  expect(message !== undefined && isSignedBy(secret, message)).toBe(true);
  const shown = await Promise.all(
    ['', `/${name}`, `/${name}/deliveries`].map((path) => call('GET', `/api/v1/webhooks${path}`)),
  );
  const audit = await call('GET', `/api/v1/audit?subject=webhooks/${name}`);
  expect(JSON.stringify([...shown, audit])).not.toContain(secret.slice('whsec_'.length));
  expect(shown[1]?.body).toMatchObject({ name, events: toldEventTypes, waiting: 0, failures: 0 });
  const rows = await api.repositories.database.webhook.findMany({ where: { name } });
  expect(Buffer.from(rows[0]?.secret ?? []).toString('latin1')).not.toContain(secret.slice(6, 20));
  expect((audit.body['items'] as { action: string }[]).map(({ action }) => action)).toEqual([
    'testWebhook',
    'createWebhook',
  ]);
});

test('it is made once for a key, and its name is taken then', async () => {
  const name = randomName('hook');
  const body = { name, url: receiver.url, events: ['gateway.silent'] };
  const again = { 'idempotency-key': name };
  expect((await call('POST', '/api/v1/webhooks', body, again)).body['secret']).toMatch(/^whsec_/);
  expect((await call('POST', '/api/v1/webhooks', body, again)).body['secret']).toBeNull();
  expect((await call('POST', '/api/v1/webhooks', body)).body).toMatchObject({ code: 'WEBHOOK_EXISTS' });
  expect((await call('DELETE', `/api/v1/webhooks/${name}`)).status).toBe(204);
  expect((await call('GET', `/api/v1/webhooks/${name}`)).body).toMatchObject({ code: 'WEBHOOK_NOT_FOUND' });
});

test.each([
  'http://169.254.169.254/latest/meta-data',
  'https://[::1]/',
  'https://10.0.0.1/',
  'http://203.0.113.5/',
  'https://user:secret@203.0.113.5/',
  'gopher://203.0.113.5/',
])('%s is refused', async (url) => {
  const { status, body } = await call('POST', '/api/v1/webhooks', { name: randomName('hook'), url });
  expect([status, body['code']]).toEqual([400, 'MALFORMED_INPUT']);
});

test.each([{ events: ['rollout.begun'] }, { events: ['webhook.test'] }, { events: [] }, { secret: 'mine' }])(
  '%j is refused',
  async (more) => {
    const body = { name: randomName('hook'), url: receiver.url, ...more };
    expect((await call('POST', '/api/v1/webhooks', body)).status).toBe(400);
  },
);

test('an admin of a part of the fleet has those of that part; who is no admin has none', async () => {
  const { name } = await make();
  await buildingFleet(api.repositories);
  const within = await addToken(api.repositories, [{ role: 'admin', scope: ownBuilding }]);
  const asWithin = { authorization: `Bearer ${within}` };
  const own = randomName('hook');
  const made = await call('POST', '/api/v1/webhooks', { name: own, url: receiver.url }, asWithin);
  expect(made).toMatchObject({ status: 201, body: { webhook: { name: own, scopes: [ownBuilding] } } });
  const listed = await call('GET', '/api/v1/webhooks', undefined, asWithin);
  expect(listed.body['items']).toMatchObject([{ name: own }]);
  expect((await call('GET', `/api/v1/webhooks/${own}`)).body).toMatchObject({ scopes: [ownBuilding] });
  const routes = [
    ['GET', ''],
    ['POST', ''],
    ['GET', `/${name}`],
    ['DELETE', `/${name}`],
    ['POST', `/${name}/test`],
    ['POST', `/${name}/secret`],
    ['GET', `/${name}/deliveries`],
    ['POST', `/${name}/retry`],
  ] as const;
  for (const token of [within, testTokens.operator, testTokens.viewer])
    for (const [method, path] of routes) {
      if (token === within && path === '') continue;
      const body = method === 'POST' ? {} : undefined;
      const { status } = await call(method, `/api/v1/webhooks${path}`, body, {
        authorization: `Bearer ${token}`,
      });
      expect([method, path, status]).toEqual([method, path, token === within ? 404 : 403]);
    }
  expect((await call('GET', `/api/v1/webhooks/${name}`)).status).toBe(200);
});

test('the document says what they are sent', async () => {
  const { body } = await call('GET', '/api/openapi.json');
  const webhooks = body['webhooks'] as Record<string, { post: { requestBody: unknown } }>;
  expect(Object.keys(webhooks)).toEqual([...toldEventTypes, 'webhook.test']);
  expect(webhooks['gateway.silent']?.post.requestBody).toMatchObject({
    content: { 'application/json': { schema: { properties: { type: { const: 'gateway.silent' } } } } },
  });
});

async function run(...words: string[]) {
  const written = { stdout: '', stderr: '' };
  const exitCode = await runCli(['webhook', ...words], {
    stdout: { write: (text: string) => (written.stdout += text) },
    stderr: { write: (text: string) => (written.stderr += text) },
    env: { LEONORE_SERVER: api.address, LEONORE_TOKEN: testTokens.admin, XDG_DATA_HOME: tmpdir() },
  });
  return { exitCode, ...written };
}

test('from the command line: made, tried, given another secret, tried anew, removed', async () => {
  const name = randomName('hook');
  const made = await run(
    'create',
    name,
    receiver.url,
    '--event',
    'rollout.ended',
    '--event',
    'gateway.silent',
  );
  const secret = made.stdout.trim().split('\n').at(-1) ?? '';
  expect(secret).toMatch(/^whsec_/);
  const before = receiver.messages.length;
  const tried = run('test', name);
  while ((await api.repositories.webhooks.get(name)).waiting === 0) await new Promise(setImmediate);
  await deliver(name);
  expect(await tried).toMatchObject({ exitCode: 0, stdout: `${name} took it: 204\n` });
  expect(receiver.messages.slice(before)).toHaveLength(1);
  const rotated = await run('rotate', name, '--overlap', '6h');
  expect(rotated.stdout).toMatch(/whsec_[^]*the one before signs too until/);
  expect(rotated.stdout).not.toContain(secret);
  await api.repositories.database.$executeRaw`
    UPDATE webhook_delivery SET state = 'dead', problem = 'it answered 500'
    WHERE webhook_id = (SELECT id FROM webhook WHERE name = ${name})`;
  expect((await run('list')).stdout).toContain(name);
  expect((await run('show', name)).stdout).toContain('rollout.ended, gateway.silent');
  expect((await run('deliveries', name, '--state', 'dead')).stdout).toContain('it answered 500');
  expect((await run('retry', name)).stdout).toBe('1 will be tried anew\n');
  expect((await run('remove', name, '--yes')).exitCode).toBe(0);
  expect((await run('show', name)).exitCode).toBe(2);
  expect((await run('create', name, receiver.url, '--event', 'nonsense')).exitCode).toBe(2);
});
