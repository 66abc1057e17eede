/** What the API says of what is away: of a rollout that waits for it, and to whoever needs it now. */
import { rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { request } from 'undici';
import { artifactTar, testApi, testTokens, type TestApi } from '../tests/support/test-api.js';
import { RolloutViews } from './rollout-view.js';

/** Nothing listens there. */
const nowhere = '127.0.0.1:1';

let api: TestApi;
let rolloutId: string;

beforeAll(async () => {
  api = await testApi(nowhere);
  const { deployments, rollouts } = api.repositories;
  await deployments.create('site', { gatewayIds: [], selector: 'labels.site == "a"' });
  const { id } = await rollouts.create({
    requests: ['app'],
    target: { deployment: 'site' },
    options: { deadlineSeconds: 60 },
    idempotencyKey: null,
    requestDigest: '',
  });
  rolloutId = id;
}, 60_000);

afterAll(() => api.close());

const authorization = `Bearer ${testTokens.admin}`;
const get = (path: string) => request(`${api.address}${path}`, { headers: { authorization } });

/** Views of an API that reaches Temporal, or not. */
function views(isReachable: boolean): RolloutViews {
  return new RolloutViews({ isReachable: async () => isReachable }, () => null);
}

describe('a rollout', () => {
  test('says what it waits for, until its workflow begins anew', async () => {
    const { rollouts } = api.repositories;
    await rollouts.waitsFor(rolloutId, 'the blob store');
    for (const shown of [
      await views(true).whole(rollouts, rolloutId),
      await views(true).progress(rollouts, rolloutId),
    ])
      expect(shown).toMatchObject({ waitingFor: 'the blob store' });
    await rollouts.workflowStarted(rolloutId);
    expect(await views(true).whole(rollouts, rolloutId)).toMatchObject({ waitingFor: null });
  });

  test('waits for Temporal whatever was noted before', async () => {
    const away = views(false);
    const { rollouts } = api.repositories;
    await rollouts.waitsFor(rolloutId, 'the blob store');
    // The first look asks beside; the next one knows.
    await away.progress(rollouts, rolloutId);
    expect(await away.progress(rollouts, rolloutId)).toMatchObject({ waitingFor: 'Temporal' });
  });

  test('shows what happened to it; mends are counted', async () => {
    const { rollouts } = api.repositories;
    const detail = { what: 'its workflow was gone and begins anew' };
    await rollouts.note(rolloutId, 'mended', detail);
    await rollouts.note(rolloutId, 'node-lost', { nodeId: 'node-9' });
    expect(await views(true).whole(rollouts, rolloutId)).toMatchObject({
      events: [
        { kind: 'mended', detail, at: expect.stringMatching(/Z$/) },
        { kind: 'node-lost', detail: { nodeId: 'node-9' } },
      ],
    });
    expect(await (await get('/metrics')).body.text()).toMatch(/^leonore_mends_total 1$/m);
  });

  test('that has ended waits for nothing', async () => {
    const { rollouts } = api.repositories;
    await rollouts.end(rolloutId, null);
    const away = views(false);
    await away.progress(rollouts, rolloutId);
    expect(await away.progress(rollouts, rolloutId)).toMatchObject({ state: 'failed', waitingFor: null });
  });
});

test('while the blob store is away an artifact is refused with when to come again', async () => {
  // Nobody can make files there.
  await symlink('/sys/kernel', join(api.blobRoot, 'staging'));
  const refused = await request(`${api.address}/api/v1/artifacts`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/x-tar' },
    body: artifactTar('name: app\nversion: 1.0.0\nkind: application\n'),
  });
  await rm(join(api.blobRoot, 'staging'));
  expect(refused.statusCode).toBe(503);
  expect(refused.headers['retry-after']).toBeDefined();
  expect(await refused.body.json()).toMatchObject({ code: 'BLOBS_UNAVAILABLE', retryable: true });
});
