/** Webhooks as they are told: by real workflows, from a real database, to a receiver on a socket. */
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { Worker } from '@temporalio/worker';
import { pino } from 'pino';
import { webhookActivities } from '../activities/webhook/deliver-webhook.js';
import { Networks } from '../connectivity/networks.js';
import { WebhookAddresses } from '../connectivity/webhook-addresses.js';
import { coordinatorQueue, workflowIds } from '../domain/orchestration.js';
import { inTransaction } from '../repositories/database.js';
import { SecretBox } from '../repositories/secret-box.js';
import { webhookPlace } from '../repositories/webhook-repository.js';
import { quietTemporal } from '../tests/support/quiet-temporal.js';
import { recordHistories } from '../tests/support/record-histories.js';
import { askForServer } from '../tests/support/servers/ask-for-server.js';
import type { BundledWorkflows } from '../tests/support/servers/workflows-for-tests.js';
import { testTemporal, type TestTemporal } from '../tests/support/temporal.js';
import {
  addNewGateways,
  addNode,
  addRollout,
  testRepositories,
  type TestRepositories,
} from '../tests/support/test-repositories.js';
import { takesIt, webhookReceiver, type WebhookReceiver } from '../tests/support/webhook-receiver.js';
import { newWebhookSecret } from '../trust/sign-webhook.js';
import { WebhookKeeper } from '../workers/webhook-keeper.js';
import { TemporalLink } from './client/temporal-link.js';
import { WebhookClient } from './client/webhook-client.js';

const secrets = new SecretBox(['5e'.repeat(32)]);
const addresses = new WebhookAddresses(new Networks(['127.0.0.0/8'], new Set()));
let repositories: TestRepositories;
let temporal: TestTemporal;
let link: TemporalLink;
let workflowBundle: BundledWorkflows;
let receiver: WebhookReceiver;
let id: string;

beforeAll(async () => {
  quietTemporal();
  [repositories, temporal, workflowBundle] = await Promise.all([
    testRepositories(),
    testTemporal(),
    askForServer('workflows'),
  ]);
  link = new TemporalLink(temporal.address, temporal.namespace);
  await addNode(repositories, 'node-1');
}, 15 * 60_000);

afterAll(async () => {
  await link.close();
  await temporal.stop();
  await repositories.close();
});

beforeEach(async () => {
  receiver = await webhookReceiver();
  id = randomUUID();
  const secret = secrets.seal(newWebhookSecret(), webhookPlace(id));
  const webhook = { id, name: id, url: receiver.url, events: ['rollout.ended'], secret, createdBy: 'x' };
  await inTransaction(repositories.database, (tx) => repositories.webhooks.createIn(tx, webhook));
});

afterEach(async () => {
  await repositories.webhooks.remove(id);
  await receiver.close();
});

/** A coordinator's worker. */
function worker(): Promise<Worker> {
  return Worker.create({
    connection: temporal.environment.nativeConnection,
    namespace: temporal.namespace,
    taskQueue: coordinatorQueue,
    workflowBundle,
    activities: webhookActivities({ ...repositories, secrets, addresses }),
    shutdownGraceTime: 0,
    shutdownForceTime: 1_000,
  });
}

/** A coordinator's keeper, of which the test takes the rounds. */
async function withKeeper(use: (keeper: WebhookKeeper) => Promise<void>): Promise<void> {
  const webhookClient = new WebhookClient(link);
  const logger = pino({ level: 'silent' });
  const keeper = new WebhookKeeper({ ...repositories, webhookClient, intervalMs: 3_600_000, logger });
  try {
    await use(keeper);
  } finally {
    await keeper.stop();
  }
}

/** A rollout ends, and whoever ended it dies. @returns its id */
async function endRollout(): Promise<string> {
  const [gateway = ''] = await addNewGateways(repositories, 1);
  const rolloutId = await addRollout(repositories, ['app'], [gateway]);
  await repositories.database.$executeRaw`
    UPDATE delivery SET state = 'lost', ended_at = now() WHERE rollout_id = ${rolloutId}::uuid`;
  await repositories.rollouts.end(rolloutId, null);
  return rolloutId;
}

const result = () => temporal.environment.client.workflow.getHandle(workflowIds.webhook(id)).result();
const wakeAgain = () =>
  repositories.database.$executeRaw`UPDATE webhook SET woken_at = NULL WHERE id = ${id}::uuid`;

test('what had happened when everything died is told when something runs again, and once', async () => {
  const rolloutId = await endRollout();
  await withKeeper(async (keeper) => {
    await keeper.round();
    await (
      await worker()
    ).runUntil(async () => {
      await result();
      await wakeAgain();
      await keeper.round();
    });
  });
  expect(receiver.messages).toMatchObject([{ type: 'rollout.ended', data: { rollout: { id: rolloutId } } }]);
  await recordHistories(temporal.environment.client.workflow, workflowIds.webhook(id), 'webhook-told');
}, 120_000);

test('what was sent and not noted is sent once more, under the same id', async () => {
  await endRollout();
  receiver.answer = () => undefined;
  await withKeeper(async (keeper) => {
    await keeper.round();
    // It is sent, and not answered when the coordinator ends.
    await (await worker()).runUntil(() => receiver.until(1)).catch(() => undefined);
    receiver.answer = takesIt;
    await (await worker()).runUntil(result);
  });
  const ids = receiver.messages.map((message) => message.id);
  expect(ids.length).toBeGreaterThan(1);
  expect(new Set(ids).size).toBe(1);
  expect(await repositories.webhooks.get(id)).toMatchObject({ waiting: 0, dead: 0 });
}, 120_000);

test('a workflow that rests takes up what somebody has tried anew', async () => {
  await endRollout();
  receiver.answer = (response) => response.writeHead(500).end();
  const { client } = temporal.environment;
  await withKeeper(async (keeper) => {
    await (
      await worker()
    ).runUntil(async () => {
      await keeper.round();
      await receiver.until(1);
      while ((await repositories.webhooks.get(id)).failures === 0) await keeper.round();
      receiver.answer = takesIt;
      await repositories.database.$executeRaw`
        UPDATE webhook_delivery SET state = 'dead' WHERE webhook_id = ${id}::uuid`;
      expect(await repositories.webhooks.retry(id, null)).toBe(1);
      await keeper.round();
      await result();
    });
  });
  expect(receiver.messages).toHaveLength(2);
  await recordHistories(client.workflow, workflowIds.webhook(id), 'webhook-rests');
}, 120_000);
