import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Report } from '../../domain/agent-protocol/messages.js';
import { formatDeliveryId } from '../../domain/delivery/delivery-id.js';
import {
  addGateways,
  addNode,
  addRollout,
  offerPackage,
  planOf,
  profileOf,
  testRepositories,
  type TestRepositories,
} from '../../tests/support/test-repositories.js';
import { storeReportsStatement } from './delivery-statements.js';

let repositories: TestRepositories;

beforeAll(async () => {
  repositories = await testRepositories();
  await addNode(repositories, 'node-1');
}, 60_000);

afterAll(() => repositories.close());

/** A rollout whose deliveries are offered: each gateway has a task. */
async function offered(count: number): Promise<{ rolloutId: string; ids: string[] }> {
  const ids = Array.from({ length: count }, () => `gw-${randomBytes(6).toString('hex')}`).sort();
  await addGateways(
    repositories,
    ids.map((id) => profileOf(id)),
  );
  const rolloutId = await addRollout(repositories, ['thermometer'], ids);
  await offerPackage(repositories, rolloutId, {
    plan: planOf(['thermometer@1.0.0'], ['old@1.0.0']),
    content: { digest: randomBytes(32).toString('hex'), sizeBytes: 10 },
  });
  return { rolloutId, ids };
}

function report(
  rolloutId: string,
  ordinal: number,
  sequence: number,
  state: Report['state'],
  more: Partial<Report> = {},
): Report {
  return { deliveryId: formatDeliveryId({ rolloutId, ordinal }), sequence, state, ...more };
}

test('a gateway that polls gets its task, and only its own', async () => {
  const { rolloutId, ids } = await offered(2);
  const answers = await repositories.deliveries.poll([ids[1] ?? '', 'nobody']);
  expect([...answers.keys()]).toEqual([ids[1]]);
  expect(answers.get(ids[1] ?? '')?.task).toMatchObject({
    deliveryId: `${rolloutId}.1`,
    remove: ['old@1.0.0'],
    lastSequence: 0,
  });
});

test('reports move a delivery to its end; the workflow is told once', async () => {
  const { rolloutId, ids } = await offered(2);
  const gatewayId = ids[0] ?? '';
  const first = await repositories.deliveries.report([
    {
      gatewayId,
      delivery: { rolloutId, ordinal: 0 },
      reports: [
        report(rolloutId, 0, 1, 'downloading'),
        report(rolloutId, 0, 2, 'installing'),
        report(rolloutId, 0, 3, 'succeeded', {
          installed: [{ name: 'thermometer', version: '1.0.0', requested: true }],
        }),
      ],
    },
  ]);
  expect(first.results).toEqual([{ outcomes: ['applied', 'applied', 'applied'], state: 'succeeded' }]);
  expect(first.acknowledgements).toEqual([{ rolloutId, chunk: 0, slots: [0], remaining: 1 }]);
  const again = await repositories.deliveries.report([
    { gatewayId, delivery: { rolloutId, ordinal: 0 }, reports: [report(rolloutId, 0, 3, 'succeeded')] },
  ]);
  expect(again).toEqual({ results: [{ outcomes: ['duplicate'], state: 'succeeded' }], acknowledgements: [] });
  expect((await repositories.gateways.get(gatewayId)).profile.installed).toEqual([
    { name: 'thermometer', version: '1.0.0', requested: true },
  ]);
  expect(await repositories.deliveries.history({ rolloutId, ordinal: 0 })).toMatchObject([
    { reports: [{ state: 'downloading' }, { state: 'installing' }, { state: 'succeeded', sequence: 3 }] },
  ]);
});

test('a report for the delivery of another gateway is unknown and changes nothing', async () => {
  const { rolloutId, ids } = await offered(2);
  const foreign = await repositories.deliveries.report([
    {
      gatewayId: ids[0] ?? '',
      delivery: { rolloutId, ordinal: 1 },
      reports: [report(rolloutId, 1, 1, 'succeeded')],
    },
    {
      gatewayId: ids[0] ?? '',
      delivery: { rolloutId: randomUUID(), ordinal: 0 },
      reports: [report(rolloutId, 0, 1, 'succeeded')],
    },
  ]);
  expect(foreign.results).toEqual([
    { outcomes: ['unknown'], state: null },
    { outcomes: ['unknown'], state: null },
  ]);
  expect(await repositories.rollouts.counts(rolloutId)).toMatchObject({ offered: 2, succeeded: 0 });
});

