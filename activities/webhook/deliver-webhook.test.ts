/** Webhooks against receivers on sockets, good ones and bad ones. */
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { MockActivityEnvironment } from '@temporalio/testing';
import { Networks } from '../../connectivity/networks.js';
import { WebhookAddresses } from '../../connectivity/webhook-addresses.js';
import { deliveryAttempts } from '../../domain/webhook/retry.js';
import { inTransaction } from '../../repositories/database.js';
import { SecretBox } from '../../repositories/secret-box.js';
import { webhookPlace, type WebhookDelivery } from '../../repositories/webhook-repository.js';
import { testRepositories, type TestRepositories } from '../../tests/support/test-repositories.js';
import {
  isSignedBy,
  takesIt,
  webhookReceiver,
  type WebhookReceiver,
} from '../../tests/support/webhook-receiver.js';
import { newWebhookSecret } from '../../trust/sign-webhook.js';
import type { WebhookTurn } from '../../workflows/activity-types.js';
import { webhookActivities } from './deliver-webhook.js';
import { sendWebhook } from './send-webhook.js';

const secrets = new SecretBox(['5e'.repeat(32)]);
const addresses = new WebhookAddresses(new Networks(['127.0.0.0/8'], new Set()));
let repositories: TestRepositories;
let receiver: WebhookReceiver;
let id: string;
let secret: string;

beforeAll(async () => {
  repositories = await testRepositories();
}, 60_000);

afterAll(() => repositories.close());

beforeEach(async () => {
  receiver = await webhookReceiver();
  id = randomUUID();
  secret = newWebhookSecret();
  await addWebhook(receiver.url);
});

afterEach(() => receiver.close());

async function addWebhook(url: string): Promise<void> {
  const sealed = secrets.seal(secret, webhookPlace(id));
  const webhook = { id, name: id, url, events: ['gateway.silent'], secret: sealed, createdBy: 'x' };
  await inTransaction(repositories.database, (tx) => repositories.webhooks.createIn(tx, webhook));
}

/** One turn, as the workflow takes it. */
async function turn(reached = addresses, box = secrets): Promise<WebhookTurn> {
  const { deliverWebhook } = webhookActivities({ ...repositories, secrets: box, addresses: reached });
  const taken: Promise<WebhookTurn> = new MockActivityEnvironment().run(deliverWebhook, { webhookId: id });
  return taken;
}

/** As if it had rested. */
const rested = () =>
  repositories.database.$transaction([
    repositories.database.$executeRaw`UPDATE webhook SET rests_until = NULL`,
    repositories.database.$executeRaw`UPDATE webhook_delivery SET due_at = now() WHERE state = 'waiting'`,
  ]);

async function deliveries(): Promise<WebhookDelivery[]> {
  return (await repositories.webhooks.deliveries(id, null, 100, null)).items;
}

test('a message is signed, and what took it is noted', async () => {
  const deliveryId = await repositories.webhooks.test(id, 'anna');
  expect(await turn()).toEqual({ delivered: 1, problem: null, nextInMs: null });
  const [message] = receiver.messages;
  if (message === undefined) throw new Error('nothing came');
  expect(message).toMatchObject({
    id: deliveryId,
    type: 'webhook.test',
    data: { webhook: id, sentBy: 'anna' },
    headers: { 'content-type': 'application/json' },
  });
  expect(Math.abs(Date.now() / 1_000 - Number(message.headers['webhook-timestamp']))).toBeLessThan(60);
  expect(isSignedBy(secret, message)).toBe(true);
  expect(isSignedBy(newWebhookSecret(), message)).toBe(false);
  expect(await deliveries()).toMatchObject([{ state: 'delivered', attempts: 1, status: 204, problem: null }]);
  expect(await turn()).toEqual({ delivered: 0, problem: null, nextInMs: null });
  expect(receiver.messages).toHaveLength(1);
});

test('while a secret takes the place of another both sign, and then the new one alone', async () => {
  const next = newWebhookSecret();
  await repositories.webhooks.rotate(id, (of) => secrets.seal(next, webhookPlace(of)), 3_600);
  await repositories.webhooks.test(id, 'anna');
  await turn();
  await repositories.webhooks.rotate(id, (of) => secrets.seal(next, webhookPlace(of)), 0);
  await repositories.webhooks.test(id, 'anna');
  await turn();
  expect(receiver.messages.map((one) => [isSignedBy(secret, one), isSignedBy(next, one)])).toEqual([
    [true, true],
    [false, true],
  ]);
});

