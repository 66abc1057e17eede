/** Campaigns and wanted states of who has a role within a scope: begun, seen and steered there, and nowhere else. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Grant } from '../domain/access/grant.js';
import { newCampaignStatus } from '../domain/campaign/facts.js';
import { inTransaction } from '../repositories/database.js';
import { chooseMembers } from '../services/choose-members.js';
import {
  addToken,
  buildingFleet,
  outsider,
  ownBuilding,
  type BuildingFleet,
} from '../tests/support/building-fleet.js';
import { apiCaller, type Method } from '../tests/support/call-api.js';
import { testApi, type TestApi } from '../tests/support/test-api.js';

let api: TestApi;
let fleet: BuildingFleet;
let admin: string;

beforeAll(async () => {
  api = await testApi('127.0.0.1:9');
  fleet = await buildingFleet(api.repositories);
  admin = await addToken(api.repositories, [{ role: 'admin', scope: ownBuilding }]);
}, 60_000);

afterAll(() => api.close());

const call = apiCaller(() => api.address);

async function ask(token: string, method: Method, path: string, body?: unknown) {
  return call(method, path, body, { authorization: `Bearer ${token}` });
}

const campaigns = '/api/v1/campaigns';
const wantedStates = '/api/v1/wanted-states';

test('of the own gateways alone are listed, shown and steered', async () => {
  const { body } = await ask(admin, 'GET', campaigns);
  expect((body['items'] as { id: string }[]).map(({ id }) => id)).toEqual([fleet.ownCampaign]);
  const path = `${campaigns}/${fleet.ownCampaign}`;
  expect((await ask(admin, 'GET', path)).body).toMatchObject({ phases: [{ gateways: 2 }] });
  expect(await ask(admin, 'POST', `${path}/pause`, {})).toMatchObject({
    status: 202,
    body: { state: 'paused' },
  });
  for (const id of [fleet.foreignCampaign, fleet.mixedCampaign])
    expect(await ask(admin, 'POST', `${campaigns}/${id}/pause`, {})).toMatchObject({
      status: 404,
      body: { code: 'CAMPAIGN_NOT_FOUND' },
    });
  const viewer = await addToken(api.repositories, [{ role: 'viewer', scope: ownBuilding }]);
  expect((await ask(viewer, 'POST', `${path}/resume`, {})).status).toBe(403);
});

test('are approved by who has the role for all gateways of the campaign', async () => {
  const approve = async (grants: Grant[], id: string) =>
    ask(await addToken(api.repositories, grants), 'POST', `${campaigns}/${id}/approve`, { phase: 1 });
  const elsewhere: Grant[] = [
    { role: 'viewer', scope: null },
    { role: 'operator', scope: 'labels.building == "b3"' },
  ];
  for (const id of [fleet.ownCampaign, fleet.mixedCampaign])
    expect(await approve(elsewhere, id)).toMatchObject({
      status: 403,
      body: { code: 'APPROVAL_NOT_ALLOWED' },
    });
  await api.repositories.database.campaign.update({
    where: { id: fleet.ownCampaign },
    data: { state: 'awaiting-approval' },
  });
  expect((await approve([{ role: 'operator', scope: ownBuilding }], fleet.ownCampaign)).status).toBe(202);
});

test('a campaign is begun for gateways within the scope, and for no others', async () => {
  const start = (target: object) => ask(admin, 'POST', campaigns, { requests: ['app'], ...target });
  // All but Temporal is there.
  for (const target of [{ deployment: 'own' }, { gateways: fleet.inside }, { select: 'id != ""' }])
    expect((await start(target)).body).toMatchObject({ code: 'TEMPORAL_UNAVAILABLE' });
  expect((await start({ gateways: [fleet.inside[0], fleet.outside] })).body).toMatchObject({
    code: 'GATEWAY_NOT_FOUND',
  });
  const preview = { requests: ['app'], select: 'id != ""' };
  expect((await ask(admin, 'POST', `${campaigns}/preview`, preview)).body).toMatchObject({ gateways: 2 });
});

test('members are those within the scope when they are chosen, and who moves out before its turn is none', async () => {
  const { repositories } = api;
  const id = randomUUID();
  const asked = {
    id,
    requests: ['app'],
    selected: ['app@1.0.0'],
    target: { select: 'id != ""' },
    strategy: { phases: [] },
    options: { deadlineSeconds: 60 },
  };
  await repositories.gateways.changeLabels(fleet.mover, { set: { building: 'b1' }, unset: [] });
  const own = repositories.within([ownBuilding]);
  await inTransaction(repositories.database, (tx) =>
    own.campaigns.create(asked, { who: 'test', why: null }, tx),
  );
  expect((await own.campaigns.get(id)).scopes).toEqual([ownBuilding]);
  await chooseMembers(repositories, await repositories.campaigns.get(id));
  const members = async () =>
    (await repositories.database.campaignMember.findMany({ where: { campaignId: id } }))
      .map(({ gatewayId }) => gatewayId)
      .sort();
  expect(await members()).toEqual([...fleet.inside, fleet.mover]);
  await repositories.gateways.changeLabels(fleet.mover, { set: { building: 'b2' }, unset: [] });
  const action = { do: 'start-slice', phase: 0, most: null, deadlineSeconds: 60 } as const;
  await repositories.campaignWork.carryOut(id, { action, status: newCampaignStatus });
  expect(await members()).toEqual([...fleet.inside]);
  const [work] = await repositories.campaignWork.list(id, 1);
  const rollout = await repositories.database.rollout.findUniqueOrThrow({ where: { id: work?.id ?? '' } });
  expect(rollout.scopes).toEqual([ownBuilding]);
});

test('a wanted state is for a deployment made within the scope; one of others contradicts it all the same', async () => {
  const want = (body: object) => ask(admin, 'POST', wantedStates, { requests: ['app'], ...body });
  expect(await want({ deployment: `all-${outsider}` })).toMatchObject({
    status: 404,
    body: { code: 'DEPLOYMENT_NOT_FOUND' },
  });
  const { status, body } = await want({ deployment: 'own' });
  expect(status).toBe(201);
  const path = `${wantedStates}/${String(body['id'])}`;
  expect((await ask(admin, 'GET', wantedStates)).body['items']).toMatchObject([{ id: body['id'] }]);
  expect((await ask(admin, 'GET', `${path}/gateways`)).body['items']).toEqual([]);
  expect((await ask(admin, 'POST', `${path}/end`)).status).toBe(200);
  expect((await ask(admin, 'POST', `${wantedStates}/${fleet.foreignWanted}/end`)).status).toBe(404);

  await api.repositories.artifacts.add({ name: 'app', version: '2.0.0', kind: 'application' }, []);
  await api.repositories.database.wantedState.update({
    where: { id: fleet.foreignWanted },
    data: { requests: ['app@^1'] },
  });
  const contradicting = await want({ deployment: 'own', requests: ['app@^2'] });
  expect(contradicting).toMatchObject({ status: 409, body: { code: 'WANTED_STATE_CONFLICT' } });
  expect(JSON.stringify(contradicting.body)).not.toContain(outsider);
});
