import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { act, addCampaign, endWork, install } from '../tests/support/test-campaigns.js';
import {
  addGateways,
  addNode,
  profileOf,
  testRepositories,
  type TestRepositories,
} from '../tests/support/test-repositories.js';
import { readCampaignFacts } from '../services/campaign-facts.js';

let repositories: TestRepositories;
/** Gateways of one test. */
let ids: string[];

beforeAll(async () => {
  repositories = await testRepositories();
  await addNode(repositories, 'node-1');
}, 60_000);

afterAll(() => repositories.close());

beforeEach(async () => {
  const prefix = randomBytes(4).toString('hex');
  ids = Array.from({ length: 6 }, (_none, index) => `${prefix}-${index}`);
  await addGateways(
    repositories,
    ids.map((id, index) => profileOf(id, { labels: { site: index < 4 ? 'thin' : 'wide' } })),
  );
  await install(repositories, ids, ['app@1.0.0']);
});

const slice = (phase: number, most: number | null = null) =>
  ({ do: 'start-slice', phase, most, deadlineSeconds: 60 }) as const;

async function factsOf(id: string) {
  return readCampaignFacts(repositories, await repositories.campaigns.get(id), { ask: false });
}

async function workOf(id: string, number: number) {
  const work = (await repositories.campaignWork.list(id, 10))[number];
  if (work === undefined) throw new Error('there is no such work');
  const rollout = await repositories.rollouts.get(work.id);
  await repositories.members.addDeliveries(work.id, await repositories.rollouts.target(work.id));
  const { items } = await repositories.deliveryLists.ofRollout(work.id, 100, null);
  return { ...work, options: rollout.options, gateways: items.map(({ gatewayId }) => gatewayId) };
}

test('members are chosen once', async () => {
  const id = await addCampaign(repositories, [ids.slice(0, 1), ids.slice(1)]);
  await repositories.campaignWork.chooseMembers(id, [{ name: 'other', gatewayIds: ids }]);
  const { phases } = await factsOf(id);
  expect(phases.map(({ name, notBegun }) => [name, notBegun])).toEqual([
    ['phase 0', 1],
    ['phase 1', 5],
  ]);
});

test('a slice is given to as many as it says, in their order, and each once', async () => {
  const id = await addCampaign(repositories, [ids]);
  await act(repositories, id, slice(0, 2));
  await act(repositories, id, slice(0, 3));
  expect((await workOf(id, 0)).gateways).toEqual(ids.slice(0, 2));
  expect(await workOf(id, 1)).toMatchObject({
    gateways: ids.slice(2, 5),
    requests: ['app@2.0.0'],
    work: 'phase',
    options: { deadlineSeconds: 60 },
  });
  const [phase] = (await factsOf(id)).phases;
  expect(phase).toMatchObject({ notBegun: 1, startable: 1, open: 5, withdrawable: 5, succeeded: 0, left: 0 });
  expect(phase?.startedAtMs).not.toBeNull();
});

test('where downloads are limited by a label, as many of each value are at work as it lets', async () => {
  const speed = { downloadsByLabel: { label: 'site', most: 1 } };
  const id = await addCampaign(repositories, [ids], { phases: [], speed });
  expect((await factsOf(id)).phases[0]).toMatchObject({ notBegun: 6, startable: 2 });
  await act(repositories, id, slice(0));
  expect((await workOf(id, 0)).gateways).toEqual([ids[0], ids[4]]);
  expect((await factsOf(id)).phases[0]).toMatchObject({ notBegun: 4, startable: 0 });
  await endWork(repositories, id, [ids[4] ?? ''], 'succeeded');
  expect((await factsOf(id)).phases[0]?.startable).toBe(1);
});

test('a decision that was taken before somebody wished something is not carried out', async () => {
  const { campaigns, campaignWork } = repositories;
  const id = await addCampaign(repositories, [ids]);
  const said = { who: 'operator test', why: 'it rains' };
  await campaigns.wish(id, { verb: 'pause', ...said }, () => ({ state: 'paused' }));
  expect(await act(repositories, id, slice(0), { wishes: 0 })).toBe(false);
  expect(await campaignWork.list(id, 10)).toEqual([]);
  expect(await campaigns.get(id)).toMatchObject({ state: 'paused', status: { wishes: 0 } });
  expect(await campaigns.wishes(id)).toMatchObject([
    { ordinal: 1, verb: 'pause', by: 'operator test: it rains' },
  ]);
});

test('gateways that are taken out of service are out of the account, whether their phase has begun or not', async () => {
  const id = await addCampaign(repositories, [ids.slice(0, 3), ids.slice(3)]);
  await act(repositories, id, slice(0));
  await workOf(id, 0);
  await repositories.gateways.decommission(ids[0] ?? '');
  await repositories.gateways.decommission(ids[5] ?? '');
  const { phases } = await factsOf(id);
  expect(phases[0]).toMatchObject({ open: 2, left: 1, failed: [] });
  expect(phases[1]).toMatchObject({ notBegun: 2, startable: 2, left: 1 });
});

