/**
 * What was planned for a gateway while it was away: two rollouts that want different versions of a library, an uninstall
 * before a rollout that builds on what goes. Real agent, real workflows: the end is right, or told as failed.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { startAgent, type RunningAgent } from '../agent/start-agent.js';
import { shortTimes } from '../agent/testing/test-agent.js';
import type { NamedRange } from '../domain/artifact/manifest.js';
import { tick, type InProcessLeonore } from './support/in-process-leonore.js';
import { inProcessStack, type InProcessStack } from './support/in-process-stack.js';
import { testTokens, type TestApi } from './support/test-api.js';
import { deliveryOf, endOfOrder, uninstall } from './support/work-on-stack.js';

const patienceSeconds = 120;

let stack: InProcessStack;
let api: TestApi;
let leonore: InProcessLeonore;
let directory: string;
let agent: RunningAgent | null = null;

beforeAll(async () => {
  stack = await inProcessStack('anew');
  ({ api, leonore, directory } = stack);
  const lib = (version: string) => publish('lib', version, 'library');
  const tool = (name: string, requires: NamedRange[]) => publish(name, '1.0.0', 'application', requires);
  await lib('1.0.0');
  await lib('2.0.0');
  await tool('old', [{ name: 'lib', version: '^1' }]);
  await tool('new', [{ name: 'lib', version: '^2' }]);
  await tool('any', [{ name: 'lib', version: '>=1' }]);
  for (const version of ['1.0.0', '2.0.0', '3.0.0', '4.0.0']) await publish('app', version, 'application');
}, 15 * 60_000);

afterAll(async () => {
  await stack.close();
}, 300_000);

afterEach(async () => {
  await agent?.close();
  agent = null;
});

async function publish(
  name: string,
  version: string,
  kind: 'application' | 'library',
  requires: NamedRange[] = [],
): Promise<void> {
  const start = kind === 'application' ? { control: { start: 'start.sh' } } : {};
  await leonore.builder.publish(
    { name, version, kind, requires, ...start },
    { 'start.sh': `# ${name} ${version}\nexec sleep 1000\n` },
  );
}

async function arrive(id: string): Promise<void> {
  agent = await startAgent({
    server: api.address,
    root: join(directory, id),
    enrolmentToken: testTokens.enrolment,
    id,
    mac: `02:00:00:00:00:${id.slice(-2)}`,
    intervalSeconds: 1,
    times: shortTimes,
  });
  const { gateways } = api.repositories;
  while ((await gateways.list(500, null)).items.every((gateway) => gateway.id !== id)) await tick();
}

async function goAway(): Promise<void> {
  await agent?.close();
  agent = null;
}

/** Asks for a rollout and waits until the gateway has been offered what was planned for it. */
async function queue(request: string, id: string): Promise<string> {
  const rolloutId = await leonore.request(request, [id], patienceSeconds);
  while ((await api.repositories.rollouts.counts(rolloutId)).offered === 0) await tick();
  return rolloutId;
}

async function provision(request: string, id: string): Promise<void> {
  const rollout = await leonore.ended(await leonore.request(request, [id], patienceSeconds));
  expect(rollout.state).toBe('succeeded');
}

async function installed(id: string): Promise<string[]> {
  const { profile } = await api.repositories.gateways.get(id);
  const told = (profile.installed ?? []).map(({ name, version }) => `${name}@${version}`).sort();
  const names = await readdir(join(directory, id, 'container/store'));
  expect(names.sort()).toEqual(told.map((key) => key.slice(0, key.indexOf('@'))));
  return told;
}

