import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { stateChangedStep, type Report } from '../../domain/agent-protocol/messages.js';
import { formatDeliveryId } from '../../domain/delivery/delivery-id.js';
import { limits } from '../../domain/limits.js';
import { expectNumbersRight } from '../../tests/support/delivery-numbers.js';
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
import type { GatewayReports } from './delivery-repository.js';

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
  expect(first.acknowledgements).toEqual([{ rolloutId, chunk: 0, slots: [0], remaining: 1, refused: false }]);
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
  const entry = {
    gatewayId: ids[0] ?? '',
    delivery: { rolloutId, ordinal: 0 },
    reports: [report(rolloutId, 0, 2, 'downloading')],
  };
  await repositories.deliveries.report([entry]);
  // As judged before that: the state that is stored is the same as after a report of number 1.
  const store = (sequenceBefore: number) =>
    repositories.database.$prepared(storeReportsStatement, [
      ...[[rolloutId], [0], ['downloading'], [sequenceBefore], ['downloading']],
      ...[['installing'], [3], [null], ['[]'], [null], [null], [false], 'test'],
    ]);
  expect(await store(1)).toEqual([]);
  expect(await repositories.rollouts.counts(rolloutId)).toMatchObject({ downloading: 1, installing: 0 });
  expect(await store(2)).toHaveLength(1);
  expect(await repositories.rollouts.counts(rolloutId)).toMatchObject({ downloading: 0, installing: 1 });
});

const stateChanged = {
  class: 'state',
  step: stateChangedStep,
  message: 'the gateway is in another state',
} as const;

/** A refusal of what was planned for another state. */
function refusal(
  rolloutId: string,
  attempt: number,
  sequence: number,
): GatewayReports['delivery'] & { report: Report } {
  const delivery = { rolloutId, ordinal: 0, ...(attempt === 0 ? {} : { attempt }) };
  return {
    ...delivery,
    report: {
      deliveryId: formatDeliveryId(delivery),
      sequence,
      state: 'failed',
      error: stateChanged,
      stateDigest: `state-${sequence}`,
      installed: [{ name: 'lib', version: '1.0.0', requested: false }],
    },
  };
}

async function refuse(gatewayId: string, rolloutId: string, attempt: number, sequence: number) {
  const { report: told, ...delivery } = refusal(rolloutId, attempt, sequence);
  return repositories.deliveries.report([{ gatewayId, delivery, reports: [told] }]);
}

test('what a gateway refuses as planned for another state waits for another plan, under another id', async () => {
  const { rolloutId, ids } = await offered(2);
  const gatewayId = ids[0] ?? '';
  const state = {
    isolation: 'none' as const,
    limits: false,
    digest: 'before',
    applications: [],
    damaged: [],
  };
  await repositories.gateways.updateProfile(profileOf(gatewayId, { state }));
  const before = await repositories.rollouts.counts(rolloutId);
  expect(await refuse(gatewayId, rolloutId, 0, 3)).toEqual({
    results: [{ outcomes: ['applied'], state: 'offered' }],
    acknowledgements: [{ rolloutId, chunk: 0, slots: [], remaining: null, refused: true }],
  });
  expect(await repositories.rollouts.counts(rolloutId)).toEqual(before);
  await expectNumbersRight(repositories.database, rolloutId);
  // Nothing is offered, nor anything that was asked for later, until it is planned anew.
  const later = await addRollout(repositories, ['thermometer'], [gatewayId]);
  await offerPackage(repositories, later, {
    plan: planOf(['thermometer@1.0.0']),
    content: { digest: randomBytes(32).toString('hex'), sizeBytes: 10 },
  });
  expect((await repositories.deliveries.poll([gatewayId])).get(gatewayId)?.task).toBeNull();
  const { profile } = await repositories.gateways.get(gatewayId);
  expect(profile).toMatchObject({ installed: [{ name: 'lib' }], state: { digest: 'state-3' } });
  expect(await repositories.chunks.status(rolloutId, 0)).toMatchObject({
    refusedNodes: ['node-1'],
    remaining: 2,
  });
  // The refusal again, or anything else under the old id, changes nothing.
  expect(await refuse(gatewayId, rolloutId, 0, 3)).toMatchObject({ results: [{ outcomes: ['ended'] }] });
  expect(await refuse(gatewayId, rolloutId, 0, 9)).toMatchObject({ results: [{ outcomes: ['ended'] }] });

  const [row] = await repositories.database.$queryRaw<{ id: string; package_id: string }[]>`
    SELECT id::text, package_id FROM rollout_group WHERE rollout_id = ${rolloutId}::uuid`;
  await repositories.replanning.offer(
    {
      rolloutId,
      nodeId: 'node-1',
      plans: [planOf(['thermometer@1.0.0'], ['lib@1.0.0'])],
      attempts: [],
      members: [{ ordinal: 0, startState: 'state-3' }],
    },
    {
      planIndex: 0,
      packageId: row?.package_id ?? '',
      requires: [{ artifact: 'thermometer', name: 'lib', range: '^2' }],
    },
  );
  expect((await repositories.deliveries.poll([gatewayId])).get(gatewayId)?.task).toMatchObject({
    deliveryId: `${rolloutId}.0.1`,
    startState: 'state-3',
    remove: ['lib@1.0.0'],
    requires: [{ artifact: 'thermometer', name: 'lib', range: '^2' }],
    lastSequence: 3,
  });
  expect((await repositories.chunks.status(rolloutId, 0)).refusedNodes).toEqual([]);
  await expectNumbersRight(repositories.database, rolloutId);
});

