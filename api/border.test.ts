/** What comes from outside and cannot be stored is refused by every route, with a reason, and never fails a route. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { RouteOptions as FastifyRoute } from 'fastify';
import { Compile } from 'typebox/compile';
import { request } from 'undici';
import { addressOf, hostileRequests, type RequestSchemas } from '../tests/support/hostile-texts.js';
import { addNode } from '../tests/support/test-repositories.js';
import { artifactTar, testApi, testTokens, type TestApi } from '../tests/support/test-api.js';

interface Answer {
  readonly status: number;
  /** The header Allow. */
  readonly allow: unknown;
  readonly body: { readonly code?: string; readonly detail?: string };
}

let api: TestApi;
const routes: FastifyRoute[] = [];

beforeAll(async () => {
  // Nothing listens there: what asks Temporal is told that it is away.
  api = await testApi('127.0.0.1:9', { onRoute: (route) => routes.push(route) });
  await addNode(api.repositories, 'node-1');
}, 60_000);

afterAll(() => api.close());

async function ask(
  method: string,
  url: string,
  headers: Record<string, string>,
  body?: string,
): Promise<Answer> {
  const answer = await request(`${api.address}${url}`, {
    method: method as 'GET',
    headers: { authorization: `Bearer ${testTokens.admin}`, ...headers },
    ...(body === undefined ? {} : { body }),
  });
  const text = await answer.body.text();
  const isProblem = String(answer.headers['content-type']).startsWith('application/problem+json');
  return {
    status: answer.statusCode,
    allow: answer.headers['allow'],
    body: (isProblem ? JSON.parse(text) : {}) as Answer['body'],
  };
}

const json = { 'content-type': 'application/json' };
const methodsOf = ({ method }: FastifyRoute): string[] => [method].flat().filter((one) => one !== 'HEAD');
const described = () => routes.filter(({ schema }) => schema !== undefined && schema.hide !== true);

test('a text that is none fails no route, wherever it stands', async () => {
  const faults: string[] = [];
  let asked = 0;
  for (const route of described()) {
    for (const hostile of hostileRequests(route.schema as RequestSchemas)) {
      // No client sends such a header: the parser of requests refuses it.
      if (Object.values(hostile.headers).some((value) => /[^\x20-\x7e]/u.test(value))) continue;
      const token = route.url.startsWith('/device') ? testTokens.enrolment : testTokens.admin;
      for (const method of methodsOf(route)) {
        const body = hostile.body === undefined ? undefined : JSON.stringify(hostile.body);
        const headers = {
          ...hostile.headers,
          ...(body === undefined ? {} : json),
          authorization: `Bearer ${token}`,
        };
        const { status, body: problem } = await ask(method, addressOf(route.url, hostile), headers, body);
        asked += 1;
        // Temporal is away in this test; nothing else may be.
        const isFault = status >= 500 && problem.code !== 'TEMPORAL_UNAVAILABLE';
        if (isFault || (status >= 400 && problem.code === undefined))
          faults.push(
            `${method} ${route.url} ${hostile.place} ${JSON.stringify(hostile.text.slice(0, 9))}: ${status}`,
          );
      }
    }
  }
  expect(faults).toEqual([]);
  expect(asked).toBeGreaterThan(500);
});

test('every text that a route takes is bounded, and valid Unicode without NUL', () => {
  const loose = described().flatMap((route) =>
    hostileRequests(route.schema as RequestSchemas)
      .filter(
        ({ text, schema }) => /\0|\p{Surrogate}|x{999}/u.test(text) && Compile(schema as object).Check(text),
      )
      .map(({ place, text }) => `${route.url} ${place} ${JSON.stringify(text.slice(0, 9))}`),
  );
  expect(loose).toEqual([]);
});

describe('a wrong method', () => {
  test('at any route is told the right ones', async () => {
    const answers = await Promise.all(
      [...new Set(routes.map(({ url }) => url))].map(async (url) => {
        const { status, allow, body } = await ask(
          'PATCH',
          url.replace(/:\w+/g, 'x').replace(/x\(.*?\)/g, randomUUID()),
          json,
          '{}',
        );
        return { url, status, allow, code: body.code };
      }),
    );
    for (const { url, status, allow, code } of answers) {
      const methods = routes.filter((route) => route.url === url).flatMap(({ method }) => [method].flat());
      if (methods.includes('PATCH')) continue;
      expect({ url, status, code }).toEqual({ url, status: 405, code: 'METHOD_NOT_ALLOWED' });
      expect(String(allow).split(', ')).toEqual(expect.arrayContaining(methods));
    }
  });

  test.each(['OPTIONS', 'TRACE', 'PROPFIND', 'QUERY'])('%s is one', async (method) => {
    const { status, allow } = await ask(method, '/api/v1/rollouts', {});
    expect([status, allow]).toEqual([405, 'GET, HEAD, POST']);
  });

  test('is told before its body is read', async () => {
    const { status } = await ask('PUT', '/api/v1/rollouts', { 'content-type': 'text/csv' }, 'a,b');
    expect(status).toBe(405);
  });

  test('where nothing is, is not found', async () => {
    expect(await ask('PATCH', '/api/v1/nothing', json, '{}')).toMatchObject({
      status: 404,
      body: { code: 'ROUTE_NOT_FOUND' },
    });
  });
});

