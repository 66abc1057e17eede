/** What migration 0009 makes of a database in the midst of its work. */
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { expectNumbersRight } from '../../tests/support/delivery-numbers.js';
import { startTestDatabase, type TestDatabase } from '../../tests/support/postgres.js';
import { connectDatabase, type Database } from '../database.js';
import { createRepositories, type Repositories } from '../repositories.js';
import { migrate } from './migrate.js';
import { migrationsDirectory, readMigrationFiles } from './migration-files.js';

const running = '10000000-0000-0000-0000-000000000000';
const ended = '20000000-0000-0000-0000-000000000000';
const built = '30000000-0000-0000-0000-000000000001';
const plannedGroup = '30000000-0000-0000-0000-000000000002';
const misfit = '30000000-0000-0000-0000-000000000003';
const openOrder = '40000000-0000-0000-0000-000000000001';
const doneOrder = '40000000-0000-0000-0000-000000000002';
const mixedOrder = '40000000-0000-0000-0000-000000000003';
const withdrawnOrder = '40000000-0000-0000-0000-000000000004';

/** Rows as the version before wrote them. */
const before = `
  INSERT INTO node (id, address, incarnation) VALUES ('node-1', 'http://127.0.0.1:1', gen_random_uuid());
  INSERT INTO gateway (id, profile, strategies, protocols, protocol, strategy, labels, installed, node_id, token_hash)
  SELECT 'gw-' || n, '{}', '{pull}', '{http}', 'http', 'pull', '{}', '[]', 'node-1', ''::bytea FROM generate_series(0, 12) AS n;
  UPDATE gateway SET state = 'decommissioned', node_id = NULL WHERE id = 'gw-12';
  INSERT INTO deployment (name, gateway_ids) VALUES ('all', '{}');
  INSERT INTO package (id, recipe, archive_digest, size_bytes, installed_bytes, artifacts, log, built_by)
  VALUES ('package', 'recipe', 'digest', 1, 1, '{}', '', 'node-1');
  INSERT INTO rollout (id, requests, deployment_id, state, request_digest, options, created_at, workflow_started_at, ended_at)
  SELECT r.id::uuid, '{thermometer}', d.id, r.state, 'digest', '{"deadlineSeconds": 600}', '2026-01-01', '2026-01-01', r.ended_at::timestamptz
  FROM deployment d, (VALUES ('${running}', 'running', NULL), ('${ended}', 'partly', '2026-01-02')) AS r(id, state, ended_at);
  INSERT INTO rollout_group (id, rollout_id, node_id, state, gateways, plans, plan_index, package_id, explanation) VALUES
    ('${built}', '${running}', 'node-1', 'built', 9,
     '[{"remove": ["other@1.0.0"], "removeFirst": false}, {"remove": ["old@1.0.0"], "removeFirst": true}]', 1, 'package', NULL),
    ('${plannedGroup}', '${running}', 'node-1', 'planned', 1, '[{}]', NULL, NULL, NULL),
    ('${misfit}', '${running}', 'node-1', 'incompatible', 1, '[]', NULL, NULL, 'no plan');
  INSERT INTO delivery (rollout_id, ordinal, gateway_id, node_id, group_id, chunk, slot, state, protocol, strategy, sequence,
                        deadline_at, ended_at)
  SELECT '${running}', d.ordinal, 'gw-' || d.ordinal, 'node-1', d.group_id::uuid, d.chunk, d.slot, d.state, 'http', 'pull', d.sequence,
         CASE WHEN d.chunk = 0 THEN timestamptz '2026-01-01 00:15' END, CASE WHEN d.ended THEN timestamptz '2026-01-01 00:07' END
  FROM (VALUES
    (0, '${built}', 0, 0, 'offered', 0, false),
    (1, '${built}', 0, 1, 'downloading', 1, false),
    (2, '${built}', 0, 2, 'succeeded', 3, true),
    (3, '${built}', 0, 3, 'lost', 0, true),
    (4, '${built}', 0, 4, 'cancelled', 0, true),
    (5, '${built}', 1, 0, 'pending', 0, false),
    (6, '${built}', 1, 1, 'failed', 0, true),
    (7, '${built}', NULL, NULL, 'pending', 0, false),
    (8, '${plannedGroup}', NULL, NULL, 'pending', 0, false),
    (9, '${misfit}', NULL, NULL, 'incompatible', 0, true),
    (10, NULL, NULL, NULL, 'pending', 0, false),
    (11, '${built}', NULL, NULL, 'succeeded', 0, true),
    (12, '${plannedGroup}', NULL, NULL, 'cancelled', 0, true)
  ) AS d(ordinal, group_id, chunk, slot, state, sequence, ended);
  INSERT INTO delivery (rollout_id, ordinal, gateway_id, node_id, group_id, chunk, slot, state, protocol, strategy, sequence, deadline_at, ended_at)
  SELECT '${ended}', n, 'gw-' || n, 'node-1', NULL, 0, n, CASE n WHEN 0 THEN 'succeeded' ELSE 'lost' END, 'http', 'pull', 0, '2026-01-02', '2026-01-02'
  FROM generate_series(0, 1) AS n;
  INSERT INTO delivery_event (rollout_id, ordinal, sequence, state, detail, received_at) VALUES
    ('${running}', 0, NULL, 'offered', NULL, '2026-01-01 00:05'),
    ('${running}', 1, 1, 'downloading', NULL, '2026-01-01 00:06'),
    ('${running}', 2, 1, 'downloading', NULL, '2026-01-01 00:06'),
    ('${running}', 2, 3, 'succeeded', '{"at": "2026-01-01T00:06:59Z", "detail": "started"}', '2026-01-01 00:07'),
    ('${running}', 3, NULL, 'lost', NULL, '2026-01-01 00:07'),
    ('${running}', 4, NULL, 'cancelled', NULL, '2026-01-01 00:07'),
    ('${running}', 6, NULL, 'failed', NULL, '2026-01-01 00:07'),
    ('${running}', 11, NULL, 'succeeded', '{"detail": "everything is installed already"}', '2026-01-01 00:07');
  INSERT INTO gateway_order (order_id, gateway_id, action, artifact, state, sequence, error, created_at, deadline_at, ended_at) VALUES
    ('${openOrder}', 'gw-1', 'uninstall', 'thermometer', 'installing', 2, NULL, '2026-01-01', '2026-01-01 01:00', NULL),
    ('${openOrder}', 'gw-0', 'uninstall', 'thermometer', 'offered', 0, NULL, '2026-01-01', '2026-01-01 01:00', NULL),
    ('${doneOrder}', 'gw-0', 'stop', 'thermometer', 'succeeded', 2, NULL, '2026-01-01', '2026-01-01 01:00', '2026-01-01 00:01'),
    ('${mixedOrder}', 'gw-0', 'start', 'thermometer', 'succeeded', 2, NULL, '2026-01-01', '2026-01-01 01:00', '2026-01-01 00:01'),
    ('${mixedOrder}', 'gw-12', 'start', 'thermometer', 'failed', 2, '{"code": "X"}', '2026-01-01', '2026-01-01 01:00', '2026-01-01 00:02'),
    ('${withdrawnOrder}', 'gw-0', 'start', 'thermometer', 'cancelled', 0, NULL, '2026-01-01', '2026-01-01 01:00', '2026-01-01 00:02');`;