test('a plan that is refused again and again has failed', async () => {
  const { rolloutId, ids } = await offered(1);
  const gatewayId = ids[0] ?? '';
  for (let attempt = 0; attempt < limits.plansAnew; attempt += 1) {
    expect(await refuse(gatewayId, rolloutId, attempt, attempt + 1)).toMatchObject({
      results: [{ state: 'offered' }],
    });
  }
  expect(await refuse(gatewayId, rolloutId, limits.plansAnew, 20)).toMatchObject({
    results: [{ outcomes: ['applied'], state: 'failed' }],
    acknowledgements: [{ remaining: 0, refused: false }],
  });
  await expectNumbersRight(repositories.database, rolloutId);
});

test.each(['incompatible', 'satisfied', 'failed'] as const)(
  'what was refused ends as %s when that comes of planning anew',
  async (how) => {
    const { rolloutId, ids } = await offered(1);
    await refuse(ids[0] ?? '', rolloutId, 0, 1);
    const group = {
      rolloutId,
      nodeId: 'node-1',
      plans: how === 'incompatible' ? [] : [planOf()],
      attempts: [],
      members: [{ ordinal: 0, startState: null }],
    };
    if (how === 'incompatible') await repositories.replanning.incompatible(group, 'lib is too new');
    if (how === 'satisfied') await repositories.replanning.satisfied(group, 0);
    if (how === 'failed')
      await repositories.replanning.failed(group, { code: 'BUILD_FAILED', message: 'it does not build' });
    const { items } = await repositories.deliveryLists.ofRollout(rolloutId, 10, null);
    expect(items).toMatchObject([
      {
        incompatible: { state: 'incompatible', explanation: 'lib is too new' },
        satisfied: { state: 'succeeded' },
        failed: { state: 'failed', error: { code: 'BUILD_FAILED' } },
      }[how],
    ]);
    expect((await repositories.chunks.status(rolloutId, 0)).remaining).toBe(0);
    await expectNumbersRight(repositories.database, rolloutId);
  },
);

test('a task names the state that it was planned for, as long as the gateway names one', async () => {
  const prefix = `gw-state-${randomBytes(4).toString('hex')}`;
  const ids = [0, 1, 2].map((place) => `${prefix}-${place}`);
  await addGateways(
    repositories,
    ids.map((id) => profileOf(id)),
  );
  const rolloutId = await addRollout(repositories, ['thermometer'], ids);
  await repositories.provisioning.saveGroups(rolloutId, 'node-1', [
    {
      plans: [planOf(['thermometer@1.0.0'])],
      explanation: null,
      failure: null,
      ordinals: [2, 0, 1],
      startStates: ['c', 'a', null],
    },
  ]);
  const [group] = await repositories.provisioning.buildableGroups(rolloutId, 'node-1');
  const digest = randomBytes(32).toString('hex');
  await repositories.packages.add({
    id: digest,
    recipe: digest,
    archiveDigest: digest,
    sizeBytes: 1,
    installedBytes: 1,
    artifacts: [],
    declaredValues: [],
    log: '',
    builtBy: 'node-1',
  });
  await repositories.provisioning.groupBuilt(group?.id ?? '', 0, digest, []);
  await repositories.chunks.form(rolloutId, 'node-1');
  await repositories.chunks.offer(rolloutId, 0, 'node-1', 60);
  const answers = await repositories.deliveries.poll(ids);
  expect(ids.map((id) => answers.get(id)?.task?.startState)).toEqual(['a', undefined, 'c']);
});

test('what a gateway has not begun is planned anew when it reports other facts, and not when only measures change', async () => {
  const { rolloutId, ids } = await offered(2);
  const [gatewayId = '', other = ''] = ids;
  const { hardware, software } = profileOf(gatewayId);
  const reported = (changes: Parameters<typeof profileOf>[1]) =>
    repositories.gateways.updateProfile(profileOf(gatewayId, changes));
  expect(await reported({ hardware: { ...hardware, diskFree: 1, memoryFree: 1, load: 3 } })).toEqual([]);
  expect(await reported({ installed: [{ name: 'lib', version: '1.0.0' }] })).toEqual([]);
  const changed = { software: { ...software, kernel: '9.9.9' } };
  expect(await reported(changed)).toEqual([
    { rolloutId, chunk: 0, slots: [], remaining: null, refused: true },
  ]);
  expect(await reported(changed)).toEqual([]);
  const polls = await repositories.deliveries.poll([gatewayId, other]);
  expect([polls.get(gatewayId)?.task, polls.get(other)?.task?.deliveryId]).toEqual([null, `${rolloutId}.1`]);
  expect((await repositories.chunks.status(rolloutId, 0)).refusedNodes).toEqual(['node-1']);
  await expectNumbersRight(repositories.database, rolloutId);
  // What it took before has ended for it; what it has begun goes on whatever it reports.
  const { results } = await repositories.deliveries.report([
    {
      gatewayId,
      delivery: { rolloutId, ordinal: 0 },
      reports: [{ deliveryId: '', sequence: 9, state: 'succeeded' }],
    },
    {
      gatewayId: other,
      delivery: { rolloutId, ordinal: 1 },
      reports: [{ deliveryId: '', sequence: 1, state: 'downloading' }],
    },
  ]);
  expect(results.map(({ outcomes }) => outcomes)).toEqual([['ended'], ['applied']]);
  expect(await repositories.gateways.updateProfile(profileOf(other, changed))).toEqual([]);
});
