/** Who has a role within a scope finds and changes nothing outside of it, by any route that there is. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fastify, { type RouteOptions as FastifyRoute } from 'fastify';
import { request } from 'undici';
import type { Grant } from '../domain/access/grant.js';
import {
  addToken,
  buildingFleet,
  outsider,
  ownBuilding,
  type BuildingFleet,
} from '../tests/support/building-fleet.js';
import { apiCaller, type Method } from '../tests/support/call-api.js';
import { testApi, testTokens, type TestApi } from '../tests/support/test-api.js';
import { Access } from './access.js';
import { installAdmission } from './admission.js';

interface Operation {
  readonly method: Method;
  readonly path: string;
  readonly body: readonly unknown[];
  /** Names of what may stand behind the question mark. */
  readonly query: readonly string[];
}

interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
}

interface Document {
  readonly paths: Readonly<
    Record<
      string,
      Record<
        string,
        {
          requestBody?: { content: Record<string, { schema: Schema }> };
          parameters?: { in: string; name: string }[];
          security?: unknown[];
        }
      >
    >
  >;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

let api: TestApi;
let fleet: BuildingFleet;
let admin: string;
const routes: FastifyRoute[] = [];

beforeAll(async () => {
  api = await testApi('127.0.0.1:9', { onRoute: (route) => routes.push(route) });
  fleet = await buildingFleet(api.repositories);
  admin = await addToken(api.repositories, [{ role: 'admin', scope: ownBuilding }]);
  // What is asked of one that goes on would wait for Temporal each time, which is away.
  await api.repositories.database.campaign.update({
    where: { id: fleet.ownCampaign },
    data: { state: 'succeeded', endedAt: new Date() },
  });
}, 60_000);

afterAll(() => api.close());

const call = apiCaller(() => api.address);

async function ask(token: string, method: Method, path: string, body?: unknown) {
  return call(method, path, body, { authorization: `Bearer ${token}` });
}

/** All that is stored of the other building. */
async function stored(): Promise<unknown> {
  const { database } = api.repositories;
  const rows = await Promise.all([
    database.gateway.findMany({ where: { id: fleet.outside } }),
    database.gatewayValue.findMany({ where: { gatewayId: fleet.outside } }),
    database.gatewayContest.findMany({ where: { gatewayId: fleet.outside } }),
    database.delivery.findMany({ where: { gatewayId: fleet.outside }, orderBy: { rolloutId: 'asc' } }),
    database.rollout.findMany({ where: { id: { in: [fleet.foreignRollout, fleet.mixedRollout] } } }),
    database.deployment.findMany({ where: { name: { contains: outsider } }, orderBy: { name: 'asc' } }),
    database.campaign.findMany({ where: { id: { in: [fleet.foreignCampaign, fleet.mixedCampaign] } } }),
    database.campaignEvent.findMany({
      where: { campaignId: { in: [fleet.foreignCampaign, fleet.mixedCampaign] } },
    }),
    database.wantedState.findMany({ where: { id: fleet.foreignWanted } }),
    database.webhook.findMany({ where: { name: { contains: outsider } }, orderBy: { name: 'asc' } }),
  ]);
  return JSON.parse(
    JSON.stringify(rows, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value)),
  );
}

/** A body that means gateways by their ids, one that does so by a deployment, and one that means all there are. */
function bodiesOf(schema: Schema, { schemas }: Document['components'], ids: Naming): unknown[] {
  const { properties = {}, required = [] } = resolved(schema, schemas);
  const targets: Readonly<Record<string, unknown>> = {
    gateways: [ids.gateway],
    gatewayIds: [ids.gateway],
    gatewayId: ids.gateway,
    deployment: ids.deployment,
    select: 'id != ""',
  };
  const fixed: Readonly<Record<string, unknown>> = { requests: ['app'], artifact: 'app', action: 'stop' };
  const named = Object.entries(properties).filter(([name]) => !Object.hasOwn(targets, name));
  const base = Object.fromEntries(
    named.flatMap(([name, property]): [string, unknown][] => {
      if (Object.hasOwn(fixed, name)) return [[name, fixed[name]]];
      return required.includes(name) ? [[name, exampleOf(property, schemas)]] : [];
    }),
  );
  const own = Object.keys(targets).filter((name) => Object.hasOwn(properties, name));
  if (own.length === 0) return [base];
  return own.map((name) => ({ ...base, [name]: targets[name] }));
}

function resolved(schema: Schema, schemas: Document['components']['schemas']): Schema {
  const name = schema.$ref?.split('/').at(-1);
  return name === undefined ? schema : resolved(schemas[name] ?? {}, schemas);
}