describe('a gateway that was away', () => {
  test('is not broken by the second of two rollouts that need different versions of a library', async () => {
    await arrive('gw-anew-01');
    await goAway();
    const [first, second] = [await queue('old', 'gw-anew-01'), await queue('new', 'gw-anew-01')];
    await arrive('gw-anew-01');
    expect(await deliveryOf(stack, first)).toMatchObject({ state: 'succeeded' });
    expect(await deliveryOf(stack, second)).toMatchObject({
      state: 'incompatible',
      explanation: expect.stringContaining('takes away old@1.0.0') as unknown,
    });
    expect(await installed('gw-anew-01')).toEqual(['lib@1.0.0', 'old@1.0.0']);
  }, 300_000);

  test('gets what both can live with when there is such a thing', async () => {
    await arrive('gw-anew-02');
    await goAway();
    const [first, second] = [await queue('any', 'gw-anew-02'), await queue('old', 'gw-anew-02')];
    await arrive('gw-anew-02');
    expect(await deliveryOf(stack, first)).toMatchObject({ state: 'succeeded' });
    expect(await deliveryOf(stack, second)).toMatchObject({ state: 'succeeded' });
    expect(await installed('gw-anew-02')).toEqual(['any@1.0.0', 'lib@1.0.0', 'old@1.0.0']);
  }, 300_000);

  test('through three versions installs the last alone, and the older rollouts end', async () => {
    await arrive('gw-anew-05');
    await provision('app@1', 'gw-anew-05');
    await goAway();
    const [first, second, third] = [
      await queue('app@2', 'gw-anew-05'),
      await queue('app@3', 'gw-anew-05'),
      await queue('app@4', 'gw-anew-05'),
    ];
    for (const [older, newer] of [
      [first, second],
      [second, third],
    ] as const) {
      expect(await deliveryOf(stack, older)).toMatchObject({
        state: 'superseded',
        error: { rolloutId: newer },
      });
      expect((await leonore.ended(older)).state).toBe('superseded');
    }
    await arrive('gw-anew-05');
    expect(await deliveryOf(stack, third)).toMatchObject({ state: 'succeeded' });
    expect(await installed('gw-anew-05')).toEqual(['app@4.0.0']);
  }, 300_000);

  test('is not taken back to what is older, unless that is asked for', async () => {
    await arrive('gw-anew-06');
    await provision('app@3', 'gw-anew-06');
    const refused = await leonore.request('app@2', ['gw-anew-06'], patienceSeconds);
    expect(await deliveryOf(stack, refused)).toMatchObject({
      state: 'incompatible',
      explanation: expect.stringContaining('--allow-downgrade') as unknown,
    });
    expect(await installed('gw-anew-06')).toEqual(['app@3.0.0']);
  }, 300_000);

  test('gets a library again that an order before the rollout took away', async () => {
    await arrive('gw-anew-03');
    await provision('lib@^1', 'gw-anew-03');
    await goAway();
    const order = await uninstall(stack, 'lib', 'gw-anew-03');
    const rollout = await queue('old', 'gw-anew-03');
    await arrive('gw-anew-03');
    expect(await endOfOrder(stack, order)).toMatchObject({ state: 'succeeded' });
    expect(await deliveryOf(stack, rollout)).toMatchObject({ state: 'succeeded' });
    expect(await installed('gw-anew-03')).toEqual(['lib@1.0.0', 'old@1.0.0']);
  }, 300_000);

  test('keeps a library that an order after the rollout would take away', async () => {
    await arrive('gw-anew-04');
    await provision('lib@^1', 'gw-anew-04');
    await goAway();
    const rollout = await queue('old', 'gw-anew-04');
    const order = await uninstall(stack, 'lib', 'gw-anew-04');
    await arrive('gw-anew-04');
    expect(await deliveryOf(stack, rollout)).toMatchObject({ state: 'succeeded' });
    expect(await endOfOrder(stack, order)).toMatchObject({
      state: 'failed',
      error: { code: 'ARTIFACT_NEEDED' },
    });
    expect(await installed('gw-anew-04')).toEqual(['lib@1.0.0', 'old@1.0.0']);
  }, 300_000);

  test('is cleared of dependencies with what needed them last', async () => {
    await arrive('gw-anew-07');
    await provision('old', 'gw-anew-07');
    await provision('any', 'gw-anew-07');
    expect(await endOfOrder(stack, await uninstall(stack, 'old', 'gw-anew-07'))).toMatchObject({
      state: 'succeeded',
    });
    expect(await installed('gw-anew-07')).toEqual(['any@1.0.0', 'lib@1.0.0']);
    expect(await endOfOrder(stack, await uninstall(stack, 'any', 'gw-anew-07'))).toMatchObject({
      state: 'succeeded',
    });
    expect(await installed('gw-anew-07')).toEqual([]);
  }, 300_000);
});
