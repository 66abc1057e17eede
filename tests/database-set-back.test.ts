/**
 * The database is set back to a copy that is some minutes old, under everything that runs: what it does not know ends
 * without a fight, what it knows goes on from there, gateways are asked for what they have, and no id is given twice.
 */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { WorkflowFailedError } from '@temporalio/client';
import { workflowIds } from '../domain/orchestration.js';
import { copyDatabase, restoreDatabase } from './support/database-copy.js';
import { expectInOrder } from './support/in-order.js';
import { inProcessLeonore, tick, type InProcessLeonore } from './support/in-process-leonore.js';
import { quietTemporal } from './support/quiet-temporal.js';
import { testTemporal, type TestTemporal } from './support/temporal.js';
import {
  addGateways,
  profileOf,
  testRepositories,
  type TestRepositories,
  orderParts,
} from './support/test-repositories.js';

let temporal: TestTemporal;
let repositories: TestRepositories;
let leonore: InProcessLeonore;

beforeAll(async () => {
  quietTemporal();
  temporal = await testTemporal();
  repositories = await testRepositories();
  const { address, namespace, environment } = temporal;
  const client = environment.client.workflow;
  const blobRoot = await mkdtemp(join(tmpdir(), 'leonore-set-back-'));
  leonore = await inProcessLeonore(repositories, { address, namespace, client }, ['node-1'], blobRoot);
  const application = (name: string) => ({ name, version: '1.0.0', kind: 'application' }) as const;
  await leonore.builder.publish(application('quick'), { run: '#!/bin/sh\n' });
  await leonore.builder.publish(
    {
      ...application('slow'),
      variants: [{ size: 1, installedSize: 1, source: { directory: 'src', build: 'build.sh' } }],
    },
    { 'src/build.sh': 'sleep 15; echo >"$LEONORE_OUTPUT/run"\n' },
  );
}, 300_000);

afterAll(async () => {
  await leonore.stop();
  await temporal.stop();
  await repositories.close();
}, 300_000);

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition().catch(() => false))) await tick();
}

const order = { action: 'stop', artifact: 'quick', deadlineSeconds: 5, requestDigest: 'test' } as const;

test('what runs meets a database that has never heard of it', async () => {
  const { gateways } = leonore;
  const { rollouts, orders, deliveries } = repositories;
  const answering = await gateways.add('answering', ['answers', 'answers']);
  const known = await gateways.add('known', ['silent', 'silent']);
  const silent = await gateways.add('silent', ['silent']);
  const having = profileOf('ordered', { installed: [{ name: 'quick', version: '1.0.0' }] });
  await addGateways(repositories, [having]);
  const before = await leonore.ended(await leonore.request('quick', answering, 600));
  const goesOn = await leonore.request('quick', known, 600);
  await until(async () => (await rollouts.counts(goesOn)).offered === 2);
  const { url } = repositories.server;
  const copy = await copyDatabase(url);

  // All that will never have been: a rollout that ends, one at work on a package, one whose gateway is silent, an order.
  gateways.conduct(known, 'answers');
  await until(async () => (await rollouts.get(goesOn)).endedAt !== null);
  const waiting = await leonore.request('quick', silent, 600);
  await until(async () => (await rollouts.counts(waiting)).offered === 1);
  const forgotten = await orders.add({ ...order, idempotencyKey: null }, orderParts(['ordered']));
  const building = await leonore.request('slow', answering, 600);
  await until(async () => (await rollouts.steps(building)).some(({ step }) => step === 'v'));
  await restoreDatabase(url, copy);

  for (const id of [waiting, building]) {
    const handle = leonore.workflows.getHandle(workflowIds.rollout(id));
    await expect(handle.result()).rejects.toThrow(WorkflowFailedError);
    for (const part of [handle.workflowId, workflowIds.nodeShare(id, 'node-1', 1)]) {
      const history = await leonore.workflows.getHandle(part).fetchHistory();
      expect(JSON.stringify(history)).not.toMatch(/foreign key|violates|invocation/i);
    }
  }
  // What the database knows goes on, though its workflow had ended: the gateways say what they have done.
  expect(await leonore.ended(goesOn)).toMatchObject({ state: 'succeeded', failure: null });
  expect(await rollouts.events(goesOn)).toContainEqual(expect.objectContaining({ kind: 'mended' }));
  expect(await rollouts.get(before.id)).toMatchObject({ state: 'succeeded' });
  await until(async () => {
    const answers = await deliveries.poll([...answering, ...known, 'ordered']);
    return [...answers.values()].every(({ profileWanted }) => profileWanted);
  });
  const given = await orders.add({ ...order, idempotencyKey: null }, orderParts(['ordered']));
  expect(given.id).not.toBe(forgotten.id);
  // A report on the order that was forgotten is no report on the new one.
  const { results } = await deliveries.report([
    {
      gatewayId: 'ordered',
      delivery: { rolloutId: forgotten.id, ordinal: 0 },
      reports: [{ deliveryId: `${forgotten.id}.0`, sequence: 1, state: 'succeeded' }],
    },
  ]);
  expect(results).toEqual([{ outcomes: ['unknown'], state: null }]);
  await until(async () => (await orders.list({ orderId: given.id }, 1, null)).items[0]?.state === 'lost');
  await until(async () => (await repositories.database.rollout.count({ where: { endedAt: null } })) === 0);
  await expectInOrder(url);
}, 300_000);
