/** What gateways send that cannot be stored: it is refused, or cleaned, and fails nobody else. */
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { request } from 'undici';
import { ProfileUpdateSchema, ReportsRequestSchema } from '../../domain/agent-protocol/messages.js';
import { formatDeliveryId } from '../../domain/delivery/delivery-id.js';
import { limits } from '../../domain/limits.js';
import { hostileRequests } from '../../tests/support/hostile-texts.js';
import {
  addRollout,
  offerPackage,
  planOf,
  testRepositories,
  type TestRepositories,
} from '../../tests/support/test-repositories.js';
import { type DeviceBed, serveDevices } from '../../tests/support/device-bed.js';
import { issueGatewayToken } from '../gateway-token.js';

let repositories: TestRepositories;
let bed: DeviceBed;
let address: string;
let gateway: { id: string; token: string };
let stranger: { id: string; token: string };
let rolloutId: string;

beforeAll(async () => {
  repositories = await testRepositories();
  bed = await serveDevices(repositories);
  ({ address } = bed);
}, 60_000);

afterAll(async () => {
  await bed.close();
  await repositories.close();
});

beforeEach(async () => {
  gateway = await bed.enrol();
  stranger = await bed.enrol();
  rolloutId = await addRollout(repositories, ['thermometer'], [gateway.id]);
  const content = { digest: 'd1'.repeat(32), sizeBytes: 10 };
  await offerPackage(repositories, rolloutId, { plan: planOf(), content });
});

async function call(
  method: 'GET' | 'POST' | 'PUT',
  path: string,
  token: string,
  { body, headers = {} }: { body?: unknown; headers?: Record<string, string> } = {},
): Promise<{ status: number; body: Record<string, unknown> }> {
  const answer = await request(`${address}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await answer.body.text();
  const isJson = String(answer.headers['content-type']).includes('json');
  return { status: answer.statusCode, body: (isJson ? JSON.parse(text) : {}) as Record<string, unknown> };
}

const tasks = (token: string) => call('GET', '/device/v1/tasks', token);
const report = (token: string, reports: unknown[]) =>
  call('POST', '/device/v1/reports', token, { body: { reports } });
const state = (sequence: number, value: string) => ({
  deliveryId: formatDeliveryId({ rolloutId, ordinal: 0 }),
  sequence,
  state: value,
});

test('what cannot be stored in one report of many is refused with it, and the others are taken', async () => {
  const bad = { ...state(1, 'downloading'), stateDigest: 'a\0b' };
  const answer = await report(gateway.token, [bad, null, 'x', state(2, 'downloading'), { sequence: 3 }]);
  expect(answer.status).toBe(200);
  const outcomes = answer.body['outcomes'] as { sequence: number; outcome: string; reason?: string }[];
  expect(outcomes.map(({ sequence, outcome }) => [sequence, outcome])).toEqual([
    [1, 'refused'],
    [0, 'refused'],
    [0, 'refused'],
    [3, 'refused'],
    [2, 'applied'],
  ]);
  expect(outcomes[0]?.reason).toContain('stateDigest: must be valid Unicode without NUL');
});

test('what cannot be stored alone is refused for good', async () => {
  expect(await report(gateway.token, [{ ...state(1, 'downloading'), at: '\ud800' }])).toMatchObject({
    status: 400,
    body: { code: 'MALFORMED_INPUT', retryable: false, details: { outcomes: [{ outcome: 'refused' }] } },
  });
});

test('what cannot be stored of what a program printed is replaced, and cut to size', async () => {
  const error = { class: 'script', step: `st\0p${'x'.repeat(100)}`, message: 'a\0b\ud800 and \u{1F600}' };
  const end = { ...state(1, 'failed'), error, detail: 'y'.repeat(20_000) };
  expect(await report(gateway.token, [end])).toMatchObject({
    status: 200,
    body: { outcomes: [{ outcome: 'applied', state: 'failed' }] },
  });
  const history = await repositories.deliveries.history({ rolloutId, ordinal: 0 });
  expect(history?.at(-1)).toMatchObject({
    reports: [
      {
        detail: 'y'.repeat(limits.reportDetailBytes),
        error: { step: `st\ufffdp${'x'.repeat(60)}`, message: 'a\ufffdb\ufffd and \u{1F600}' },
      },
    ],
  });
});

test("a token that claims a name which none can have is nobody's", async () => {
  for (const id of ['a\0b', 'x'.repeat(140), '', 'a b']) {
    expect((await tasks(issueGatewayToken(id).token)).status).toBe(401);
  }
});

test('a text that is none fails no route, wherever it stands, and nobody who asks at the same moment', async () => {
  const asked = [
    { method: 'PUT', path: '/device/v1/profile', schema: ProfileUpdateSchema },
    { method: 'POST', path: '/device/v1/reports', schema: ReportsRequestSchema },
  ] as const;
  for (const { method, path, schema } of asked) {
    const hostile = hostileRequests({ body: schema }, { id: gateway.id });
    expect(hostile.length).toBeGreaterThan(50);
    const answers = await Promise.all(
      hostile.map(async ({ place, text, body }) => {
        const [{ status }, other] = await Promise.all([
          call(method, path, gateway.token, { body }),
          tasks(stranger.token),
        ]);
        return { place, text: text.slice(0, 9), status, other: other.status };
      }),
    );
    expect(answers.filter(({ status, other }) => status >= 500 || other !== 200)).toEqual([]);
  }
});

test.each([
  ['PATCH', '/device/v1/tasks', 405],
  ['POST', '/device/v1/packages/x', 405],
])('%s of %s is no method there', async (method, path, status) => {
  const answer = await request(`${address}${path}`, { method: method as 'POST' });
  await answer.body.dump();
  expect([answer.statusCode, answer.headers['allow']]).toEqual([status, 'GET, HEAD']);
});

test('reports as text are no reports', async () => {
  const headers = { 'content-type': 'text/plain' };
  expect(await call('POST', '/device/v1/reports', gateway.token, { body: '{}', headers })).toMatchObject({
    status: 415,
    body: { code: 'UNSUPPORTED_MEDIA_TYPE' },
  });
});
