import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { expectNumbersRight } from '../tests/support/delivery-numbers.js';
import { offerInBothDirections } from '../tests/support/offer-in-both-directions.js';
import {
  addNewGateways,
  addNode,
  addRollout,
  offerPackage,
  planOf,
  testRepositories,
  type TestRepositories,
} from '../tests/support/test-repositories.js';

let repositories: TestRepositories;

beforeAll(async () => {
  repositories = await testRepositories();
  await addNode(repositories, 'node-1');
}, 60_000);

afterAll(() => repositories.close());

const offer = (rolloutId: string): Promise<void> => offerInBothDirections(repositories, rolloutId);

async function statesOf(rolloutId: string): Promise<Record<string, number>> {
  await expectNumbersRight(repositories.database, rolloutId);
  const counts = await repositories.rollouts.counts(rolloutId);
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
}

async function report(
  rolloutId: string,
  gatewayId: string,
  sequence: number,
  state: 'downloading' | 'installing' | 'succeeded' | 'failed',
) {
  const row = await repositories.database.delivery.findUniqueOrThrow({
    where: { rolloutId_gatewayId: { rolloutId, gatewayId } },
  });
  const { results } = await repositories.deliveries.report([
    {
      gatewayId,
      delivery: { rolloutId, ordinal: row.ordinal },
      reports: [{ deliveryId: '', sequence, state }],
    },
  ]);
  return results[0];
}

async function taskOf(gatewayId: string): Promise<string | null> {
  return (await repositories.deliveries.poll([gatewayId])).get(gatewayId)?.task?.rolloutId ?? null;
}

describe('newer work for the same artifact', () => {
  test('a gateway that was away through three versions installs the third alone', async () => {
    const [id = ''] = await addNewGateways(repositories, 1);
    const rollouts: string[] = [];
    for (const version of [1, 2, 3]) {
      const rolloutId = await addRollout(repositories, [`thermometer@${version}`], [id]);
      await offer(rolloutId);
      rollouts.push(rolloutId);
    }
    const [first = '', second = '', third = ''] = rollouts;
    expect(await statesOf(first)).toEqual({ superseded: 1 });
    expect(await statesOf(second)).toEqual({ superseded: 1 });
    expect(await statesOf(third)).toEqual({ offered: 1 });
    expect(await taskOf(id)).toBe(third);
    const { items } = await repositories.deliveryLists.ofRollout(first, 10, null, { state: 'superseded' });
    expect(items).toMatchObject([{ error: { code: 'SUPERSEDED', rolloutId: second } }]);
    expect((await repositories.rollouts.end(first, null)).state).toBe('superseded');
  });

  test('wins whoever comes to the offer first', async () => {
    const [id = ''] = await addNewGateways(repositories, 1);
    const older = await addRollout(repositories, ['thermometer@1'], [id]);
    const newer = await addRollout(repositories, ['thermometer@2'], [id]);
    await offer(newer);
    expect(await statesOf(older)).toEqual({ superseded: 1 });
    // Step ii of a still older one ends after that: its delivery was not there to be seen.
    const late = await addRollout(repositories, ['thermometer@0'], []);
    await repositories.database
      .$executeRaw`UPDATE rollout SET created_at = created_at - interval '1 hour' WHERE id = ${late}::uuid`;
    await repositories.members.addDeliveries(late, { gateways: [id] });
    await offer(late);
    expect(await statesOf(late)).toEqual({ superseded: 1 });
    expect(await statesOf(newer)).toEqual({ offered: 1 });
  });

  test('does not undo what a newer one has brought already', async () => {
    const [id = ''] = await addNewGateways(repositories, 1);
    const older = await addRollout(repositories, ['thermometer@1'], []);
    const newer = await addRollout(repositories, ['thermometer@2'], [id]);
    await offer(newer);
    await report(newer, id, 1, 'succeeded');
    await repositories.members.addDeliveries(older, { gateways: [id] });
    await offer(older);
    expect(await statesOf(older)).toEqual({ superseded: 1 });
  });

  test('lets alone what is being installed, what asks for something else, and other gateways', async () => {
    const [busy = '', idle = '', other = ''] = await addNewGateways(repositories, 3);
    const older = await addRollout(repositories, ['thermometer@1'], [busy, idle, other]);
    const beside = await addRollout(repositories, ['thermometer@1', 'logger'], [idle]);
    const apart = await addRollout(repositories, ['logger'], [idle]);
    for (const id of [older, beside, apart]) await offer(id);
    await report(older, busy, 1, 'installing');
    const newer = await addRollout(repositories, ['thermometer@2'], [busy, idle]);
    await offer(newer);
    expect(await statesOf(older)).toEqual({ installing: 1, superseded: 1, offered: 1 });
    expect(await statesOf(beside)).toEqual({ offered: 1 });
    // `thermometer` and `logger` together asked for all that `logger` asks for, but before it.
    expect(await statesOf(apart)).toEqual({ offered: 1 });
    // In the order of the requests.
    expect(await taskOf(idle)).toBe(beside);
    expect(await taskOf(busy)).toBe(older);
  });

  test('a late report corrects what was superseded', async () => {
    const [id = ''] = await addNewGateways(repositories, 1);
    const older = await addRollout(repositories, ['thermometer@1'], [id]);
    await offer(older);
    await report(older, id, 1, 'downloading');
    const newer = await addRollout(repositories, ['thermometer@2'], [id]);
    await offer(newer);
    expect(await statesOf(older)).toEqual({ superseded: 1 });
    await repositories.rollouts.end(older, null);
    expect(await report(older, id, 2, 'succeeded')).toEqual({ outcomes: ['applied'], state: 'succeeded' });
    expect(await statesOf(older)).toEqual({ succeeded: 1 });
    expect(await repositories.rollouts.settle()).toEqual([{ id: older, state: 'succeeded' }]);
  });

  test('tells which chunks are to be woken, and nothing the second time', async () => {
    const [id = ''] = await addNewGateways(repositories, 1);
    const older = await addRollout(repositories, ['thermometer@1'], [id]);
    await offerPackage(repositories, older, {
      plan: planOf(['thermometer@1.0.0']),
      content: { digest: randomBytes(32).toString('hex'), sizeBytes: 10 },
    });
    const newer = await addRollout(repositories, ['thermometer@2'], [id]);
    await offerPackage(repositories, newer, {
      plan: planOf(['thermometer@2.0.0']),
      content: { digest: randomBytes(32).toString('hex'), sizeBytes: 10 },
    });
    // Whoever did the offer died here; the next one does the rest.
    expect(await statesOf(older)).toEqual({ offered: 1 });
    expect(await repositories.overlaps.supersedeOlder(newer, 0)).toEqual([
      { rolloutId: older, chunk: 0, slots: [], remaining: 0, refused: true },
    ]);
    expect(await repositories.overlaps.supersedeOlder(newer, 0)).toEqual([]);
  });
});

