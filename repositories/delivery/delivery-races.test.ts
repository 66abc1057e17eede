/** What many processes do to the same deliveries at once, on connections of their own. */
import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import pg from 'pg';
import { openStates, reportableStates } from '../../domain/delivery/state.js';
import { Prisma } from '../../prisma/generated/client.js';
import { connectDatabase, type Database, type Transaction } from '../database.js';
import { DeliveryWriter } from './delivery-writer.js';
import { createRepositories, type Repositories } from '../repositories.js';
import { expectNumbersRight } from '../../tests/support/delivery-numbers.js';
import { whileHeld } from '../../tests/support/held-locks.js';
import {
  addGateways,
  addNode,
  addRollout,
  planOf,
  profileOf,
  registrationOf,
  testRepositories,
  type TestRepositories,
} from '../../tests/support/test-repositories.js';

let repositories: TestRepositories;
/** Processes of their own: each counts in its own rows. */
const others: { readonly database: Database; readonly repositories: Repositories }[] = [];

beforeAll(async () => {
  repositories = await testRepositories();
  for (const name of ['one', 'two', 'three']) {
    const database = connectDatabase({ url: repositories.server.url, poolSize: 6 });
    others.push({ database, repositories: createRepositories(database, 60_000, name) });
  }
  for (const node of ['node-1', 'node-2']) await addNode(repositories, node);
}, 60_000);

afterAll(async () => {
  for (const { database } of others) await database.$close();
  await repositories.close();
});

async function packageOf(): Promise<string> {
  const id = randomBytes(32).toString('hex');
  await repositories.packages.add({
    id,
    recipe: id,
    archiveDigest: id,
    sizeBytes: 1,
    installedBytes: 1,
    artifacts: [],
    declaredValues: [],
    log: '',
    builtBy: 'node-1',
  });
  return id;
}

async function fleetOf(count: number): Promise<{ rolloutId: string; gatewayIds: string[] }> {
  const gatewayIds = Array.from({ length: count }, () => `gw-${randomBytes(6).toString('hex')}`).sort();
  await addGateways(
    repositories,
    gatewayIds.map((id) => profileOf(id)),
  );
  return { rolloutId: await addRollout(repositories, ['thermometer'], gatewayIds), gatewayIds };
}

/** Puts the deliveries that node-1 has into groups of three, so that steps v and vi have something to race for. */
async function plan(rolloutId: string, count: number): Promise<string[]> {
  const ordinals = Array.from({ length: count }, (_none, ordinal) => ordinal);
  const groups = Array.from({ length: Math.ceil(count / 3) }, (_none, place) => ({
    plans: [planOf()],
    explanation: null,
    failure: null,
    ordinals: ordinals.slice(place * 3, place * 3 + 3),
  }));
  for (const node of ['node-1', 'node-2'])
    await repositories.provisioning.saveGroups(rolloutId, node, groups);
  return (await repositories.rollouts.groups(rolloutId, 100)).map(({ id }) => id);
}

const gateways = 9;
const place = fc.nat(gateways - 1);
const deed = fc.oneof(
  { weight: 2, arbitrary: fc.record({ what: fc.constant('built' as const), group: fc.nat(3) }) },
  fc.record({ what: fc.constantFrom('satisfied', 'unbuilt'), group: fc.nat(3) }),
  {
    weight: 3,
    arbitrary: fc.record({ what: fc.constant('form' as const), node: fc.constantFrom('node-1', 'node-2') }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ what: fc.constantFrom('offer', 'lose', 'cancelChunk'), chunk: fc.nat(2) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ what: fc.constantFrom('cancel', 'giveUp', 'end', 'follow', 'settle') }),
  },
  fc.record({ what: fc.constantFrom('decommission', 'register', 'poll'), gateway: place }),
  {
    weight: 6,
    arbitrary: fc.record({
      what: fc.constant('report' as const),
      members: fc.array(
        fc.record({
          ordinal: place,
          sequence: fc.integer({ min: 1, max: 6 }),
          state: fc.constantFrom(...reportableStates),
        }),
        { minLength: 1, maxLength: 4 },
      ),
    }),
  },
);

interface Deed {
  readonly what: string;
  readonly group?: number;
  readonly node?: string;
  readonly chunk?: number;
  readonly gateway?: number;
  readonly members?: readonly {
    ordinal: number;
    sequence: number;
    state: (typeof reportableStates)[number];
  }[];
}

interface Facts {
  readonly rolloutId: string;
  readonly gatewayIds: readonly string[];
  readonly groups: readonly string[];
  readonly packageId: string;
}

