/** Every change that somebody asks for is in the audit, with who, from where, before and after; and stays there. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { RouteOptions as FastifyRoute } from 'fastify';
import { addToken, buildingFleet, ownBuilding, type BuildingFleet } from '../tests/support/building-fleet.js';
import { apiCaller, type Method } from '../tests/support/call-api.js';
import { testApi, type TestApi } from '../tests/support/test-api.js';

let api: TestApi;
let fleet: BuildingFleet;
let operator: string;
const routes: FastifyRoute[] = [];

beforeAll(async () => {
  api = await testApi('127.0.0.1:9', { onRoute: (route) => routes.push(route) });
  fleet = await buildingFleet(api.repositories);
  const grants = [{ role: 'operator', scope: ownBuilding }] as const;
  operator = await addToken(api.repositories, grants, { name: 'anna' });
}, 60_000);

afterAll(() => api.close());

const call = apiCaller(() => api.address);
const asAnna = (method: Method, path: string, body?: unknown) =>
  call(method, path, body, { authorization: `Bearer ${operator}` });

async function audited(query: string): Promise<Record<string, unknown>[]> {
  const { status, body } = await call('GET', `/api/v1/audit?${query}`);
  expect(status).toBe(200);
  return body['items'] as Record<string, unknown>[];
}

describe('a change', () => {
  test('is noted with who, from where, and what was there before and after', async () => {
    const [id] = fleet.inside;
    await asAnna('PATCH', `/api/v1/gateways/${id}/labels`, { set: { floor: '2' } });
    expect(await audited(`subject=gateways/${id}`)).toMatchObject([
      {
        principal: 'anna',
        address: '127.0.0.1',
        action: 'changeGatewayLabels',
        asked: { set: { floor: '2' } },
        before: { operatorLabels: { building: 'b1' } },
        outcome: { status: 200, code: null, after: { operatorLabels: { building: 'b1', floor: '2' } } },
      },
    ]);
  });

  test('tells values and no secrets', async () => {
    const values = `/api/v1/gateways/${fleet.inside[1]}/values`;
    await asAnna('PATCH', values, { set: { RATE: '10' } });
    await asAnna('PATCH', values, { set: { PASS: 'hunter2' }, secret: true });
    await asAnna('PATCH', values, { unset: ['PASS'] });
    const entries = await audited(`subject=gateways/${fleet.inside[1]}`);
    expect(JSON.stringify(entries)).not.toContain('hunter2');
    expect(entries).toMatchObject([
      {
        before: { values: { PASS: '(secret)', RATE: '10' } },
        outcome: { after: { values: { RATE: '10' } } },
      },
      { asked: { set: { PASS: '(secret)' } } },
      { asked: { set: { RATE: '10' } }, before: { values: {} } },
    ]);
  });

  test('that makes something says what', async () => {
    const body = { name: 'made', select: 'labels.floor == "2"' };
    await asAnna('POST', '/api/v1/deployments', body);
    expect(await audited('subject=deployments/made')).toMatchObject([
      { subject: 'deployments', outcome: { made: 'deployments/made', after: { select: body.select } } },
    ]);
    const order = { action: 'stop', artifact: 'app', gatewayIds: [fleet.inside[0]] };
    const { body: given } = await asAnna('POST', '/api/v1/orders', order);
    expect(await audited(`subject=orders/${String(given['id'])}`)).toHaveLength(1);
    expect((await api.repositories.database.rollout.findMany({ where: { createdBy: 'anna' } })).length).toBe(
      1,
    );
  });

  test('that is refused says why', async () => {
    const refused = await asAnna('POST', `/api/v1/gateways/${fleet.outside}/profile-request`);
    expect(await audited(`request=${String(refused.body['instance'])}`)).toMatchObject([
      { before: null, outcome: { status: 404, code: 'GATEWAY_NOT_FOUND' } },
    ]);
  });

  test('is not made when it cannot be noted', async () => {
    const { database } = api.repositories;
    await database.$executeRaw`ALTER TABLE audit_entry ADD CONSTRAINT audit_closed CHECK (false) NOT VALID`;
    try {
      expect((await asAnna('DELETE', '/api/v1/deployments/own')).status).toBeGreaterThanOrEqual(500);
    } finally {
      await database.$executeRaw`ALTER TABLE audit_entry DROP CONSTRAINT audit_closed`;
    }
    expect((await asAnna('GET', '/api/v1/deployments/own')).status).toBe(200);
  });
});

test('what only asks is not in it, and no route that changes is left out', async () => {
  await asAnna('POST', '/api/v1/plans', { requests: ['app'], select: 'id != ""' });
  await asAnna('GET', '/api/v1/gateways');
  expect(await audited('action=planRollout')).toEqual([]);
  expect(await audited('action=listGateways')).toEqual([]);
  const quiet = routes.filter(({ config }) => config?.changesNothing === true).map(({ url }) => url);
  expect(quiet.sort()).toEqual(['/api/v1/campaigns/preview', '/api/v1/orders/preview', '/api/v1/plans']);
});

test('it is read a page at a time, and by admins of the whole fleet', async () => {
  for (let count = 0; count < 3; count += 1)
    await asAnna('POST', `/api/v1/gateways/${fleet.inside[0]}/profile-request`);
  const query = '/api/v1/audit?action=requestProfile&principal=anna&limit=1';
  const ids: unknown[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const { body } = await call('GET', query + cursor);
    ids.push(...(body['items'] as { id: string }[]).map(({ id }) => id));
    const next = body['nextCursor'] as string | null;
    cursor = next === null ? null : `&cursor=${next}`;
  }
  expect(ids.length).toBeGreaterThanOrEqual(3);
  expect(new Set(ids).size).toBe(ids.length);
  const from = new Date(Date.now() + 60_000).toISOString();
  expect(await audited(`from=${from}`)).toEqual([]);
  expect(await audited('from=0000-01-01T00:00:00Z&limit=1')).toHaveLength(1);
  expect((await call('GET', '/api/v1/audit?from=2026-12-31T23:59:60Z')).status).toBe(400);
  const admin = await addToken(api.repositories, [{ role: 'admin', scope: ownBuilding }]);
  expect((await call('GET', '/api/v1/audit', undefined, { authorization: `Bearer ${admin}` })).status).toBe(
    403,
  );
});

describe('what is in it', () => {
  const refusal = 'the audit is append-only';

  test('is not changed or removed before its time', async () => {
    const { database } = api.repositories;
    await expect(database.$executeRaw`UPDATE audit_entry SET principal = 'nobody'`).rejects.toThrow(refusal);
    await expect(database.$executeRaw`UPDATE audit_outcome SET status = 200`).rejects.toThrow(refusal);
    await expect(database.$executeRaw`DELETE FROM audit_outcome`).rejects.toThrow(refusal);
    await expect(database.$executeRaw`DELETE FROM audit_entry`).rejects.toThrow(refusal);
    await expect(database.$executeRaw`TRUNCATE audit_entry CASCADE`).rejects.toThrow(refusal);
  });

  test('goes when it has been kept long enough', async () => {
    const { database, audit } = api.repositories;
    const requestId = randomUUID();
    await database.$executeRaw`
      INSERT INTO audit_entry (at, request_id, principal_id, principal, address, action, subject)
      VALUES (now() - interval '401 days', ${requestId}, 'x', 'x', 'x', 'x', 'x')`;
    await database.$executeRaw`INSERT INTO audit_outcome (entry_id, status) SELECT id, 200 FROM audit_entry WHERE request_id = ${requestId}`;
    const old = { principal: 'x' };
    expect((await audit.list(old, 9, null)).items).toHaveLength(1);
    await asAnna('POST', `/api/v1/gateways/${fleet.inside[0]}/profile-request`);
    expect((await audit.list(old, 9, null)).items).toEqual([]);
  });
});