describe('at the same moment', () => {
  test('rollouts of the same artifact leave one delivery for each gateway: that of the newest', async () => {
    for (let round = 0; round < 5; round += 1) {
      const ids = await addNewGateways(repositories, 40);
      const rollouts = await Promise.all(
        [1, 2, 3, 4].map((version) => addRollout(repositories, [`thermometer@${version}`], ids)),
      );
      await Promise.all(rollouts.map(offer));
      const rows = await repositories.database.$queryRaw<{ id: string }[]>`
        SELECT id::text FROM rollout WHERE id = ANY(${rollouts}::uuid[]) ORDER BY created_at DESC, id DESC`;
      const [newest = '', ...others] = rows.map((row) => row.id);
      expect(await statesOf(newest)).toEqual({ offered: 40 });
      for (const other of others) expect(await statesOf(other)).toEqual({ superseded: 40 });
    }
  });

  test('reports race with superseding: each delivery ends once, and the numbers stay right', async () => {
    for (let round = 0; round < 5; round += 1) {
      const ids = await addNewGateways(repositories, 30);
      const older = await addRollout(repositories, ['thermometer@1'], ids);
      await offer(older);
      const newer = await addRollout(repositories, ['thermometer@2'], ids);
      const [, ...outcomes] = await Promise.all([
        offer(newer),
        ...ids.map(async (id, index) => {
          await report(older, id, 1, 'installing');
          return index % 2 === 0 ? report(older, id, 2, 'succeeded') : null;
        }),
      ]);
      expect(outcomes).toHaveLength(30);
      const states = await statesOf(older);
      // Who said `installing` in time goes on; who did not is superseded, unless it succeeded all the same.
      expect(states['succeeded']).toBe(15);
      expect((states['installing'] ?? 0) + (states['superseded'] ?? 0)).toBe(15);
      expect(await statesOf(newer)).toEqual({ offered: 30 });
    }
  });
});