let server: TestDatabase;
let directory: string;
let database: Database;
let repositories: Repositories;

beforeAll(async () => {
  server = await startTestDatabase();
  directory = await mkdtemp(join(tmpdir(), 'leonore-migrations-'));
  for (const { name } of await readMigrationFiles(migrationsDirectory())) {
    if (name < '0009')
      await cp(join(migrationsDirectory(), name), join(directory, name), { recursive: true });
  }
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  await client.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public');
  await migrate(client, { directory });
  await client.query(before);
  expect((await migrate(client)).applied).toContain('0009_one_owner');
  await client.end();
  database = connectDatabase({ url: server.url, poolSize: 3 });
  repositories = createRepositories(database, 60_000, 'test');
}, 60_000);

afterAll(async () => {
  await database.$close();
  await server.stop();
  await rm(directory, { recursive: true, force: true });
});

test.each([running, ended])('numbers and histories of rollout %s are those of its deliveries', (id) =>
  expectNumbersRight(database, id),
);

// Orders had no histories.
test.each([openOrder, doneOrder, mixedOrder, withdrawnOrder])(
  'numbers of order %s are those of its parts',
  (id) => expectNumbersRight(database, id, { histories: false }),
);

describe('a rollout that runs', () => {
  test('is counted', async () => {
    expect(await repositories.rollouts.get(running)).toMatchObject({ state: 'running', deployment: 'all' });
    expect(await repositories.rollouts.counts(running)).toEqual({
      pending: 4,
      offered: 1,
      downloading: 1,
      installing: 0,
      succeeded: 2,
      failed: 1,
      incompatible: 1,
      lost: 1,
      cancelled: 2,
      superseded: 0,
    });
  });

  test('has its chunks as they were: offered with their deadline, or not offered yet', async () => {
    expect(
      await database.rolloutChunk.findMany({ where: { rolloutId: running }, orderBy: { chunk: 'asc' } }),
    ).toEqual([
      {
        rolloutId: running,
        chunk: 0,
        nodeId: 'node-1',
        size: 5,
        open: 2,
        offeredAt: new Date('2026-01-01T00:05:00Z'),
        deadlineAt: new Date('2026-01-01T00:15:00Z'),
        endedAt: null,
      },
      {
        rolloutId: running,
        chunk: 1,
        nodeId: 'node-1',
        size: 2,
        open: 1,
        offeredAt: null,
        deadlineAt: null,
        endedAt: null,
      },
    ]);
  });

  test('goes on: tasks are polled, what has no place is planned anew, the deadline holds', async () => {
    const answers = await repositories.deliveries.poll(['gw-0', 'gw-5']);
    expect(answers.get('gw-0')?.task).toMatchObject({
      remove: ['old@1.0.0'],
      removeFirst: true,
      package: { id: 'package' },
    });
    expect(answers.get('gw-5')?.task).toBeNull();
    expect(await repositories.provisioning.shares(running)).toEqual([{ nodeId: 'node-1', gateways: 6 }]);
    expect(await repositories.provisioning.rolloutsToDelegate()).toEqual([running]);
    expect(await repositories.provisioning.buildableGroups(running, 'node-1')).toEqual([]);
    await repositories.provisioning.saveGroups(running, 'node-1', [
      { plans: [], explanation: 'none', failure: null, ordinals: [7, 8, 10] },
    ]);
    expect(await repositories.chunks.form(running, 'node-1')).toEqual([
      { chunk: 0, size: 5 },
      { chunk: 1, size: 2 },
    ]);
    expect(await repositories.chunks.overdue(0)).toContainEqual({
      rolloutId: running,
      chunk: 0,
      action: 'install',
    });
    expect(await repositories.chunks.lose(running, 0)).toBe(2);
    expect(await repositories.chunks.offer(running, 1, 'node-1', 60)).toBe(1);
    await expectNumbersRight(database, running);
  });

  test('keeps what happened', async () => {
    const history = (ordinal: number) => repositories.deliveries.history({ rolloutId: running, ordinal });
    expect(await history(2)).toEqual([
      { at: '2026-01-01T00:06:00+00:00', reports: [{ state: 'downloading', sequence: 1 }] },
      {
        at: '2026-01-01T00:07:00+00:00',
        reports: [{ state: 'succeeded', sequence: 3, at: '2026-01-01T00:06:59Z', detail: 'started' }],
      },
    ]);
    expect(await history(3)).toEqual([{ at: '2026-01-01T00:07:00+00:00', event: 'silent' }]);
    expect(await history(6)).toMatchObject([{ event: 'unserved' }]);
    expect(await history(11)).toMatchObject([
      { event: 'satisfied', detail: 'everything is installed already' },
    ]);
    // Nothing was told of these: what they came to is all that is known.
    expect(await history(9)).toMatchObject([{ event: 'incompatible' }]);
    expect(await history(12)).toMatchObject([{ event: 'cancelled' }]);
  });
});