describe('a member that changes in mid-campaign', () => {
  const network = { class: 'network', step: 'download', message: '' };
  const again = { do: 'retry-failed', endedByMs: Number.MAX_SAFE_INTEGER, deadlineSeconds: 30 } as const;
  /** Of all that failed, as somebody asks for it. */
  async function retryFailed(id: string): Promise<void> {
    const standings = await repositories.campaignFacts.standings(await repositories.campaigns.get(id));
    const ends = standings.filter(({ state }) => state === 'failed');
    const { status } = await repositories.campaigns.get(id);
    await repositories.campaignWork.carryOut(id, { action: again, status }, { ends });
  }
  const relabel = (gatewayId: string, site: string) =>
    repositories.gateways.changeLabels(gatewayId, { set: { site }, unset: [] });

  test('by leaving what selected it stays a member: it is given its work, and what failed is tried again', async () => {
    const [begun = '', idle = ''] = ids;
    const id = await addCampaign(repositories, [[begun], [idle]]);
    await act(repositories, id, slice(0));
    await workOf(id, 0);
    await endWork(repositories, id, [begun], 'failed', network);
    for (const gatewayId of [begun, idle]) await relabel(gatewayId, 'elsewhere');
    await retryFailed(id);
    expect(await workOf(id, 1)).toMatchObject({ work: 'retry', gateways: [begun] });
    await act(repositories, id, slice(1));
    expect(await workOf(id, 2)).toMatchObject({ work: 'phase', gateways: [idle] });
  });

  test('by moving out of the scope of who started it is out: nothing is tried again, and what succeeded stays so', async () => {
    const [failed = '', staying = '', good = '', open = ''] = ids;
    const all = [failed, staying, good, open];
    for (const gatewayId of all) await relabel(gatewayId, 'own');
    const id = await addCampaign(repositories, [all], undefined, ['labels.site == "own"']);
    await act(repositories, id, slice(0));
    await workOf(id, 0);
    await endWork(repositories, id, [failed, staying], 'failed', network);
    await endWork(repositories, id, [good], 'succeeded');
    for (const gatewayId of [failed, good, open]) await relabel(gatewayId, 'of others');
    const [phase] = (await factsOf(id)).phases;
    expect(phase).toMatchObject({ succeeded: 1, open: 1, left: 1, failed: [{ members: 1 }] });
    await retryFailed(id);
    expect(await workOf(id, 1)).toMatchObject({ work: 'retry', gateways: [staying] });
    // All that could be tried again is under way: nothing of it is asked for anew.
    expect((await factsOf(id)).phases[0]?.failed).toEqual([]);
  });

  test('by moving to another node is served there', async () => {
    const [moved = ''] = ids;
    const id = await addCampaign(repositories, [[moved]]);
    await act(repositories, id, slice(0));
    await workOf(id, 0);
    await endWork(repositories, id, [moved], 'lost');
    await addNode(repositories, 'node-2');
    await repositories.database.$executeRaw`UPDATE gateway SET node_id = 'node-2' WHERE id = ${moved}`;
    expect((await factsOf(id)).phases[0]).toMatchObject({ left: 0, failed: [{ errorClass: 'lost' }] });
    const standings = await repositories.campaignFacts.standings(await repositories.campaigns.get(id));
    const { status } = await repositories.campaigns.get(id);
    await repositories.campaignWork.carryOut(id, { action: again, status }, { ends: standings });
    const { id: retry } = await workOf(id, 1);
    const { items } = await repositories.deliveryLists.ofRollout(retry, 1, null);
    expect(items).toMatchObject([{ gatewayId: moved, nodeId: 'node-2' }]);
  });

  test('by newer work for the same artifact is out: its own is superseded, and is not tried again', async () => {
    const id = await addCampaign(repositories, [ids.slice(0, 2)]);
    await act(repositories, id, slice(0));
    await workOf(id, 0);
    await endWork(repositories, id, ids.slice(0, 1), 'superseded', { code: 'SUPERSEDED' });
    expect((await factsOf(id)).phases[0]).toMatchObject({ open: 1, left: 1, failed: [] });
    await retryFailed(id);
    expect(await repositories.campaignWork.list(id, 10)).toHaveLength(1);
  });
});

describe('retries', () => {
  test('are for those that failed so, after as many deliveries', async () => {
    const id = await addCampaign(repositories, [ids]);
    await act(repositories, id, slice(0));
    await workOf(id, 0);
    await endWork(repositories, id, ids.slice(0, 2), 'failed', {
      class: 'network',
      step: 'download',
      message: '',
    });
    await endWork(repositories, id, ids.slice(2, 3), 'lost');
    await endWork(repositories, id, ids.slice(3, 4), 'failed', {
      class: 'health',
      step: 'check',
      message: '',
    });
    await endWork(repositories, id, ids.slice(4), 'succeeded');
    const { phases, nowMs } = await factsOf(id);
    expect(
      phases[0]?.failed.map(({ errorClass, attempts, members }) => [errorClass, attempts, members]).sort(),
    ).toEqual([
      ['health', 1, 1],
      ['lost', 1, 1],
      ['network', 1, 2],
    ]);
    const ends = [{ phase: 0, state: 'failed', failureClass: 'network', code: null, attempts: 1 }];
    const wishes = 0;
    const action = {
      do: 'start-retry',
      phase: 0,
      errorClass: 'network',
      attempts: 1,
      endedByMs: nowMs + 1_000,
      deadlineSeconds: 30,
    } as const;
    const campaign = await repositories.campaigns.get(id);
    for (let time = 0; time < 2; time += 1)
      await repositories.campaignWork.carryOut(
        id,
        { action, status: { ...campaign.status, wishes } },
        { ends },
      );
    expect(await repositories.campaignWork.list(id, 10)).toHaveLength(2);
    expect(await workOf(id, 1)).toMatchObject({ work: 'retry', gateways: ids.slice(0, 2) });
    expect((await factsOf(id)).phases[0]).toMatchObject({ open: 2, succeeded: 2 });
  });
});
