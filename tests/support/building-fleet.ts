/** A fleet of two buildings: what a team of one must not find, by any route, has {@link outsider} in its name. */
import { randomUUID } from 'node:crypto';
import type { Grant } from '../../domain/access/grant.js';
import type { Strategy } from '../../domain/campaign/strategy.js';
import { issueManagementToken } from '../../api/management-token.js';
import { toldEventTypes } from '../../domain/webhook/event-types.js';
import { inTransaction } from '../../repositories/database.js';
import { addGateways, addNode, profileOf, orderParts, type TestRepositories } from './test-repositories.js';
import { testValueKeys } from './test-value-keys.js';

/** In every text of the other building. */
export const outsider = 'zzoutsider';

export const ownBuilding = 'labels.building == "b1"';

export interface BuildingFleet {
  /** Gateways of the own building. */
  readonly inside: readonly [string, string];
  readonly outside: string;
  /** Of a third building, until a test has it moved. */
  readonly mover: string;
  /** Whatever may be named in an address and has to do with the other building. */
  readonly outsideIds: readonly string[];
  readonly ownRollout: string;
  readonly foreignRollout: string;
  readonly mixedRollout: string;
  readonly mixedOrder: string;
  /** To the gateways of the own building; the others are to be seen by the whole fleet's people alone. */
  readonly ownCampaign: string;
  readonly foreignCampaign: string;
  readonly mixedCampaign: string;
  readonly foreignWanted: string;
}

/** Makes a token as an admin would. @returns what is sent as bearer token */
export async function addToken(
  { database, tokens }: TestRepositories,
  grants: readonly Grant[],
  { name = `t-${randomUUID()}`, expiresInSeconds = null as number | null } = {},
): Promise<string> {
  const { id, token, hash } = issueManagementToken('lmt');
  await database.$transaction((tx) =>
    tokens.createIn(tx, { id, name, tokenHash: hash, grants, createdBy: 'test', expiresInSeconds }),
  );
  return token;
}

export async function buildingFleet(repositories: TestRepositories): Promise<BuildingFleet> {
  await addNode(repositories, 'node-1');
  const inside = ['gw-b1-1', 'gw-b1-2'] as const;
  const outside = `gw-${outsider}`;
  const mover = 'gw-mover';
  const installed = [{ name: 'app', version: '1.0.0' }];
  await addGateways(repositories, [
    ...inside.map((id) => profileOf(id, { installed })),
    profileOf(mover),
    // What a device says of itself gives it to nobody.
    profileOf(outside, { name: outsider, installed, labels: { building: 'b1', room: outsider } }),
  ]);
  for (const id of inside) await label(repositories, id, 'b1');
  await label(repositories, outside, 'b3');
  await label(repositories, mover, 'b2');
  await repositories.artifacts.add({ name: 'app', version: '1.0.0', kind: 'application' }, []);
  const value = { set: { [outsider.toUpperCase()]: outsider }, secret: false, unset: [] };
  await repositories.values.change(outside, value, testValueKeys.sealer);
  await repositories.contests.note([
    { gatewayId: outside, reason: 'key', key: outsider, address: '10.9.9.9' },
  ]);

  const [own, other] = [repositories.within([ownBuilding]), repositories.within(['labels.building == "b3"'])];
  await own.deployments.create('own', { gatewayIds: [], selector: 'hardware.arch' });
  await other.deployments.create(outsider, { gatewayIds: [outside], selector: null });
  await repositories.deployments.create(`all-${outsider}`, { gatewayIds: [], selector: 'hardware.arch' });
  const ownRollout = await addRollout(own, { select: 'hardware.arch' });
  const foreignRollout = await addRollout(other, { gateways: [outside] });
  const mixedRollout = await addRollout(repositories, { gateways: [inside[0], outside] });
  const order = {
    action: 'stop',
    artifact: 'app',
    deadlineSeconds: 60,
    idempotencyKey: null,
    requestDigest: outsider,
  } as const;
  const foreignOrder = await other.orders.add(order, orderParts([outside]));
  const mixedOrder = await repositories.orders.add(order, orderParts([inside[1], outside]));
  const ownCampaign = await addCampaign(own, repositories, inside);
  const foreignCampaign = await addCampaign(other, repositories, [outside]);
  const mixedCampaign = await addCampaign(repositories, repositories, [inside[0], outside]);
  const foreignWanted = await repositories.wantedStates.create({
    requests: ['app'],
    deployment: `all-${outsider}`,
    automatic: false,
    strategy: null,
    deadlineSeconds: 60,
    versions: ['app@1.0.0'],
    catalogChanges: 0n,
  });
  await addWebhook(other, repositories, outsider);
  await addWebhook(repositories, repositories, `all-${outsider}`);
  const outsideIds = [
    outside,
    outsider,
    `all-${outsider}`,
    foreignRollout,
    mixedRollout,
    foreignOrder.id,
    mixedOrder.id,
    foreignCampaign,
    mixedCampaign,
    foreignWanted,
  ];
  return {
    inside,
    outside,
    mover,
    outsideIds,
    ownRollout,
    foreignRollout,
    mixedRollout,
    mixedOrder: mixedOrder.id,
    ownCampaign,
    foreignCampaign,
    mixedCampaign,
    foreignWanted,
  };
}

/** Told of whatever its maker sees. */
async function addWebhook(
  { webhooks }: Pick<TestRepositories, 'webhooks'>,
  { database }: TestRepositories,
  name: string,
): Promise<void> {
  const webhook = { id: randomUUID(), name, url: `https://203.0.113.5/${name}`, events: toldEventTypes };
  await inTransaction(database, (tx) =>
    webhooks.createIn(tx, { ...webhook, secret: Buffer.from('x'), createdBy: outsider }),
  );
}

async function addCampaign(
  { campaigns }: Pick<TestRepositories, 'campaigns'>,
  { campaignWork, database }: TestRepositories,
  gateways: readonly string[],
): Promise<string> {
  const id = randomUUID();
  const strategy: Strategy = { phases: [{ count: 1, gate: { approval: { role: 'operator' } } }] };
  const asked = {
    id,
    requests: ['app'],
    selected: ['app@1.0.0'],
    target: { gateways },
    strategy,
    options: { deadlineSeconds: 60 },
  };
  await inTransaction(database, (tx) => campaigns.create(asked, { who: 'test', why: null }, tx));
  await campaignWork.chooseMembers(id, [{ name: 'all', gatewayIds: gateways }]);
  return id;
}

async function label(
  { gateways }: Pick<TestRepositories, 'gateways'>,
  id: string,
  building: string,
): Promise<void> {
  await gateways.changeLabels(id, { set: { building }, unset: [] });
}

async function addRollout(
  { rollouts, members }: Pick<TestRepositories, 'rollouts' | 'members'>,
  target: { gateways: string[] } | { select: string },
): Promise<string> {
  const { id } = await rollouts.create({
    requests: ['app'],
    target,
    options: { deadlineSeconds: 3_600 },
    idempotencyKey: null,
    requestDigest: 'test',
    createdBy: 'test',
  });
  await members.addDeliveries(id, target);
  return id;
}