test('what had ended is corrected by a late report', async () => {
  const report = { deliveryId: '', sequence: 5, state: 'succeeded' as const };
  await repositories.deliveries.report([
    { gatewayId: 'gw-1', delivery: { rolloutId: ended, ordinal: 1 }, reports: [report] },
  ]);
  expect(await repositories.rollouts.settle()).toEqual([{ id: ended, state: 'succeeded' }]);
});

describe('orders', () => {
  test('are rollouts of their action, with the states that they had', async () => {
    const { items } = await repositories.orders.list({}, 10, null);
    const facts = items.map(({ orderId, gatewayId, action, state, error }) => [
      orderId,
      gatewayId,
      action,
      state,
      error,
    ]);
    expect(facts).toEqual([
      [openOrder, 'gw-1', 'uninstall', 'installing', null],
      [openOrder, 'gw-0', 'uninstall', 'offered', null],
      [doneOrder, 'gw-0', 'stop', 'succeeded', null],
      [mixedOrder, 'gw-0', 'start', 'succeeded', null],
      [mixedOrder, 'gw-12', 'start', 'failed', { code: 'X' }],
      [withdrawnOrder, 'gw-0', 'start', 'cancelled', null],
    ]);
    expect(items[0]?.deadlineAt).toEqual(new Date('2026-01-01T01:00:00Z'));
    const rows = await database.rollout.findMany({
      where: { action: { not: 'install' } },
      orderBy: { id: 'asc' },
    });
    expect(rows.map(({ state, endedAt }) => [state, endedAt !== null])).toEqual([
      ['running', false],
      ['succeeded', true],
      ['partly', true],
      ['cancelled', true],
    ]);
  });

  test('that are open expire, and end', async () => {
    const overdue = (await repositories.chunks.overdue(0)).filter(({ rolloutId }) => rolloutId === openOrder);
    expect(overdue).toEqual([{ rolloutId: openOrder, chunk: 0, action: 'uninstall' }]);
    expect(await repositories.chunks.lose(openOrder, 0)).toBe(2);
    expect(await repositories.orders.endFinished()).toBe(1);
    await expectNumbersRight(database, openOrder, { histories: false });
  });
});
