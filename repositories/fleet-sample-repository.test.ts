import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { sampleSteps } from '../domain/gateway/fleet-samples.js';
import {
  addGateways,
  addNode,
  profileOf,
  testRepositories,
  type TestRepositories,
} from '../tests/support/test-repositories.js';

let repositories: TestRepositories;

beforeAll(async () => {
  repositories = await testRepositories();
  await addNode(repositories, 'node-1');
  await addGateways(repositories, [
    profileOf('gw-1', { installed: [{ name: 'app', version: '1.0.0' }] }),
    profileOf('gw-2', { installed: [{ name: 'lib', version: '1.0.0' }] }),
    profileOf('gw-3', { installed: [{ name: 'lib', version: '1.0.0' }] }),
  ]);
  while (!(await repositories.facets.fold()));
}, 60_000);

afterAll(() => repositories.close());

beforeEach(async () => {
  await repositories.database.$executeRaw`DELETE FROM fleet_sample`;
});

const always = { from: new Date(0), to: new Date('2100-01-01'), artifact: null };
const many = { most: 500, versions: 30 };

describe('a sample of the fleet', () => {
  test('says how it stands and what it has; the next one is not due yet', async () => {
    const { fleetSamples } = repositories;
    expect(await fleetSamples.take()).toBe(true);
    expect(await fleetSamples.take()).toBe(false);
    const lib = { name: 'lib', version: '1.0.0', gateways: 2 };
    const app = { name: 'app', version: '1.0.0', gateways: 1 };
    const [sample, ...others] = await fleetSamples.list(always, many);
    expect(others).toEqual([]);
    expect(sample).toMatchObject({ gateways: 3, conditions: { online: 3, silent: 0 }, versions: [lib, app] });
    expect(await fleetSamples.list({ ...always, artifact: 'app' }, many)).toMatchObject([
      { versions: [app] },
    ]);
    expect(await fleetSamples.list({ ...always, to: new Date(1) }, many)).toEqual([]);
  });

  test('is taken although the clock was set back since the last one', async () => {
    await repositories.database.$executeRaw`
      INSERT INTO fleet_sample (at, gateways, conditions, versions, counted_ms)
      VALUES (now() + interval '1 day', 1, '{}', '[]', 1)`;
    expect(await repositories.fleetSamples.take()).toBe(true);
  });
});

test('the older samples are, the fewer stay; they are never more than some thousand', async () => {
  const { database, fleetSamples } = repositories;
  await database.$executeRaw`
    INSERT INTO fleet_sample (at, gateways, conditions, versions, counted_ms)
    SELECT date_trunc('minute', now()) - n * interval '5 minutes', n, '{}', '[]', 1
    FROM generate_series(1, 70 * 288) AS n`;
  await fleetSamples.thin();
  const samples = await fleetSamples.list(always, { most: 100_000, versions: 1 });
  const agesSeconds = samples.map(({ at }) => (Date.now() - at.getTime()) / 1_000);
  for (const [index, { olderThanSeconds, stepSeconds }] of sampleSteps.entries()) {
    if (stepSeconds === null) continue;
    const until = sampleSteps[index + 1]?.olderThanSeconds ?? Infinity;
    const ofStep = agesSeconds.filter((age) => age > olderThanSeconds && age <= until);
    const spanSeconds = Math.min(until, 70 * 86_400) - olderThanSeconds;
    expect(ofStep.length).toBeLessThanOrEqual(spanSeconds / stepSeconds + 2);
    expect(ofStep.length).toBeGreaterThanOrEqual(Math.floor(spanSeconds / stepSeconds) - 2);
  }
  const [first] = samples;
  const shown = await fleetSamples.list(always, { most: 50, versions: 1 });
  expect(shown).toHaveLength(50);
  expect(shown.at(-1)?.at).toEqual(samples.at(-1)?.at);
  expect(first).toBeDefined();
}, 60_000);