test('a delivery that was lost is corrected by late evidence, and nothing is offered any more', async () => {
  const { rolloutId, ids } = await offered(1);
  await repositories.chunks.lose(rolloutId, 0);
  expect((await repositories.deliveries.poll(ids)).get(ids[0] ?? '')?.task).toBeNull();
  const late = await repositories.deliveries.report([
    {
      gatewayId: ids[0] ?? '',
      delivery: { rolloutId, ordinal: 0 },
      reports: [report(rolloutId, 0, 1, 'installing'), report(rolloutId, 0, 2, 'succeeded')],
    },
  ]);
  expect(late.results).toEqual([{ outcomes: ['ended', 'applied'], state: 'succeeded' }]);
  expect(late.acknowledgements).toEqual([]);
  expect(await repositories.rollouts.counts(rolloutId)).toMatchObject({ lost: 0, succeeded: 1 });
});

test('a package may be downloaded only by a gateway whose unfinished delivery needs it', async () => {
  const { rolloutId, ids } = await offered(1);
  const gatewayId = ids[0] ?? '';
  const digest = (await repositories.deliveries.poll(ids)).get(gatewayId)?.task?.package.digest ?? '';
  const others = await offered(1);
  const pairs = [
    { gatewayId, digest },
    { gatewayId: others.ids[0] ?? '', digest },
    { gatewayId, digest: 'f'.repeat(64) },
  ];
  expect(await repositories.deliveries.mayDownload(pairs)).toEqual([true, false, false]);
  await repositories.provisioning.cancel(rolloutId);
  expect(await repositories.deliveries.mayDownload(pairs)).toEqual([false, false, false]);
});

test('the status of a chunk is told as ranges', async () => {
  const { rolloutId, ids } = await offered(6);
  const ended = [0, 1, 2, 4];
  await repositories.deliveries.report(
    ended.map((ordinal) => ({
      gatewayId: ids[ordinal] ?? '',
      delivery: { rolloutId, ordinal },
      reports: [report(rolloutId, ordinal, 1, 'failed')],
    })),
  );
  expect(await repositories.chunks.status(rolloutId, 0)).toMatchObject({
    ended: [
      [0, 2],
      [4, 4],
    ],
    remaining: 2,
    unreachedNodes: [],
  });
});

test('reports that meet a change by somebody else are judged anew', async () => {
  const { rolloutId, ids } = await offered(1);
  const [gatewayId = ''] = ids;
  const delivery = { rolloutId, ordinal: 0 };
  const entry = (state: Report['state'], sequence: number) => ({
    gatewayId,
    delivery,
    reports: [report(rolloutId, 0, sequence, state)],
  });
  // Many at once, through several connections: each is applied once, whatever the order.
  const states = ['downloading', 'installing', 'succeeded'] as const;
  const outcomes = await Promise.all(
    states.flatMap((state, index) => [
      repositories.deliveries.report([entry(state, index + 1)]),
      repositories.deliveries.report([entry(state, index + 1)]),
    ]),
  );
  const applied = outcomes.flatMap(({ results }) => results.flatMap((result) => result.outcomes));
  expect(applied.filter((outcome) => outcome === 'applied').length).toBeLessThanOrEqual(3);
  expect(outcomes.flatMap(({ acknowledgements }) => acknowledgements)).toHaveLength(1);
  expect(await repositories.rollouts.counts(rolloutId)).toMatchObject({ succeeded: 1 });
});

test('what was judged by an older number is not stored, though the state is the same still', async () => {
  const { rolloutId, ids } = await offered(1);
  const entry = (sequence: number) => ({
    gatewayId: ids[0] ?? '',
    delivery: { rolloutId, ordinal: 0 },
    reports: [report(rolloutId, 0, sequence, 'downloading')],
  });
  await repositories.deliveries.report([entry(2)]);
  // As judged before that: the state that is stored is the same as after a report of number 1.
  const store = (sequenceBefore: number) =>
    repositories.database.$prepared(storeReportsStatement, [
      ...[[rolloutId], [0], ['downloading'], [sequenceBefore], ['downloading']],
      ...[['installing'], [3], [null], ['[]'], [null], 'test'],
    ]);
  expect(await store(1)).toEqual([]);
  expect(await repositories.rollouts.counts(rolloutId)).toMatchObject({ downloading: 1, installing: 0 });
  expect(await store(2)).toHaveLength(1);
  expect(await repositories.rollouts.counts(rolloutId)).toMatchObject({ downloading: 0, installing: 1 });
});