test('a body of another kind than the route takes is told so', async () => {
  const withBody = described().filter(({ schema, method }) => schema?.body !== undefined && method !== 'GET');
  for (const route of withBody) {
    for (const contentType of ['text/plain', 'application/xml', 'nonsense', '']) {
      const url = route.url.replace(/:\w+/g, 'x');
      const headers = contentType === '' ? {} : { 'content-type': contentType };
      const { status, body } = await ask(methodsOf(route)[0] ?? '', url, headers, '{"a":1}');
      const code = 'UNSUPPORTED_MEDIA_TYPE';
      expect({ url, contentType, status, code: body.code }).toEqual({ url, contentType, status: 415, code });
    }
  }
  expect(await ask('POST', '/api/v1/artifacts', json, '{}')).toMatchObject({ status: 415 });
});

test.each([
  ['broken escapes', '/api/v1/gateways/%zz'],
  ['bytes that are no text', '/api/v1/gateways/%ff%fe'],
  ['a parameter without end', `/api/v1/gateways/${'x'.repeat(5_000)}`],
])('an address with %s is refused as a problem', async (_what, url) => {
  expect(await ask('GET', url, {})).toMatchObject({ status: 400, body: { code: 'MALFORMED_INPUT' } });
});

test('in a batch of registrations only the one that cannot be stored is refused', async () => {
  const register = (id: string, more: object) =>
    ask(
      'POST',
      '/device/v1/register',
      { ...json, authorization: `Bearer ${testTokens.enrolment}` },
      JSON.stringify({
        profile: { id, hardware: { arch: 'armv7' }, software: { os: 'linux' }, ...more },
      }),
    );
  const answers = await Promise.all([
    register('gw-good-1', {}),
    register('gw-nul', { labels: { room: 'a\0b' } }),
    register('gw-half', { software: { os: 'linux', kernel: '\ud800' } }),
    register('gw-long', { name: 'x'.repeat(300) }),
    register('gw-good-2', {}),
    register('gw-named', { labels: { 'no name': 'a' } }),
  ]);
  expect(answers.map(({ status }) => status)).toEqual([200, 400, 400, 400, 200, 400]);
  expect(answers[1].body).toMatchObject({
    code: 'MALFORMED_INPUT',
    detail: 'body/profile/labels/room must be valid Unicode without NUL',
  });
});

test('what is asked for in an address is understood', async () => {
  for (const [unwell, status] of [
    ['true', 200],
    ['false', 200],
    ['1', 400],
  ])
    expect((await ask('GET', `/api/v1/gateways?unwell=${unwell}`, {})).status).toBe(status);
});

test.each([
  ['NUL', '"a\\0b"'],
  ['half a pair', '"a\\ud800b"'],
])('an artifact whose manifest holds %s is refused with the place', async (_what, text) => {
  const manifest = `name: app\nversion: 1.0.0\nkind: application\ndescription: ${text}\n`;
  const headers = { 'content-type': 'application/x-tar', authorization: `Bearer ${testTokens.admin}` };
  const body = artifactTar(manifest);
  const answer = await request(`${api.address}/api/v1/artifacts`, { method: 'POST', headers, body });
  expect([answer.statusCode, await answer.body.json()]).toMatchObject([
    400,
    { code: 'MALFORMED_ARTIFACT', detail: expect.stringContaining('artifact.yaml:4') as unknown },
  ]);
});

test.each([
  ['parentheses', `${'('.repeat(950)}labels.a == "b"${')'.repeat(950)}`],
  ['negations', `${'!'.repeat(1_900)}labels.a == "b"`],
  ['alternatives', Array.from({ length: 140 }, () => 'labels.a=="b"').join('||')],
])('a selector of as many %s as may be is refused or evaluated', async (what, select) => {
  const created = await ask('POST', '/api/v1/deployments', json, JSON.stringify({ name: what, select }));
  expect([201, 400]).toContain(created.status);
  expect((await ask('GET', `/api/v1/deployments/${what}`, {})).status).toBeLessThan(500);
});
