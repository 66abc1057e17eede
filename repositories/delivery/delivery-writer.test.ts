import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { deliveryEvents, type DeliveryEvent } from '../../domain/delivery/events.js';
import {
  deliveryStates,
  isEnded,
  reportableStates,
  type DeliveryState,
} from '../../domain/delivery/state.js';
import { Prisma } from '../../prisma/generated/client.js';
import { expectNumbersRight } from '../../tests/support/delivery-numbers.js';
import {
  addGateways,
  addNode,
  addRollout,
  offerPackage,
  planOf,
  profileOf,
  testRepositories,
  type TestRepositories,
} from '../../tests/support/test-repositories.js';
import { DeliveryWriter, type EndingEvent } from './delivery-writer.js';

let repositories: TestRepositories;
let writer: DeliveryWriter;

beforeAll(async () => {
  repositories = await testRepositories();
  writer = new DeliveryWriter(repositories.database, 'test');
  await addNode(repositories, 'node-1');
}, 60_000);

afterAll(() => repositories.close());

interface Fleet {
  readonly rolloutId: string;
  readonly gatewayIds: readonly string[];
}

/** A rollout in step iv: its deliveries are pending, and have no place. */
async function planned(count: number): Promise<Fleet> {
  const gatewayIds = Array.from({ length: count }, () => `gw-${randomBytes(6).toString('hex')}`).sort();
  await addGateways(
    repositories,
    gatewayIds.map((id) => profileOf(id)),
  );
  return { rolloutId: await addRollout(repositories, ['thermometer'], gatewayIds), gatewayIds };
}

async function offered(count: number): Promise<Fleet> {
  const fleet = await planned(count);
  await offerPackage(repositories, fleet.rolloutId, {
    plan: planOf(['thermometer@1.0.0']),
    content: { digest: randomBytes(32).toString('hex'), sizeBytes: 10 },
  });
  return fleet;
}