test('what is not taken is tried again, later and later, under the same id; then it is given up until somebody has it tried anew', async () => {
  const deliveryId = await repositories.webhooks.test(id, 'anna');
  receiver.answer = (response) => response.writeHead(503).end('come again');
  let rest = 0;
  for (let attempts = 1; attempts < deliveryAttempts; attempts += 1) {
    expect(await turn()).toMatchObject({ delivered: 0, problem: 'it answered 503' });
    const again = await turn();
    expect(again.nextInMs).toBeGreaterThan(rest);
    rest = (again.nextInMs ?? 0) / 2;
    expect(await deliveries()).toMatchObject([{ state: 'waiting', attempts, status: 503 }]);
    await rested();
  }
  await turn();
  expect(await deliveries()).toMatchObject([{ state: 'dead', attempts: deliveryAttempts, dueAt: null }]);
  expect(new Set(receiver.messages.map((message) => message.id))).toEqual(new Set([deliveryId]));
  expect(receiver.messages).toHaveLength(deliveryAttempts);
  expect(await repositories.webhooks.get(id)).toMatchObject({ dead: 1, failures: deliveryAttempts });
  receiver.answer = takesIt;
  expect(await turn()).toMatchObject({ delivered: 0, nextInMs: null });
  expect(await repositories.webhooks.retry(id, [randomUUID()])).toBe(0);
  expect(await repositories.webhooks.retry(id, null)).toBe(1);
  expect(await turn()).toMatchObject({ delivered: 1 });
  expect(await repositories.webhooks.get(id)).toMatchObject({ dead: 0, failures: 0, restsUntil: null });
});

test('while a receiver is away one attempt is made at a time, and one message never holds up the others', async () => {
  const bad = await repositories.webhooks.test(id, 'bad');
  await repositories.webhooks.test(id, 'good');
  receiver.answer = (response, message) => response.writeHead(message.id === bad ? 400 : 200).end();
  expect(await turn()).toMatchObject({ delivered: 0, problem: 'it answered 400' });
  expect(receiver.messages).toHaveLength(1);
  await repositories.database.$executeRaw`UPDATE webhook SET rests_until = NULL WHERE id = ${id}::uuid`;
  expect(await turn()).toMatchObject({ delivered: 1, problem: null });
  expect(await deliveries()).toMatchObject([{ state: 'delivered' }, { state: 'waiting', attempts: 1 }]);
});

describe('a receiver that asks for a rest', () => {
  test.each([
    ['in seconds', () => ({ 'retry-after': '7200' }), 7_200_000],
    [
      'until a time by its own clock, which is a year behind',
      () => ({ date: 'Mon, 01 Dec 2025 00:00:00 GMT', 'retry-after': 'Mon, 01 Dec 2025 02:00:00 GMT' }),
      7_200_000,
    ],
    ['for longer than anything waits', () => ({ 'retry-after': '999999' }), 4 * 3_600_000],
  ])('%s gets it', async (_how, headers, restMs) => {
    receiver.answer = (response) => response.writeHead(503, headers()).end();
    await repositories.webhooks.test(id, 'anna');
    await turn();
    const { nextInMs } = await turn();
    expect(receiver.messages).toHaveLength(1);
    expect(nextInMs).toBeGreaterThan(restMs - 60_000);
    expect(nextInMs).toBeLessThanOrEqual(restMs);
  });
});

test('a receiver that is gone is told nothing any more, until somebody tries it', async () => {
  receiver.answer = (response) => response.writeHead(410).end();
  await repositories.webhooks.test(id, 'anna');
  await repositories.webhooks.test(id, 'anna');
  expect(await turn()).toMatchObject({ problem: 'it answered 410: it is told nothing any more' });
  expect(await turn()).toEqual({ delivered: 0, problem: null, nextInMs: null });
  expect(receiver.messages).toHaveLength(1);
  expect(await repositories.webhooks.get(id)).toMatchObject({
    waiting: 0,
    dead: 2,
    goneAt: expect.any(Date),
  });
  expect(await repositories.webhooks.backlog()).toMatchObject({ gone: 1 });
  receiver.answer = takesIt;
  await repositories.webhooks.test(id, 'anna');
  expect(await turn()).toMatchObject({ delivered: 1 });
  expect(await repositories.webhooks.get(id)).toMatchObject({ dead: 2, goneAt: null });
});

