import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { act, addCampaign, endWork, install } from '../tests/support/test-campaigns.js';
import {
  addGateways,
  addNode,
  addRollout,
  profileOf,
  testRepositories,
  type TestRepositories,
} from '../tests/support/test-repositories.js';
import { goOnWayBack } from '../services/way-back.js';

let repositories: TestRepositories;
let ids: string[];
let id: string;

beforeAll(async () => {
  repositories = await testRepositories();
  await addNode(repositories, 'node-1');
}, 60_000);

afterAll(() => repositories.close());

/** Two phases of three gateways, which had version 1; the first has got version 2. */
beforeEach(async () => {
  const prefix = randomBytes(4).toString('hex');
  ids = Array.from({ length: 6 }, (_none, index) => `${prefix}-${index}`);
  await addGateways(
    repositories,
    ids.map((gatewayId) => profileOf(gatewayId)),
  );
  await install(repositories, ids, ['app@1.0.0', 'old@1.0.0']);
  id = await addCampaign(repositories, [ids.slice(0, 3), ids.slice(3)]);
  await act(repositories, id, { do: 'start-slice', phase: 0, most: null, deadlineSeconds: 60 });
  await endWork(repositories, id, ids, 'succeeded');
  await install(repositories, ids.slice(0, 3), ['app@2.0.0']);
});

async function goBack(): Promise<void> {
  await goOnWayBack(repositories, await repositories.campaigns.get(id));
}

const rollBack = { do: 'roll-back', scope: 'all', deadlineSeconds: 60 } as const;

test('gateways get what they had, in one rollout for all that stand alike, and others are not touched', async () => {
  await act(repositories, id, rollBack);
  expect(await repositories.campaignFacts.wayBack(id)).toEqual({ open: 3 });
  await goBack();
  await goBack();
  const [, back, more] = await repositories.campaignWork.list(id, 10);
  expect(back).toMatchObject({ work: 'roll-back', requests: ['app@1.0.0', 'old@1.0.0'] });
  expect(more).toBeUndefined();
  expect((await repositories.rollouts.get(back?.id ?? '')).options).toMatchObject({
    allowRemove: true,
    allowDowngrade: true,
  });
  await endWork(repositories, id, ids, 'succeeded');
  expect(
    (await repositories.deliveryLists.ofRollout(back?.id ?? '', 10, null)).items.map((d) => d.gatewayId),
  ).toEqual(ids.slice(0, 3));
  await install(repositories, ids.slice(0, 3), ['app@1.0.0', 'old@1.0.0']);
  await goBack();
  expect(await repositories.campaignFacts.wayBack(id)).toEqual({ open: 0 });
  expect(await repositories.wayBack.left(id, 10)).toEqual([]);
});

test('what was not there before is uninstalled, by one order', async () => {
  await install(repositories, ids.slice(0, 3), ['app@1.0.0', 'old@1.0.0', 'extra@1.0.0']);
  await repositories.database.$executeRaw`
    UPDATE campaign SET selected = ARRAY['extra@1.0.0'] WHERE id = ${id}::uuid`;
  await act(repositories, id, rollBack);
  await goBack();
  await goBack();
  const work = await repositories.campaignWork.list(id, 10);
  expect(work.slice(1)).toMatchObject([{ action: 'uninstall', requests: ['extra'], work: 'roll-back' }]);
  expect(await repositories.orders.size(work[1]?.id ?? '')).toBe(3);
});

test('gateways that changed otherwise meanwhile are left and listed; those that are gone, too', async () => {
  const [byOther = '', byHand = '', gone = ''] = ids;
  await addRollout(repositories, ['app'], [byOther]);
  await install(repositories, [byHand], ['app@3.0.0']);
  await repositories.gateways.decommission(gone);
  await act(repositories, id, rollBack);
  await goBack();
  expect(await repositories.campaignFacts.wayBack(id)).toEqual({ open: 0 });
  expect(await repositories.wayBack.left(id, 10)).toEqual([
    { gatewayId: byOther, because: expect.stringContaining('other work') },
    { gatewayId: byHand, because: expect.stringContaining('not what the campaign brought') },
    { gatewayId: gone, because: expect.stringContaining('out of service') },
  ]);
  expect(await repositories.campaignWork.list(id, 10)).toHaveLength(1);
});

test('of one phase, the others keep what they have', async () => {
  await act(repositories, id, { do: 'start-slice', phase: 1, most: null, deadlineSeconds: 60 });
  await endWork(repositories, id, ids.slice(3), 'succeeded');
  await install(repositories, ids.slice(3), ['app@2.0.0']);
  await act(repositories, id, { ...rollBack, scope: { phase: 1 } });
  await goBack();
  expect(await repositories.campaignFacts.wayBack(id)).toEqual({ open: 3 });
  const back = (await repositories.campaignWork.list(id, 10)).filter(({ work }) => work === 'roll-back');
  expect(back).toMatchObject([{ phase: 1 }]);
});

test('a gateway whose work has not ended goes back when it has', async () => {
  await act(repositories, id, { do: 'start-slice', phase: 1, most: null, deadlineSeconds: 60 });
  await act(repositories, id, { ...rollBack, scope: { phase: 1 } });
  await goBack();
  expect(await repositories.campaignFacts.wayBack(id)).toEqual({ open: 3 });
  await endWork(repositories, id, ids.slice(3), 'failed');
  await goBack();
  expect(await repositories.campaignFacts.wayBack(id)).toEqual({ open: 0 });
});