/** As {@link offered}, but for the offer. */
async function placed(count: number): Promise<Fleet> {
  const fleet = await planned(count);
  const ordinals = fleet.gatewayIds.map((_id, ordinal) => ordinal);
  const { provisioning, rollouts, packages, chunks } = repositories;
  const id = randomBytes(32).toString('hex');
  await packages.add({
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
  await provisioning.saveGroups(fleet.rolloutId, 'node-1', [
    { plans: [planOf()], explanation: null, failure: null, ordinals },
  ]);
  const [group] = await rollouts.groups(fleet.rolloutId, 1);
  await provisioning.groupBuilt(group?.id ?? '', 0, id, []);
  await chunks.form(fleet.rolloutId, 'node-1');
  return fleet;
}

async function reportAll(
  { rolloutId, gatewayIds }: Fleet,
  sequence: number,
  state: (typeof reportableStates)[number],
  ordinals = gatewayIds.map((_id, ordinal) => ordinal),
): Promise<void> {
  await repositories.deliveries.report(
    ordinals.map((ordinal) => ({
      gatewayId: gatewayIds[ordinal] ?? '',
      delivery: { rolloutId, ordinal },
      reports: [{ deliveryId: '', sequence, state }],
    })),
  );
}

const whole = (rolloutId: string) => ({ where: Prisma.sql`d.rollout_id = ${rolloutId}::uuid` });

/** How deliveries come into each state, each by the way that the product knows. */
const bring: Readonly<Record<DeliveryState | 'placed', (count: number) => Promise<Fleet>>> = {
  pending: planned,
  placed,
  offered,
  async downloading(count) {
    const fleet = await offered(count);
    await reportAll(fleet, 1, 'downloading');
    return fleet;
  },
  async installing(count) {
    const fleet = await offered(count);
    await reportAll(fleet, 1, 'installing');
    return fleet;
  },
  async succeeded(count) {
    const fleet = await offered(count);
    await reportAll(fleet, 1, 'succeeded');
    return fleet;
  },
  async failed(count) {
    const fleet = await offered(count);
    await reportAll(fleet, 1, 'failed');
    return fleet;
  },
  async incompatible(count) {
    const fleet = await planned(count);
    await writer.happen('incompatible', whole(fleet.rolloutId));
    return fleet;
  },
  async lost(count) {
    const fleet = await offered(count);
    await writer.happen('silent', whole(fleet.rolloutId));
    return fleet;
  },
  async superseded(count) {
    const fleet = await offered(count);
    await writer.happen('superseded', whole(fleet.rolloutId));
    return fleet;
  },
  async cancelled(count) {
    const fleet = await offered(count);
    await writer.happen('cancelled', whole(fleet.rolloutId));
    return fleet;
  },
};

async function rowOf(rolloutId: string, ordinal: number) {
  return repositories.database.delivery.findUniqueOrThrow({
    where: { rolloutId_ordinal: { rolloutId, ordinal } },
  });
}

const isReportable = (event: DeliveryEvent): event is (typeof reportableStates)[number] =>
  (reportableStates as readonly string[]).includes(event);
const events = (Object.keys(deliveryEvents) as DeliveryEvent[]).filter((event) => event !== 'offered');
const starts = [...deliveryStates, 'placed'] as const;

describe('every event in every state', () => {
  test.each(starts)('%s', async (start) => {
    const state = start === 'placed' ? 'pending' : start;
    const fleet = await bring[start](events.length + 1);
    const { rolloutId } = fleet;
    await expectNumbersRight(repositories.database, rolloutId);
    for (const [ordinal, event] of events.entries()) {
      const before = await rowOf(rolloutId, ordinal);
      const may = deliveryEvents[event].from.includes(state);
      if (isReportable(event)) await reportAll(fleet, 9, event, [ordinal]);
      else {
        const changed = await writer.happen(event, {
          where: Prisma.sql`d.rollout_id = ${rolloutId}::uuid AND d.ordinal = ${ordinal}`,
          error: Prisma.sql`jsonb_build_object('code', ${event}::text)`,
          detail: { because: event },
        });
        expect(changed).toBe(may ? 1 : 0);
      }
      await expectNumbersRight(repositories.database, rolloutId);
      const after = await rowOf(rolloutId, ordinal);
      const { to } = deliveryEvents[event];
      const history = before.history as unknown[];
      if (!may) {
        // A report that may not be applied is heard all the same: its number is not met again.
        const heard = isReportable(event) ? { sequence: 9, updatedAt: after.updatedAt } : {};
        expect(after).toEqual({ ...before, ...heard });
        continue;
      }
      expect(after).toMatchObject({
        state: to,
        sequence: isReportable(event) ? 9 : before.sequence,
        error: isReportable(event) ? before.error : { code: event },
        groupId: before.groupId,
        chunk: before.chunk,
        slot: before.slot,
        nodeId: before.nodeId,
      });
      expect(after.history).toEqual([
        ...history,
        isReportable(event)
          ? { at: expect.any(String), reports: [{ state: to, sequence: 9 }] }
          : { at: expect.any(String), event, detail: { because: event } },
      ]);
      if (isEnded(to)) expect(after.endedAt).toEqual(before.endedAt ?? expect.any(Date));
      else expect(after.endedAt).toBeNull();
    }
    // The last of them was let alone.
    expect(await rowOf(rolloutId, events.length)).toMatchObject({
      state: state === 'offered' ? 'pending' : state,
    });
  });

  test.each(starts)('the offer of a chunk, when its deliveries are %s', async (start) => {
    const { rolloutId } = await bring[start](2);
    const before = await rowOf(rolloutId, 0);
    const may = start === 'placed';
    expect(await repositories.chunks.offer(rolloutId, 0, 'node-1', 60)).toBe(may ? 2 : 0);
    await expectNumbersRight(repositories.database, rolloutId);
    expect(await rowOf(rolloutId, 0)).toEqual(before);
    expect((await repositories.rollouts.counts(rolloutId)).offered).toBe(may || start === 'offered' ? 2 : 0);
  });
});

test('an event happens to those that are meant, in batches, and says to how many', async () => {
  const { rolloutId } = await offered(3);
  const where = Prisma.sql`d.rollout_id = ${rolloutId}::uuid AND d.ordinal <> 1`;
  expect(await writer.happen('silent', { where })).toBe(2);
  expect(await writer.happen('silent', { where })).toBe(0);
  expect(await repositories.rollouts.counts(rolloutId)).toMatchObject({ lost: 2, offered: 1 });
  await expectNumbersRight(repositories.database, rolloutId);
});

test('each ending event that the domain knows is one of the writer', () => {
  const ending: readonly EndingEvent[] = [
    'incompatible',
    'satisfied',
    'unserved',
    'incompatibleNow',
    'satisfiedNow',
    'unservedNow',
    'silent',
    'cancelled',
    'superseded',
    'answered',
    'decommissioned',
  ];
  expect([...ending].sort()).toEqual(events.filter((event) => !isReportable(event)).sort());
  for (const event of ending) expect(isEnded(deliveryEvents[event].to)).toBe(true);
});