describe('a receiver', () => {
  test('that sends somewhere else is not followed', async () => {
    const elsewhere = await webhookReceiver();
    try {
      receiver.answer = (response) => response.writeHead(307, { location: elsewhere.url }).end();
      await repositories.webhooks.test(id, 'anna');
      expect(await turn()).toMatchObject({ problem: 'it answered 307: redirects are not followed' });
      expect(elsewhere.messages).toEqual([]);
    } finally {
      await elsewhere.close();
    }
  });

  test('that answers without an end is heard out for a little, and has taken it', async () => {
    let sent = 0;
    let closed: () => void = () => undefined;
    const isClosed = new Promise<void>((resolve) => (closed = resolve));
    receiver.answer = (response) => {
      response.writeHead(200).on('close', closed);
      const more = () => {
        while (!response.destroyed && response.write('x'.repeat(16_384))) sent += 16_384;
        if (!response.destroyed) response.once('drain', more);
      };
      more();
    };
    await repositories.webhooks.test(id, 'anna');
    expect(await turn()).toMatchObject({ delivered: 1 });
    await isClosed;
    // What fits into the buffers between them.
    expect(sent).toBeLessThan(16 << 20);
  });

  test('that does not answer is given up', async () => {
    receiver.answer = () => undefined;
    const never = new AbortController().signal;
    const message = { url: receiver.url, headers: {}, body: '{"type":"webhook.test","data":{}}' };
    const outcome = await sendWebhook(addresses, message, never, 200);
    expect(outcome).toEqual({ status: null, problem: 'no answer within 0.2 s' });
    await receiver.until(1);
  });

  test('that is not there, or not to be reached, is told of in words', async () => {
    await repositories.webhooks.test(id, 'anna');
    const closed = new WebhookAddresses(new Networks([], new Set()));
    expect(await turn(closed)).toMatchObject({
      problem: 'nothing is sent to 127.0.0.1, which is at 127.0.0.1: LEONORE_WEBHOOK_ADDRESSES',
    });
    expect(receiver.messages).toEqual([]);
    await rested();
    await repositories.database
      .$executeRaw`UPDATE webhook SET url = 'http://127.0.0.1:1/' WHERE id = ${id}::uuid`;
    expect((await turn()).problem).toMatch(/ECONNREFUSED/);
  });

  test('behind a name is not reached when that stands for what is within by now', async () => {
    const { port } = new URL(receiver.url);
    await repositories.database.$executeRaw`
      UPDATE webhook SET url = ${`http://hook.example:${port}/`} WHERE id = ${id}::uuid`;
    await repositories.webhooks.test(id, 'anna');
    const at = (address: string, opened: string) =>
      new WebhookAddresses(new Networks([opened], new Set()), async () => [{ address, family: 4 }]);
    expect((await turn(at('127.0.0.1', '10.0.0.0/8'))).problem).toMatch(/which is at 127\.0\.0\.1/);
    await rested();
    expect(await turn(at('127.0.0.1', '127.0.0.0/8'))).toMatchObject({ delivered: 1 });
  });
});

test('without the key of its secret nothing is sent, and it is said why', async () => {
  await repositories.webhooks.test(id, 'anna');
  expect((await turn(addresses, new SecretBox([]))).problem).toMatch(/a secret cannot be kept or read/);
  expect(receiver.messages).toEqual([]);
});

test('what has been told is kept for a while, and not all of it', async () => {
  await repositories.database.$executeRaw`
    INSERT INTO webhook_delivery (webhook_id, type, data, state, tried_at)
    SELECT ${id}::uuid, 'webhook.test', '{}', 'delivered', now() FROM generate_series(1, 250)`;
  await repositories.database.$executeRaw`
    INSERT INTO webhook_delivery (webhook_id, type, data, state, tried_at)
    VALUES (${id}::uuid, 'webhook.test', '{}', 'dead', now() - interval '31 days')`;
  await turn();
  const [row] = await repositories.database.$queryRaw<{ count: number }[]>`
    SELECT count(*)::int AS count FROM webhook_delivery WHERE webhook_id = ${id}::uuid`;
  expect(row?.count).toBe(200);
  expect(await repositories.webhooks.get(id)).toMatchObject({ dropped: 1 });
});