function exampleOf(schema: Schema, schemas: Document['components']['schemas']): unknown {
  const { enum: choices, anyOf, type, items, properties = {}, required = [] } = resolved(schema, schemas);
  if (choices !== undefined) return choices[0];
  if (anyOf !== undefined) return exampleOf(anyOf[0] ?? {}, schemas);
  switch (type) {
    case 'array':
      return [exampleOf(items ?? {}, schemas)];
    case 'object':
      return Object.fromEntries(required.map((name) => [name, exampleOf(properties[name] ?? {}, schemas)]));
    case 'boolean':
      return true;
    case 'integer':
      return 1;
    case undefined:
    default:
      return `n${randomUUID()}`;
  }
}

interface Naming {
  readonly gateway: string;
  readonly deployment: string;
}

async function operations(ids: Naming): Promise<Operation[]> {
  const { paths, components } = (await call('GET', '/api/openapi.json')).body as unknown as Document;
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([, { security }]) => security === undefined)
      .map(([method, { requestBody, parameters = [] }]) => {
        const schema = requestBody?.content['application/json']?.schema;
        const body = schema === undefined ? [undefined] : bodiesOf(schema, components, ids);
        const query = parameters.flatMap((parameter) => (parameter.in === 'query' ? [parameter.name] : []));
        return { method: method.toUpperCase() as Method, path, body, query };
      }),
  );
}

const nobody: Naming = { gateway: 'gw-nobody', deployment: 'nobody' };

/** What the problem says, whoever it names. */
function told({ status, body }: { status: number; body: unknown }, ids: readonly string[]): string {
  const text = JSON.stringify({ status, body }, (key, value: unknown) => (key === 'instance' ? '' : value));
  return ids.reduce((known, id) => known.replaceAll(id, 'ID'), text);
}

describe('by every route of the document', () => {
  test('nothing of what is outside is told to who does not name it', async () => {
    const leaks: string[] = [];
    for (const { method, path, body, query } of await operations(nobody)) {
      if (method !== 'GET' && body[0] === undefined) continue;
      const own = [fleet.inside[0], 'own', fleet.ownRollout, fleet.ownCampaign];
      for (const one of body)
        for (const id of path.includes('{') ? own : ['']) {
          // Streams do not end by themselves; what they are asked for is told by the other routes.
          if (path.endsWith('/events') || path.endsWith('/stream')) continue;
          const address = path.replace(/\{\w+\}/g, id);
          const asked = query.flatMap((name) => fleet.outsideIds.map((value) => `?${name}=${value}`));
          for (const also of ['', ...asked]) {
            const answer = await ask(admin, method, address + also, one);
            // What a refusal repeats is what was sent.
            const isAnswered = also === '' || answer.status < 400;
            if (isAnswered && JSON.stringify(answer.body).toLowerCase().includes(outsider))
              leaks.push(`${method} ${address}${also}`);
          }
        }
    }
    expect(leaks).toEqual([]);
  });

  test('what is outside is not there, and stays as it is', async () => {
    const before = await stored();
    const different: string[] = [];
    const named = await operations({ gateway: fleet.outside, deployment: outsider });
    const unknown = await operations(nobody);
    for (const [index, { method, path, body }] of named.entries()) {
      for (const [place, one] of body.entries()) {
        for (const id of path.includes('{') ? fleet.outsideIds : ['']) {
          const strange = /^[0-9a-f-]{36}$/.test(id) ? randomUUID() : 'strange';
          const outside = await ask(admin, method, path.replace(/\{\w+\}/g, id), one);
          // An answer that names nobody is judged by the test before.
          if (id === '' && !JSON.stringify(one ?? '').includes(outsider)) continue;
          const missing = await ask(
            admin,
            method,
            path.replace(/\{\w+\}/g, strange),
            unknown[index]?.body[place],
          );
          const [left, right] = [
            told(
              outside,
              [...fleet.outsideIds].sort((a, b) => b.length - a.length),
            ),
            told(missing, [strange, nobody.gateway, nobody.deployment]),
          ];
          if (left !== right)
            different.push(`${method} ${path} ${id} ${JSON.stringify(one)}: ${left} ${right}`);
        }
      }
    }
    expect(different).toEqual([]);
    expect(await stored()).toEqual(before);
  }, 120_000);

  /** An address of a route; where a parameter has a pattern it is that of an id. */
  const anyOf = (url: string): string => url.replace(/:\w+\([^)]*\)/g, randomUUID()).replace(/:\w+/g, 'x');

  test('without a token, or with the lowest role, no content type and no method gets past the check', async () => {
    const viewer = await addToken(api.repositories, [{ role: 'viewer', scope: null }]);
    for (const { method, url, config } of routes) {
      const role = config?.role;
      if (role === 'anybody') continue;
      for (const one of [method].flat()) {
        for (const contentType of [
          'application/json',
          'text/plain',
          'application/x-tar',
          'multipart/form-data',
          ';',
        ]) {
          const headers = { 'content-type': contentType, 'x-http-method-override': 'GET' };
          const send = async (authorization: string) => {
            const answer = await request(`${api.address}${anyOf(url)}`, {
              method: one as 'GET',
              headers: { ...headers, ...(authorization === '' ? {} : { authorization }) },
              ...(one === 'GET' || one === 'HEAD' ? {} : { body: '{"a":' }),
            });
            await answer.body.dump();
            return { one, url, contentType, status: answer.statusCode };
          };
          expect(await send('')).toMatchObject({ one, url, contentType, status: 401 });
          if (role !== 'viewer') expect(await send(`Bearer ${viewer}`)).toMatchObject({ url, status: 403 });
        }
      }
    }
  }, 120_000);
});

