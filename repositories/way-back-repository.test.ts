import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
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
import { testValueKeys } from '../tests/support/test-value-keys.js';
import { goOnWayBack } from '../services/way-back.js';
import { placeOf } from './value-repository.js';

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

test('gateways that have moved out of the scope of who started it are left, with all that they have', async () => {
  const scope = 'labels.site == "own"';
  const site = (gatewayId: string, name: string) =>
    repositories.gateways.changeLabels(gatewayId, { set: { site: name }, unset: [] });
  const [staying = '', moved = ''] = ids;
  for (const gatewayId of [staying, moved]) await site(gatewayId, 'own');
  await install(repositories, ids, ['app@1.0.0']);
  id = await addCampaign(repositories, [[staying, moved]], undefined, [scope]);
  await act(repositories, id, { do: 'start-slice', phase: 0, most: null, deadlineSeconds: 60 });
  await endWork(repositories, id, ids, 'succeeded');
  await install(repositories, [staying, moved], ['app@2.0.0', 'extra@1.0.0']);
  await site(moved, 'of others');
  await act(repositories, id, rollBack);
  await goBack();
  expect(await repositories.wayBack.left(id, 10)).toEqual([
    { gatewayId: moved, because: 'it has moved out of the scope of who started the campaign' },
  ]);
  expect(await repositories.campaignFacts.wayBack(id)).toEqual({ open: 1 });
});

describe('values', () => {
  const at = (name: string) => `${name}-${ids[0] ?? ''}`;
  const change = (set: Record<string, string>, secret = false) => ({ set, secret, unset: [] });
  const own = async (gatewayId: string) =>
    (await repositories.values.list(gatewayId)).map(({ key, value, level }) => [key, value, level]);

  /** What was installed declares four values; gateways have some of them, each from another level. */
  beforeEach(async () => {
    const name = at('app');
    const keys = ['own', 'fleet', 'plain', 'secret'].map(at);
    await repositories.artifacts.add(
      {
        name,
        version: '1.0.0',
        kind: 'application',
        values: keys.map((key) => ({ key, default: 'default' })),
      },
      [],
    );
    await install(repositories, ids, [`${name}@1.0.0`]);
    const { values, sharedValues } = repositories;
    for (const id of ids) await values.change(id, change({ [at('own')]: `of ${id}` }), testValueKeys.sealer);
    await sharedValues.change(null, change({ [at('fleet')]: 'old' }), testValueKeys.sealer);
    await sharedValues.change(null, change({ [at('secret')]: 'hidden' }, true), testValueKeys.sealer);
    id = await addCampaign(repositories, [ids.slice(0, 2), ids.slice(2)]);
    await act(repositories, id, { do: 'start-slice', phase: 0, most: null, deadlineSeconds: 60 });
    await endWork(repositories, id, ids, 'succeeded');
    await install(repositories, ids.slice(0, 2), ['app@2.0.0']);
    // All of them are others when the campaign goes back.
    for (const id of ids)
      await values.change(id, change({ [at('own')]: 'new', [at('plain')]: 'new' }), testValueKeys.sealer);
    await sharedValues.change(null, change({ [at('fleet')]: 'new' }), testValueKeys.sealer);
    await sharedValues.change(null, change({ [at('secret')]: 'other' }, true), testValueKeys.sealer);
  });

  test('are those that a gateway had, before what was is delivered; others keep theirs', async () => {
    const [back = '', left = '', other = ''] = ids;
    await install(repositories, [left], ['app@3.0.0']);
    await act(repositories, id, rollBack);
    await goBack();
    await goBack();
    expect(await own(back)).toEqual([
      [at('fleet'), 'old', 'gateway'],
      [at('own'), `of ${back}`, 'gateway'],
      [at('secret'), null, 'gateway'],
    ]);
    const [row] = await repositories.database.$queryRaw<{ sealed: Uint8Array; shared: string }[]>`
      SELECT sealed, shared_id::text AS shared FROM leonore_nearest_value(${back}, ${at('secret')})`;
    const place = placeOf(back, at('secret'), row?.shared ?? null);
    expect(testValueKeys.opener.open(row?.sealed ?? Buffer.alloc(0), place)).toBe('hidden');
    for (const untouched of [left, other])
      expect(await own(untouched)).toEqual([
        [at('fleet'), 'new', 'fleet'],
        [at('own'), 'new', 'gateway'],
        [at('plain'), 'new', 'gateway'],
        [at('secret'), null, 'fleet'],
      ]);
    const events = (await repositories.campaigns.events(id)).filter(({ kind }) => kind === 'values-restored');
    expect(events).toMatchObject([{ who: null, detail: { phase: 0, gateways: 1 } }]);
  });

  test('are sealed anew with the others, and forgotten when the campaign has ended', async () => {
    const noted = () => repositories.database.notedValue.count({ where: { campaignId: id } });
    expect(await noted()).toBe(4);
    const sealed = await repositories.values.sealedOtherwise(Buffer.from('none'), 1_000);
    const mine = sealed.filter(({ key }) => key === at('secret'));
    expect(mine).toHaveLength(2);
    await repositories.values.replaceSealed(
      mine.map((one) => ({ ...one, before: one.sealed, now: Buffer.from('anew') })),
    );
    const rows = await repositories.database.notedValue.findMany({ where: { key: at('secret') } });
    expect(rows.map((row) => Buffer.from(row.sealed ?? []).toString())).toEqual(['anew']);
    await act(repositories, id, { do: 'end' }, { state: 'stopped' });
    expect(await noted()).toBe(0);
  });

  test('that a gateway has shadowed come back by taking its own away', async () => {
    const [back = ''] = ids;
    await repositories.sharedValues.change(
      null,
      { set: {}, secret: false, unset: [at('fleet')] },
      testValueKeys.sealer,
    );
    const again = await addCampaign(repositories, [ids.slice(2, 3)]);
    const [, , shadowed = ''] = ids;
    await act(repositories, again, { do: 'start-slice', phase: 0, most: null, deadlineSeconds: 60 });
    await endWork(repositories, again, [shadowed], 'succeeded');
    await repositories.values.change(
      shadowed,
      change({ [at('fleet')]: 'mine', [at('secret')]: 'mine' }),
      testValueKeys.sealer,
    );
    await install(repositories, [shadowed], ['app@2.0.0']);
    await act(repositories, again, rollBack);
    await goOnWayBack(repositories, await repositories.campaigns.get(again));
    const levels = new Map((await own(shadowed)).map(([key, value, level]) => [key, [value, level]]));
    expect(levels.get(at('secret'))).toEqual([null, 'fleet']);
    // It had the default, and has it again.
    expect(levels.has(at('fleet'))).toBe(false);
    expect(back).not.toBe(shadowed);
  });
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
