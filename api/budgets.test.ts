/** Nobody takes from others what they need: requests, streams and computing are counted by whom they are for. */
import { setMaxListeners } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { request } from 'undici';
import { puzzle } from '../domain/resolver/testing/puzzle.js';
import { limits } from '../domain/limits.js';
import { addGateways, addNode, addRollout, profileOf } from '../tests/support/test-repositories.js';
import { artifactTar, testApi, testTokens, type TestApi } from '../tests/support/test-api.js';

/** Nothing here asks for a workflow. */
const noTemporal = '127.0.0.1:1';
const hard = puzzle();

async function ask(
  api: TestApi,
  path: string,
  token: string | null,
  {
    body,
    signal = null,
    type = 'application/json',
    headers = {},
  }: {
    body?: Buffer | string;
    signal?: AbortSignal | null;
    type?: string;
    headers?: Record<string, string>;
  } = {},
) {
  const answer = await request(`${api.address}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    signal,
    headers: {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': type }),
      ...headers,
    },
    ...(body === undefined ? {} : { body }),
  });
  const text = await answer.body.text();
  const isProblem = String(answer.headers['content-type']).startsWith('application/problem+json');
  return {
    status: answer.statusCode,
    code: isProblem ? (JSON.parse(text) as { code: string }).code : null,
    retryAfter: Number(answer.headers['retry-after'] ?? 0),
  };
}

/** What so many requests at once are answered, by status. */
async function statuses(count: number, one: (index: number) => Promise<{ status: number }>) {
  const answers = await Promise.all(Array.from({ length: count }, (_none, index) => one(index)));
  const counts: Record<number, number> = {};
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

describe('requests', () => {
  let api: TestApi;

  beforeAll(async () => {
    api = await testApi(noTemporal, { budgets: { caller: 20, address: 100 }, trustProxy: true });
    await addNode(api.repositories, 'node-1');
  }, 60_000);
  afterAll(() => api.close());

  test('of one token are answered until its budget is used up; others go on; then those of the address are', async () => {
    const list = (token: string) => ask(api, '/api/v1/nodes', token);
    expect(await statuses(25, () => list(testTokens.viewer))).toEqual({ 200: 20, 429: 5 });
    const refused = await list(testTokens.viewer);
    expect(refused).toMatchObject({ status: 429, code: 'TOO_MANY_REQUESTS' });
    expect(refused.retryAfter).toBeGreaterThanOrEqual(1);
    expect(refused.retryAfter).toBeLessThanOrEqual(limits.budgetWindowMs / 1_000);
    expect((await list(testTokens.admin)).status).toBe(200);

    // Gateways share the token that they enrol with: it has no budget of its own.
    const enrol = (index: number) =>
      ask(api, '/device/v1/register', testTokens.enrolment, {
        body: JSON.stringify({ profile: profileOf(`gw-${index}`) }),
      });
    expect(await statuses(30, enrol)).toEqual({ 200: 30 });

    // Invented tokens, and addresses where nothing is, are counted as well: 57 requests were sent until here.
    expect(await statuses(23, (index) => list(`invented-${index}`))).toEqual({ 401: 23 });
    expect(await statuses(40, () => ask(api, '/nothing', null))).toEqual({ 404: 20, 429: 20 });
    expect((await ask(api, '/healthz', null)).status).toBe(429);
  });

  test('behind a proxy are those of the address that it has seen, whatever the caller has written before', async () => {
    const headers = (invented: string) => ({ 'x-forwarded-for': `${invented}, 192.0.2.7` });
    const nothing = (index: number) =>
      ask(api, '/nothing', null, { headers: headers(`198.51.100.${index}`) });
    expect(await statuses(110, nothing)).toEqual({ 404: 100, 429: 10 });
  });

  test('behind a proxy open no address to notices that the connection does not come from', async () => {
    const inside = 'http://127.0.0.2:5432/';
    const profile = profileOf('gw-inside', { strategies: ['push'] });
    for (const forwarded of ['127.0.0.2', '192.0.2.8, 127.0.0.2', '127.0.0.2, 192.0.2.8']) {
      const answer = await ask(api, '/device/v1/register', testTokens.enrolment, {
        body: JSON.stringify({ profile, pushAddress: inside }),
        headers: { 'x-forwarded-for': forwarded },
      });
      expect(answer).toMatchObject({ status: 400, code: 'MALFORMED_INPUT' });
    }
  });
});

describe('streams', () => {
  test('of one caller are so many at most: others still get theirs', async () => {
    const api = await testApi(noTemporal);
    await addNode(api.repositories, 'node-1');
    await addGateways(api.repositories, [profileOf('gw-1')]);
    const id = await addRollout(api.repositories, ['app'], ['gw-1']);
    const done = new AbortController();
    setMaxListeners(0, done.signal);
    const open = async (token: string): Promise<number> => {
      const answer = await request(`${api.address}/api/v1/rollouts/${id}/events`, {
        signal: done.signal,
        headers: { authorization: `Bearer ${token}` },
      });
      answer.body.on('error', () => undefined).resume();
      return answer.statusCode;
    };
    try {
      const watchers = await Promise.all(Array.from({ length: 150 }, () => open(testTokens.viewer)));
      expect(watchers.filter((status) => status === 200)).toHaveLength(limits.streams.ofOne);
      expect(watchers.filter((status) => status === 429)).toHaveLength(150 - limits.streams.ofOne);
      expect(await open(testTokens.admin)).toBe(200);
    } finally {
      done.abort();
      await api.close();
    }
  }, 60_000);
});

test('computing for one caller, however much, leaves room for the others', async () => {
  const api = await testApi(noTemporal, { planning: { groupMs: 600_000, totalMs: 600_000 } });
  const gone = new AbortController();
  setMaxListeners(0, gone.signal);
  try {
    const { artifacts } = api.repositories;
    for (const manifest of hard.artifacts) await artifacts.add(manifest, []);
    await addNode(api.repositories, 'node-1');
    await addGateways(api.repositories, [
      profileOf('narrow', { hardware: { arch: 'armv7', ...hard.hardware } }),
      profileOf('wide', { hardware: { arch: 'armv7', diskFree: 1e12, memoryFree: 1e12 } }),
    ]);
    const plan = (token: string, gatewayId: string, signal: AbortSignal | null = null) =>
      ask(api, '/api/v1/plans', token, { body: JSON.stringify({ requests: ['puzzle'], gatewayId }), signal });
    const ended: string[] = [];
    const puzzles = Array.from({ length: limits.computationsOfOne + 4 }, () =>
      plan(testTokens.viewer, 'narrow', gone.signal).then(
        ({ status }) => void ended.push(String(status)),
        () => undefined,
      ),
    );
    // Both kinds of work, by others and in the middle of it.
    expect((await plan(testTokens.admin, 'wide')).status).toBe(200);
    const manifest = 'name: other\nversion: 1.0.0\nkind: application\n';
    const added = await ask(api, '/api/v1/artifacts', testTokens.admin, {
      body: artifactTar(manifest),
      type: 'application/x-tar',
    });
    expect(added.status).toBe(201);
    // None of them has been solved; those beyond what one caller may have were refused at once.
    expect(ended).toEqual(['429', '429', '429', '429']);
    gone.abort();
    await Promise.all(puzzles);
  } finally {
    gone.abort();
    await api.close();
  }
}, 60_000);