/** What one process may do. */
const deeds: Readonly<Record<string, (process: Repositories, deed: Deed, facts: Facts) => Promise<unknown>>> =
  {
    built: ({ provisioning }, { group = 0 }, { groups, packageId }) =>
      provisioning.groupBuilt(groups[group % groups.length] ?? '', 0, packageId, []),
    satisfied: ({ provisioning }, { group = 0 }, { groups }) =>
      provisioning.groupSatisfied(groups[group % groups.length] ?? '', 0, []),
    unbuilt: ({ provisioning }, { group = 0 }, { groups }) =>
      provisioning.groupFailed(groups[group % groups.length] ?? '', [], { code: 'PACKAGE_BUILD_FAILED' }),
    form: ({ chunks }, { node = '' }, { rolloutId }) => chunks.form(rolloutId, node),
    offer: ({ chunks }, { chunk = 0 }, { rolloutId }) => chunks.offer(rolloutId, chunk, 'node-1', 3_600),
    lose: ({ chunks }, { chunk = 0 }, { rolloutId }) => chunks.lose(rolloutId, chunk),
    cancelChunk: ({ provisioning }, { chunk = 0 }, { rolloutId }) => provisioning.cancel(rolloutId, chunk),
    cancel: ({ provisioning }, _deed, { rolloutId }) => provisioning.cancel(rolloutId),
    giveUp: ({ provisioning }, _deed, { rolloutId }) =>
      provisioning.giveUp(rolloutId, null, { code: 'NO_NODE' }),
    end: ({ rollouts }, _deed, { rolloutId }) => rollouts.end(rolloutId, null),
    settle: ({ rollouts }) => rollouts.settle(),
    follow: ({ provisioning }, _deed, { rolloutId }) => provisioning.shares(rolloutId),
    decommission: ({ gateways: fleet }, { gateway = 0 }, { gatewayIds }) =>
      fleet.decommission(gatewayIds[gateway] ?? '').catch((error: unknown) => {
        expect(error).toMatchObject({ code: 'GATEWAY_NOT_FOUND' });
      }),
    register: ({ registrations }, { gateway = 0 }, { gatewayIds }) =>
      registrations.registerAll([
        registrationOf(
          profileOf(gatewayIds[gateway] ?? '', { strategies: [gateway % 2 === 0 ? 'push' : 'pull'] }),
        ),
      ]),
    poll: ({ deliveries }, { gateway = 0 }, { gatewayIds }) => deliveries.poll([gatewayIds[gateway] ?? '']),
    report: ({ deliveries }, { members = [] }, { rolloutId, gatewayIds }) =>
      deliveries.report(
        members.map(({ ordinal, sequence, state }) => ({
          gatewayId: gatewayIds[ordinal] ?? '',
          delivery: { rolloutId, ordinal },
          reports: [{ deliveryId: '', sequence, state, installed: [] }],
        })),
      ),
  };

