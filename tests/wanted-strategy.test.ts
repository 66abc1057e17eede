/**
 * Wanted states whose new versions go out by campaigns, on real PostgreSQL and Temporal: the keeper, the workflows and the steps
 * of the product, and gateways as small as can be.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { CampaignVerb } from '../domain/campaign/state.js';
import type { Strategy } from '../domain/campaign/strategy.js';
import type { StateKeeper } from '../workers/state-keeper.js';
import type { InProcessLeonore } from './support/in-process-leonore.js';
import type { InstallingGateways } from './support/installing-gateways.js';
import { quietTemporal } from './support/quiet-temporal.js';
import { testTemporal, type TestTemporal } from './support/temporal.js';
import { testRepositories, type TestRepositories } from './support/test-repositories.js';
import { wantedStack } from './support/wanted-bed.js';

let temporal: TestTemporal;
let repositories: TestRepositories;
let leonore: InProcessLeonore;
let gateways: InstallingGateways;
let keepers: StateKeeper[];
type Bed = Awaited<ReturnType<typeof wantedStack>>;
let bed: Bed;
let startKeeper: Bed['startKeeper'];
let site: Bed['site'];
let publish: Bed['publish'];
let want: Bed['want'];
let stand: Bed['stand'];
let until: Bed['until'];

beforeAll(async () => {
  quietTemporal();
  temporal = await testTemporal();
  repositories = await testRepositories();
  bed = await wantedStack(temporal, repositories);
  ({ leonore, gateways, startKeeper, site, publish, want, stand, until } = bed);
  // Two, as on two coordinators: what one starts, the other does not.
  keepers = [startKeeper(), startKeeper()];
}, 15 * 60_000);

afterAll(async () => {
  await Promise.all(keepers.map((keeper) => keeper.stop()));
  await bed.stop();
  await repositories.close();
  await temporal.stop();
}, 300_000);

const strategy: Strategy = {
  phases: [{ name: 'first', count: 1, gate: { approval: { role: 'operator' } } }],
};

/** A person's word on a campaign. */
async function say(campaignId: string, verb: CampaignVerb, phase?: number): Promise<void> {
  const wish = { verb, who: 'operator', why: null, ...(phase === undefined ? {} : { phase }) };
  await repositories.campaigns.wish(campaignId, wish, ({ state }) => ({ state }));
  await leonore.campaignClient.wake(campaignId);
}

/** The campaign that brings a version, once its first phase has ended. */
async function askingFor(id: string, version: string): Promise<string> {
  let campaignId = '';
  await until(async () => {
    const [newest] = await repositories.wantedCampaigns.list(id, 1);
    campaignId = newest?.id ?? '';
    return newest?.state === 'awaiting-approval' && newest.selected[0]?.endsWith(`@${version}`) === true;
  });
  return campaignId;
}

const having = async (ids: readonly string[], key: string): Promise<number> => {
  const installed = await Promise.all(ids.map((id) => gateways.installed(id)));
  return installed.filter((keys) => keys.includes(key)).length;
};

test('brings versions out through its phases, the first one too, and newcomers at once', async () => {
  const { name, ids } = await site(3);
  await publish(name, '1.0.0');
  const id = await want(name, '^1', { strategy });
  const first = await askingFor(id, '1.0.0');
  expect(await having(ids, `${name}@1.0.0`)).toBe(1);
  await stand(id, { held: 1, drifted: 2 });
  const { items } = await repositories.wantedStates.members(id, 'drifted', 10, null);
  expect(items[0]).toMatchObject({
    reason: `${name} is not installed; a campaign comes first`,
    dueAt: null,
  });
  await say(first, 'approve', 0);
  await stand(id, { held: 3 });
  expect(await repositories.wantedStates.rollouts(id, 10)).toEqual([]);

  await publish(name, '1.1.0');
  const second = await askingFor(id, '1.1.0');
  expect(await having(ids, `${name}@1.1.0`)).toBe(1);
  await gateways.add([`${name}-late`], { site: name });
  await stand(id, { held: 4 });
  // Until the newer one has gone through its phases, what has counts.
  expect(await gateways.installed(`${name}-late`)).toEqual([`${name}@1.0.0`]);
  await say(second, 'approve', 0);
  await until(async () => (await having([...ids, `${name}-late`], `${name}@1.1.0`)) === 4);
  await stand(id, { held: 4 });
  expect(await repositories.wantedStates.get(id)).toMatchObject({
    versions: [`${name}@1.1.0`],
    problem: null,
  });
});

test('leaves what a campaign did not bring to all, and goes on with the next version', async () => {
  const { name, ids } = await site(2);
  await publish(name, '1.0.0');
  const id = await want(name, '^1', { strategy: { phases: [] } });
  await stand(id, { held: 2 });
  await repositories.database.$executeRaw`
    UPDATE wanted_state SET strategy = ${JSON.stringify(strategy)}::jsonb WHERE id = ${id}::uuid`;
  await publish(name, '1.1.0');
  const stopped = await askingFor(id, '1.1.0');
  await say(stopped, 'stop');
  await until(async () => (await repositories.wantedStates.get(id)).problem !== null);
  expect(await repositories.wantedStates.get(id)).toMatchObject({
    versions: [`${name}@1.0.0`],
    problem: `campaign ${stopped} ended stopped: ${name}@1.1.0 goes to no other gateway`,
  });
  for (const keeper of keepers) await keeper.round();
  expect(await having(ids, `${name}@1.0.0`)).toBe(1);
  expect(await repositories.wantedCampaigns.list(id, 10)).toHaveLength(2);

  await publish(name, '1.2.0');
  const next = await askingFor(id, '1.2.0');
  await say(next, 'approve', 0);
  await until(async () => (await having(ids, `${name}@1.2.0`)) === 2);
  await stand(id, { held: 2 });
});

test('tells why it cannot bring a version out, and takes it at once where nobody would go first', async () => {
  const { name, ids } = await site(1);
  await publish(name, '1.0.0');
  const tooSmall = await want(name, '^1', { strategy: { phases: [{ count: 1 }, { count: 1 }] } });
  await until(async () => (await repositories.wantedStates.get(tooSmall)).problem !== null);
  expect((await repositories.wantedStates.get(tooSmall)).problem).toContain('"phase 2" gets no gateway');
  await repositories.wantedStates.end(tooSmall);

  await repositories.deployments.create(`${name}-new`, {
    gatewayIds: [],
    selector: `labels.site == "${name}" && labels.room == "new"`,
  });
  const id = await want(name, '^1', { deployment: `${name}-new`, strategy });
  await until(
    async () => !(await repositories.wantedStates.open()).some((one) => one.id === id && one.isHeldBack),
  );
  await repositories.gateways.changeLabels(ids[0] ?? '', { set: { room: 'new' }, unset: [] });
  await stand(id, { held: 1 });
  expect(await repositories.wantedCampaigns.list(id, 10)).toEqual([]);

  // What another would take back is not brought out.
  const other = await want(name, '~1.0');
  await publish(name, '1.1.0');
  await until(async () => (await repositories.wantedStates.get(id)).problem !== null);
  expect((await repositories.wantedStates.get(id)).problem).toBe(
    `${name}@1.1.0 is not in ${name}@~1.0, which wanted state ${other} asks for`,
  );
});
