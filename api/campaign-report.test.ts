/** The evidence of a campaign: by page, as a download, and within a scope. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { request } from 'undici';
import { addToken } from '../tests/support/building-fleet.js';
import { apiCaller } from '../tests/support/call-api.js';
import { act, addCampaign, install } from '../tests/support/test-campaigns.js';
import { addGateways, addNode, profileOf } from '../tests/support/test-repositories.js';
import { testApi, testTokens, type TestApi } from '../tests/support/test-api.js';

let api: TestApi;
let campaign: string;
/** A device that chose its id for whoever opens the report in a spreadsheet. */
const hostile = '=1+1|"a,b"';
const ids = ['gw-1', 'gw-2', 'gw-3', hostile];

beforeAll(async () => {
  api = await testApi('127.0.0.1:9');
  const { repositories } = api;
  await addNode(repositories, 'node-1');
  await addGateways(
    repositories,
    ids.map((id) => profileOf(id)),
  );
  await install(repositories, ids, ['app@1.0.0']);
  campaign = await addCampaign(repositories, [ids.slice(0, 2), ids.slice(2)]);
  await act(repositories, campaign, { do: 'start-slice', phase: 0, most: null, deadlineSeconds: 60 });
  const [work] = await repositories.campaignWork.list(campaign, 10);
  const rolloutId = work?.id ?? '';
  await repositories.members.addDeliveries(rolloutId, await repositories.rollouts.target(rolloutId));
  const error = { class: 'script', step: 'install', message: 'install ended with status 3: no room' };
  await repositories.database.$executeRaw`
    UPDATE delivery SET state = 'failed', ended_at = now(), error = ${JSON.stringify(error)}::jsonb WHERE gateway_id = 'gw-1'`;
  await repositories.database.$executeRaw`
    UPDATE delivery SET state = 'succeeded', ended_at = now() WHERE gateway_id = 'gw-2'`;
}, 60_000);

afterAll(() => api.close());

const call = apiCaller(() => api.address);

async function download(format: string): Promise<{ type: unknown; disposition: unknown; text: string }> {
  const answer = await request(`${api.address}/api/v1/campaigns/${campaign}/report?format=${format}`, {
    headers: { authorization: `Bearer ${testTokens.viewer}` },
  });
  expect(answer.statusCode).toBe(200);
  const { 'content-type': type, 'content-disposition': disposition } = answer.headers;
  return { type, disposition, text: await answer.body.text() };
}

test('says of each gateway what it had, what became of it, and why', async () => {
  const { body } = await call('GET', `/api/v1/campaigns/${campaign}/report?limit=500`);
  const items = new Map((body['items'] as { gatewayId: string }[]).map((item) => [item.gatewayId, item]));
  expect(items.get('gw-1')).toMatchObject({
    phase: 1,
    standing: 'failed',
    attempts: 1,
    before: ['app@1.0.0'],
    installed: ['app@1.0.0'],
    failure: expect.stringContaining('Failed at step install'),
    reason: {
      class: 'script',
      template: 'install ended with status #',
      parameters: ['3'],
      output: 'no room',
    },
  });
  expect(items.get('gw-2')).toMatchObject({ standing: 'succeeded', failure: null, reason: null });
  expect(items.get('gw-3')).toMatchObject({ phase: 2, standing: 'waiting', rollout: null, before: null });
});

test('is told over time beside what was predicted, and when it ends', async () => {
  const { status, body } = await call('GET', `/api/v1/campaigns/${campaign}/progress`);
  expect(status).toBe(200);
  const samples = body['samples'] as {
    at: string;
    ended: number | null;
    succeeded: number | null;
    atLeast: number;
    atMost: number;
  }[];
  // Nothing had been delivered before: the prediction is a guess. Two have ended, and two are to come.
  expect(body).toMatchObject({ gateways: 4, isMeasured: false });
  expect(samples[0]).toMatchObject({ ended: 0, atLeast: 0, atMost: 0 });
  expect(samples.at(-1)).toMatchObject({ ended: null, atLeast: 4, atMost: 4 });
  const told = samples.filter(({ ended }) => ended !== null);
  expect(told.at(-1)).toMatchObject({ ended: 2, succeeded: 1 });
  for (const { atLeast, atMost } of samples) expect(atLeast).toBeLessThanOrEqual(atMost);
  const { earliest, latest } = body['ends'] as { earliest: string; latest: string };
  expect(Date.parse(latest)).toBeGreaterThan(Date.parse(earliest));
  expect((await call('GET', `/api/v1/campaigns/${randomUUID()}/progress`)).status).toBe(404);
});

test('what a campaign starts has the author of the campaign', async () => {
  const { createdBy } = await api.repositories.campaigns.get(campaign);
  expect(createdBy).not.toBeNull();
  const { body } = await call('GET', `/api/v1/rollouts?campaign=${campaign}`);
  expect(body['items']).toMatchObject([{ campaign, createdBy }]);
});

test('is the same a page at a time and as a download', async () => {
  const paged: unknown[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const { body } = await call('GET', `/api/v1/campaigns/${campaign}/report?limit=1${cursor}`);
    paged.push(...(body['items'] as unknown[]));
    const next = body['nextCursor'] as string | null;
    cursor = next === null ? null : `&cursor=${encodeURIComponent(next)}`;
  }
  const { type, disposition, text } = await download('jsonl');
  expect(type).toBe('application/jsonl; charset=utf-8');
  expect(disposition).toBe(`attachment; filename="campaign-${campaign}.jsonl"`);
  expect(
    text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown),
  ).toEqual(paged);
  expect(paged).toHaveLength(ids.length);
});

test('is text in a spreadsheet, whatever devices call themselves', async () => {
  const { type, text } = await download('csv');
  expect(type).toBe('text/csv; charset=utf-8');
  const lines = text.trimEnd().split('\r\n');
  expect(lines[0]).toMatch(/^gatewayId,phase,standing,/u);
  expect(lines).toHaveLength(ids.length + 1);
  expect(text).toContain(`"'=1+1|""a,b""",2,waiting`);
});

test('is shown to who may see all of its gateways, and to nobody else', async () => {
  const { repositories } = api;
  for (const id of ids) await repositories.gateways.changeLabels(id, { set: { building: 'b1' }, unset: [] });
  const token = await addToken(repositories, [{ role: 'viewer', scope: 'labels.building == "b1"' }]);
  const ask = async (path: string) => {
    const { status, body } = await call('GET', `/api/v1/campaigns${path}`, undefined, {
      authorization: `Bearer ${token}`,
    });
    return [status, (body['items'] as unknown[] | undefined)?.length];
  };
  expect([await ask(''), await ask(`/${campaign}/report`)]).toEqual([
    [200, 1],
    [200, ids.length],
  ]);
  await repositories.gateways.changeLabels('gw-3', { set: { building: 'b2' }, unset: [] });
  expect([await ask(''), await ask(`/${campaign}/report`), await ask(`/${campaign}`)]).toEqual([
    [200, 0],
    [404, undefined],
    [404, undefined],
  ]);
});
