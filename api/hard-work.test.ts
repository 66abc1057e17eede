/** Work that takes long is done beside the api: it serves others meanwhile, and ends what is too hard with a reason. */
import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { request } from 'undici';
import { puzzle } from '../domain/resolver/testing/puzzle.js';
import { addGateways, addNode, profileOf } from '../tests/support/test-repositories.js';
import { artifactTar, testApi, testTokens, type TestApi } from '../tests/support/test-api.js';
import { testPlanning } from '../tests/support/test-pool.js';

const hard = puzzle();
const narrow = { hardware: { arch: 'armv7', ...hard.hardware } };
const wide = { hardware: { arch: 'armv7', diskFree: 1e12, memoryFree: 1e12 } };
/** Nothing here asks for a workflow. */
const noTemporal = '127.0.0.1:1';

async function call(api: TestApi, path: string, body: object | Buffer, signal: AbortSignal | null = null) {
  const answer = await request(`${api.address}/api/v1${path}`, {
    method: 'POST',
    signal,
    headers: {
      authorization: `Bearer ${testTokens.admin}`,
      'content-type': Buffer.isBuffer(body) ? 'application/x-tar' : 'application/json',
    },
    body: Buffer.isBuffer(body) ? body : JSON.stringify(body),
  });
  return { status: answer.statusCode, body: (await answer.body.json()) as Record<string, unknown> };
}

async function apiWithPuzzle(planning: typeof testPlanning): Promise<TestApi> {
  const api = await testApi(noTemporal, { planning });
  const { artifacts, deployments } = api.repositories;
  for (const manifest of hard.artifacts) await artifacts.add(manifest, []);
  await addNode(api.repositories, 'node-1');
  await addGateways(api.repositories, [profileOf('narrow', narrow), profileOf('wide', wide)]);
  await deployments.create('both', { gatewayIds: ['narrow', 'wide'], selector: null });
  return api;
}

async function health(api: TestApi): Promise<number> {
  const answer = await request(`${api.address}/healthz`);
  await answer.body.dump();
  return answer.statusCode;
}

describe('within the time that there is', () => {
  let api: TestApi;

  beforeAll(async () => {
    api = await apiWithPuzzle(testPlanning);
  }, 60_000);

  afterAll(async () => api.close());

  test('a dry run of a puzzle ends with a reason', async () => {
    expect(await call(api, '/plans', { requests: ['puzzle'], gatewayId: 'narrow' })).toMatchObject({
      status: 422,
      body: {
        code: 'PLANNING_TOO_HARD',
        detail: expect.stringContaining('No plan that installs puzzle was found'),
      },
    });
  });

  test('the caller says how long a dry run may compute', async () => {
    const asked = { requests: ['puzzle'], gatewayId: 'narrow' };
    expect(await call(api, '/plans', { ...asked, budgetSeconds: 0.1 })).toMatchObject({
      status: 422,
      body: { code: 'PLANNING_TOO_HARD' },
    });
    for (const budgetSeconds of [0, -1, 1e9, 'soon'])
      expect(await call(api, '/plans', { ...asked, budgetSeconds })).toMatchObject({
        status: 400,
        body: { code: 'MALFORMED_INPUT' },
      });
  });

  test('a dry run for a fleet plans for all but those for whom it is a puzzle', async () => {
    expect(await call(api, '/plans', { requests: ['puzzle'], deployment: 'both' })).toMatchObject({
      status: 200,
      body: {
        gateways: 2,
        incompatible: 0,
        undecided: 1,
        groups: expect.arrayContaining([
          expect.objectContaining({ sample: ['narrow'], plans: [], undecided: true }),
          expect.objectContaining({ sample: ['wide'], explanation: null, undecided: false }),
        ]),
      },
    });
  });

  test.each([
    [
      'anchors that a parser takes minutes to look through',
      Array.from({ length: 45_000 }, (_none, index) => `- &a${index} x\n- *a${index}`).join('\n'),
    ],
    ['nesting that overflows whatever reads it', '- '.repeat(500_000)],
  ])(
    'a manifest with %s is refused with a reason, and nothing is kept',
    async (_what, manifest) => {
      const answer = await call(api, '/artifacts', artifactTar(manifest));
      expect(answer).toMatchObject({
        status: 422,
        body: {
          code: 'COMPUTATION_TOO_HARD',
          detail: expect.stringContaining('reading artifact.yaml takes more than the'),
        },
      });
      expect(await health(api)).toBe(200);
      expect(await readdir(`${api.blobRoot}/staging`)).toEqual([]);
    },
    60_000,
  );
});

test('others are served while a puzzle is worked on, and a caller that goes takes its work along', async () => {
  const api = await apiWithPuzzle({ groupMs: 600_000, totalMs: 600_000 });
  try {
    const caller = new AbortController();
    let ended = false;
    const solving = call(api, '/plans', { requests: ['puzzle'], gatewayId: 'narrow' }, caller.signal)
      .catch(() => 'gone')
      .finally(() => (ended = true));
    expect(await health(api)).toBe(200);
    expect(await call(api, '/plans', { requests: ['puzzle'], gatewayId: 'wide' })).toMatchObject({
      status: 200,
      body: { gateways: 1, incompatible: 0, undecided: 0 },
    });
    const manifest = 'name: other\nversion: 1.0.0\nkind: application\n';
    expect((await call(api, '/artifacts', artifactTar(manifest))).status).toBe(201);
    expect(ended).toBe(false);
    caller.abort();
    expect(await solving).toBe('gone');
    // What it was given is free again: so many more would have to wait for it otherwise.
    for (let more = 0; more < 2; more += 1)
      expect((await call(api, '/plans', { requests: ['puzzle'], gatewayId: 'wide' })).status).toBe(200);
  } finally {
    await api.close();
  }
}, 60_000);