test('lists, counts and dry runs are those of the own gateways', async () => {
  expect((await ask(admin, 'GET', '/api/v1/gateways')).body['items']).toHaveLength(2);
  expect((await ask(admin, 'GET', '/api/v1/deployments/own')).body).toMatchObject({ gateways: 2 });
  expect((await ask(admin, 'GET', `/api/v1/rollouts/${fleet.ownRollout}`)).body).toMatchObject({
    counts: { pending: 2 },
    channels: [{ protocol: 'http', strategy: 'pull', counts: { pending: 2 } }],
  });
  const plan = { requests: ['app'], select: 'id != ""' };
  expect((await ask(admin, 'POST', '/api/v1/plans', plan)).body).toMatchObject({ gateways: 2 });
  const order = { action: 'stop', artifact: 'app', deployment: 'own' };
  expect((await ask(admin, 'POST', '/api/v1/orders/preview', order)).body).toMatchObject({ gateways: 2 });
  expect((await ask(admin, 'GET', `/api/v1/orders?order=${fleet.mixedOrder}`)).body['items']).toHaveLength(1);
});

describe('what crosses the scope', () => {
  test('an order for gateways on both sides is refused as a whole', async () => {
    const order = { action: 'stop', artifact: 'app', gatewayIds: [fleet.inside[0], fleet.outside] };
    expect(await ask(admin, 'POST', '/api/v1/orders', order)).toMatchObject({
      status: 404,
      body: { code: 'GATEWAY_NOT_FOUND', details: { unknown: [fleet.outside] } },
    });
  });

  test('a gateway is not given away by its labels', async () => {
    const labels = `/api/v1/gateways/${fleet.inside[0]}/labels`;
    for (const change of [{ set: { building: 'b3' } }, { unset: ['building'] }])
      expect(await ask(admin, 'PATCH', labels, change)).toMatchObject({
        status: 403,
        body: { code: 'FORBIDDEN' },
      });
    expect((await ask(admin, 'PATCH', labels, { set: { floor: '2' } })).status).toBe(200);
  });

  test('who is outside when gateways are resolved gets no delivery', async () => {
    const { repositories } = api;
    const id = fleet.mover;
    await repositories.gateways.changeLabels(id, { set: { building: 'b1' }, unset: [] });
    const own = repositories.within([ownBuilding]);
    const rollout = await own.rollouts.create({
      requests: ['app'],
      target: { gateways: [id, fleet.inside[0]] },
      options: { deadlineSeconds: 60 },
      idempotencyKey: null,
      requestDigest: 'test',
    });
    await repositories.gateways.changeLabels(id, { set: { building: 'b3' }, unset: [] });
    await repositories.members.addDeliveries(rollout.id, { gateways: [id, fleet.inside[0]] });
    expect((await repositories.deliveryLists.ofRollout(rollout.id, 9, null)).items).toMatchObject([
      { gatewayId: fleet.inside[0] },
    ]);
  });

  test('grants are no more together than each by itself', async () => {
    const mixed: Grant[] = [
      { role: 'viewer', scope: null },
      { role: 'operator', scope: 'labels.building in ("b1", "b3")' },
      { role: 'admin', scope: ownBuilding },
    ];
    const token = await addToken(api.repositories, mixed);
    const outside = `/api/v1/gateways/${fleet.outside}`;
    expect((await ask(token, 'GET', outside)).status).toBe(200);
    expect((await ask(token, 'POST', `${outside}/profile-request`)).status).toBe(202);
    expect((await ask(token, 'DELETE', outside)).status).toBe(404);
    const wipe = { action: 'wipe', gatewayIds: [fleet.outside] };
    expect((await ask(token, 'POST', '/api/v1/orders', wipe)).status).toBe(404);
    expect((await ask(token, 'GET', '/api/v1/nodes')).status).toBe(200);
    expect((await ask(token, 'POST', '/api/v1/nodes')).status).toBe(403);
  });

  test('a stream ends when its token is revoked', async () => {
    const token = await addToken(api.repositories, [{ role: 'viewer', scope: ownBuilding }], {
      name: 'watcher',
    });
    const events = await request(`${api.address}/api/v1/rollouts/${fleet.ownRollout}/events`, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(events.statusCode).toBe(200);
    await api.repositories.tokens.revoke('watcher');
    expect(await events.body.text()).toContain('event: progress');
  });
});

describe('tokens', () => {
  const make = (body: object, token: string = testTokens.admin) => ask(token, 'POST', '/api/v1/tokens', body);

  test('a token is shown once, kept as a hash, and void when it is revoked', async () => {
    const grants = [{ role: 'operator', scope: ownBuilding }];
    const { status, body } = await make({ name: 'site-team', grants });
    expect(status).toBe(201);
    const secret = body['secret'] as string;
    expect((await ask(secret, 'GET', '/api/v1/gateways')).body['items']).toHaveLength(2);
    const listed = await ask(testTokens.admin, 'GET', '/api/v1/tokens');
    expect(listed.body['items']).toContainEqual(
      expect.objectContaining({ name: 'site-team', grants, lastUsedAt: expect.any(String) as unknown }),
    );
    expect(JSON.stringify(listed.body)).not.toContain(secret);
    const rows = await api.repositories.database.managementToken.findMany();
    expect(JSON.stringify(rows)).not.toContain(secret.slice(-43));
    expect((await ask(testTokens.admin, 'DELETE', '/api/v1/tokens/site-team')).status).toBe(204);
    expect((await ask(secret, 'GET', '/api/v1/gateways')).status).toBe(401);
    expect((await ask(testTokens.admin, 'DELETE', '/api/v1/tokens/site-team')).status).toBe(404);
  });

  test.each([
    ['a role that there is not', { name: 'x', grants: [{ role: 'root' }] }, 400],
    ['no role', { name: 'x', grants: [] }, 400],
    [
      'a scope over what devices say',
      { name: 'x', grants: [{ role: 'viewer', scope: 'reported.site == "a"' }] },
      400,
    ],
    ['a scope over ids', { name: 'x', grants: [{ role: 'viewer', scope: 'id == "a"' }] }, 400],
    ['a scope that cannot be read', { name: 'x', grants: [{ role: 'viewer', scope: 'labels.a ==' }] }, 400],
  ])('%s is refused', async (_what, body, status) => {
    expect((await make(body)).status).toBe(status);
  });

  test('a name is given once, and a request that is sent again makes nothing more', async () => {
    const key = { 'idempotency-key': randomUUID() };
    const body = { name: 'once', grants: [{ role: 'viewer' }] };
    expect((await call('POST', '/api/v1/tokens', body, key)).body['secret']).toMatch(/^lmt_/);
    expect(await call('POST', '/api/v1/tokens', body, key)).toMatchObject({
      status: 201,
      body: { secret: null },
    });
    expect(await make(body)).toMatchObject({ status: 409, body: { code: 'TOKEN_EXISTS' } });
  });

  test('who has a part of the fleet makes no tokens', async () => {
    expect((await make({ name: 'mine', grants: [{ role: 'admin' }] }, admin)).status).toBe(403);
  });

  test('one that has expired, or is not whole, is none', async () => {
    const { database } = api.repositories;
    const token = await addToken(api.repositories, [{ role: 'viewer', scope: null }], {
      name: 'short',
      expiresInSeconds: 3_600,
    });
    expect((await ask(token, 'GET', '/api/v1/gateways')).status).toBe(200);
    expect((await ask(`${token.slice(0, -1)}_`, 'GET', '/api/v1/gateways')).status).toBe(401);
    await database.managementToken.update({ where: { name: 'short' }, data: { expiresAt: new Date(0) } });
    expect(await ask(token, 'GET', '/api/v1/gateways')).toMatchObject({
      status: 401,
      body: { detail: 'the token "short" has expired' },
    });
  });

  test('a publisher publishes and runs nothing, an operator of the configuration does both', async () => {
    const publisher = await addToken(api.repositories, [{ role: 'publisher', scope: null }]);
    const remove = (token: string) => ask(token, 'DELETE', '/api/v1/artifacts/none/1.0.0');
    expect((await remove(publisher)).status).toBe(404);
    expect((await remove(testTokens.operator)).status).toBe(404);
    const operator = await addToken(api.repositories, [{ role: 'operator', scope: null }]);
    expect((await remove(operator)).status).toBe(403);
    expect((await ask(publisher, 'POST', `/api/v1/gateways/${fleet.outside}/profile-request`)).status).toBe(
      403,
    );
  });
});

test('a route that does not say who may use it does not start', async () => {
  const app = fastify();
  const { repositories } = api;
  installAdmission(app, { repositories, access: new Access('admin:00', '', repositories.tokens, null) });
  expect(() => app.get('/open', async () => null)).toThrow('GET /open does not say');
  await app.close();
});