test('whatever happens at once, numbers and histories stay right, and no deadlock comes out', async () => {
  const rounds = fc.array(fc.array(deed, { minLength: 4, maxLength: 10 }), { minLength: 3, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(rounds, async (stories) => {
      const fleet = await fleetOf(gateways);
      const groups = await plan(fleet.rolloutId, gateways);
      const facts = { ...fleet, groups, packageId: await packageOf() };
      for (const story of stories) {
        await Promise.all(
          story.map(async (next, index) =>
            deeds[next.what]?.(others[index % others.length]?.repositories ?? repositories, next, facts),
          ),
        );
        await expectNumbersRight(repositories.database, fleet.rolloutId);
      }
      // Nothing is ever stuck: what is open can be ended.
      await repositories.provisioning.giveUp(fleet.rolloutId, null, { code: 'NO_NODE' });
      for (const chunk of [0, 1, 2, 3]) await repositories.chunks.lose(fleet.rolloutId, chunk);
      await expectNumbersRight(repositories.database, fleet.rolloutId);
      const counts = await repositories.rollouts.counts(fleet.rolloutId);
      expect(openStates.map((state) => counts[state])).toEqual([0, 0, 0, 0]);
      expect(await repositories.rollouts.end(fleet.rolloutId, null)).toMatchObject({ open: 0, counts });
    }),
    { numRuns: 25 },
  );
}, 240_000);

const lockDelivery = (rolloutId: string, ordinal: number) => (tx: Transaction) =>
  tx.$queryRaw`SELECT 1 FROM delivery WHERE rollout_id = ${rolloutId}::uuid AND ordinal = ${ordinal} FOR UPDATE`;

/** Three gateways on a chunk that was offered, or only formed. */
async function chunkOf(
  stage: 'built' | 'formed' | 'offered',
): Promise<{ rolloutId: string; gatewayIds: string[] }> {
  const fleet = await fleetOf(3);
  const nodes = await repositories.provisioning.shares(fleet.rolloutId);
  const groups = await plan(fleet.rolloutId, 3);
  const packageId = await packageOf();
  for (const group of groups) await repositories.provisioning.groupBuilt(group, 0, packageId, []);
  if (stage === 'built') return fleet;
  for (const { nodeId } of nodes) await repositories.chunks.form(fleet.rolloutId, nodeId);
  const chunks = await repositories.database.rolloutChunk.findMany({ where: { rolloutId: fleet.rolloutId } });
  if (stage === 'offered')
    for (const { chunk, nodeId } of chunks)
      await repositories.chunks.offer(fleet.rolloutId, chunk, nodeId, 3_600);
  return fleet;
}

test('what comes into a chunk while it is being cancelled is cancelled, and counted in its chunk', async () => {
  const { rolloutId } = await chunkOf('built');
  const [other] = others;
  const nodes = await repositories.provisioning.shares(rolloutId);
  const result = await whileHeld(
    repositories.database,
    async (tx) => {
      for (const { nodeId } of nodes)
        await new DeliveryWriter(repositories.database, 'test').place(tx, rolloutId, nodeId);
    },
    () => other?.repositories.provisioning.cancel(rolloutId) ?? Promise.resolve(),
  );
  expect(result).toEqual({ status: 'fulfilled', value: 3 });
  await expectNumbersRight(repositories.database, rolloutId);
  expect(await repositories.rollouts.end(rolloutId, null)).toMatchObject({
    open: 0,
    counts: { cancelled: 3 },
  });
});

test('what is cancelled while it comes into a chunk is not open in it', async () => {
  const { rolloutId } = await chunkOf('built');
  const nodes = await repositories.provisioning.shares(rolloutId);
  const [other] = others;
  const result = await whileHeld(
    repositories.database,
    (tx) =>
      new DeliveryWriter(repositories.database, 'test').happen(
        'cancelled',
        { where: Prisma.sql`d.rollout_id = ${rolloutId}::uuid` },
        tx,
      ),
    async () => {
      for (const { nodeId } of nodes) await other?.repositories.chunks.form(rolloutId, nodeId);
    },
  );
  expect(result.status).toBe('fulfilled');
  await expectNumbersRight(repositories.database, rolloutId);
});

test('a task that was there for a moment only is counted as offered, and its end is told to the node', async () => {
  const { rolloutId, gatewayIds } = await chunkOf('formed');
  const [one, two] = others;
  const chunks = await repositories.database.rolloutChunk.findMany({ where: { rolloutId } });
  const listener = new pg.Client({ connectionString: repositories.server.url });
  await listener.connect();
  const told: string[] = [];
  listener.on('notification', ({ payload }) => told.push(...(payload ?? '').split('\n')));
  for (const node of ['node-1', 'node-2'])
    await listener.query(`LISTEN leonore_node_${createHash('md5').update(node).digest('hex')}`);
  const result = await whileHeld(
    repositories.database,
    lockDelivery(rolloutId, 0),
    () => one?.repositories.provisioning.cancel(rolloutId) ?? Promise.resolve(),
    async () => {
      for (const { chunk, nodeId } of chunks)
        await two?.repositories.chunks.offer(rolloutId, chunk, nodeId, 60);
      // What was told of the offer has arrived once this has.
      await listener.query('SELECT 1');
      told.length = 0;
    },
  );
  expect(result).toEqual({ status: 'fulfilled', value: 3 });
  await listener.query('SELECT 1');
  expect(told.sort()).toEqual(gatewayIds);
  await listener.end();
  await expectNumbersRight(repositories.database, rolloutId);
});

test.each<
  [string, (process: Repositories, rolloutId: string, gatewayIds: readonly string[]) => Promise<unknown>]
>([
  ['losing', ({ chunks }, rolloutId) => chunks.lose(rolloutId, 0)],
  ['cancelling', ({ provisioning }, rolloutId) => provisioning.cancel(rolloutId)],
  [
    'reporting',
    ({ deliveries }, rolloutId, gatewayIds) =>
      deliveries.report(
        gatewayIds.map((gatewayId, ordinal) => ({
          gatewayId,
          delivery: { rolloutId, ordinal },
          reports: [{ deliveryId: '', sequence: 1, state: 'succeeded' as const }],
        })),
      ),
  ],
])('a statement that is killed in the midst of %s changes none of the numbers', async (_what, work) => {
  const { rolloutId, gatewayIds } = await chunkOf('offered');
  const before = await repositories.database.delivery.findMany({ where: { rolloutId } });
  const last = before.filter(({ chunk }) => chunk === 0).at(-1)?.ordinal ?? 0;
  const [other] = others;
  const result = await whileHeld(
    repositories.database,
    lockDelivery(rolloutId, last),
    () => work(other?.repositories ?? repositories, rolloutId, gatewayIds),
    (blocked) =>
      repositories.database
        .$queryRaw`SELECT pg_terminate_backend(pid) FROM unnest(${blocked}::int[]) AS b(pid)`,
  );
  expect(result).toMatchObject({ status: 'rejected', reason: { code: 'DATABASE_UNAVAILABLE' } });
  await expectNumbersRight(repositories.database, rolloutId);
  expect(await repositories.database.delivery.findMany({ where: { rolloutId } })).toEqual(before);
  expect(await repositories.rollouts.counts(rolloutId)).toMatchObject({ offered: 3 });
});
