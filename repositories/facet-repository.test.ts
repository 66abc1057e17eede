/** The numbers that are kept say what counting the gateways says, whatever happens to them. */
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { toldValues } from '../domain/gateway/facets.js';
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
  await addNode(repositories, 'node-2');
}, 60_000);

afterAll(() => repositories.close());

beforeEach(async () => {
  await repositories.database.$executeRaw`DELETE FROM gateway`;
  await repositories.facets.fold();
});

/** What counting one by one says; the filter holds for all. */
async function counted() {
  const { facets } = await repositories.facets.ofGateways({ text: 'gw-' });
  return facets;
}

async function kept() {
  const { facets } = await repositories.facets.ofGateways({});
  return facets;
}

const apps = ['app', 'lib'] as const;
const change = fc.record({
  gateway: fc.integer({ min: 0, max: 4 }),
  kind: fc.constantFrom('installed', 'labels', 'node', 'queued', 'decommissioned', 'seen', 'removed', 'fold'),
  name: fc.constantFrom(...apps),
  version: fc.constantFrom('1.0.0', '2.0.0'),
});

async function make({
  gateway,
  kind,
  name,
  version,
}: typeof change extends fc.Arbitrary<infer T> ? T : never) {
  const { database, facets } = repositories;
  const id = `gw-${String(gateway)}`;
  switch (kind) {
    case 'installed':
      // Reported twice, it is there once.
      return database.$executeRaw`
        UPDATE gateway SET installed = jsonb_build_array(jsonb_build_object('name', ${name}::text, 'version', ${version}::text),
          jsonb_build_object('name', ${name}::text, 'version', ${version}::text)) WHERE id = ${id}`;
    case 'labels':
      return database.$executeRaw`
        UPDATE gateway SET labels = jsonb_build_object(${name}::text, ${version}::text) WHERE id = ${id}`;
    case 'node':
      return database.$executeRaw`UPDATE gateway SET node_id = 'node-2' WHERE id = ${id}`;
    case 'queued':
      return database.$executeRaw`UPDATE gateway SET state = 'queued', node_id = NULL WHERE id = ${id}`;
    case 'decommissioned':
      return database.$executeRaw`UPDATE gateway SET state = 'decommissioned' WHERE id = ${id}`;
    case 'seen':
      return database.$executeRaw`UPDATE gateway SET last_seen_at = now() - interval '1 hour' WHERE id = ${id}`;
    case 'removed':
      return database.$executeRaw`DELETE FROM gateway WHERE id = ${id}`;
    case 'fold':
      return facets.fold(1);
  }
}

test('whatever happens to gateways', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(change, { maxLength: 12 }), async (changes) => {
      await repositories.database.$executeRaw`DELETE FROM gateway`;
      await addGateways(
        repositories,
        [0, 1, 2, 3, 4].map((n) => profileOf(`gw-${String(n)}`, { labels: { site: `s${String(n % 2)}` } })),
      );
      for (const one of changes) await make(one);
      while (!(await repositories.facets.fold()));
      expect(await kept()).toEqual(await counted());
    }),
    { numRuns: 25 },
  );
}, 60_000);

test('two that add up at once count nothing twice', async () => {
  await addGateways(
    repositories,
    Array.from({ length: 40 }, (_none, n) => profileOf(`gw-${String(n)}`)),
  );
  await Promise.all(Array.from({ length: 8 }, () => repositories.facets.fold(7)));
  while (!(await repositories.facets.fold()));
  expect((await kept()).state).toContainEqual({ value: 'online', count: 40 });
  await repositories.database.$executeRaw`DELETE FROM gateway`;
  await repositories.facets.fold();
  expect(await repositories.database.gatewayCount.count()).toBe(0);
});

test('of labels with many values those are told that most have', async () => {
  await addGateways(
    repositories,
    Array.from({ length: 60 }, (_none, n) =>
      profileOf(`gw-${String(n)}`, {
        labels: { serial: `s${String(n)}`, site: n < 40 ? 'big' : `s${String(n)}` },
      }),
    ),
  );
  await repositories.facets.fold();
  for (const { label } of [await kept(), await counted()]) {
    expect(label.map(({ key }) => key)).toEqual(['serial', 'site']);
    expect(label[0]?.values).toHaveLength(toldValues.labelValues);
    expect(label[1]?.values[0]).toEqual({ value: 'big', count: 40 });
  }
});

test('a part of the fleet is counted within its scope', async () => {
  await addGateways(repositories, [profileOf('gw-1'), profileOf('gw-2')]);
  await repositories.gateways.changeLabels('gw-1', { set: { building: 'b1' }, unset: [] });
  const { total, complete, facets } = await repositories
    .within(['labels.building == "b1"'])
    .facets.ofGateways({});
  expect({ total, complete, label: facets.label }).toEqual({
    total: 1,
    complete: true,
    label: [{ key: 'building', values: [{ value: 'b1', count: 1 }] }],
  });
});
