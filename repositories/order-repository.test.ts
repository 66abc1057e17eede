import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { expectNumbersRight } from '../tests/support/delivery-numbers.js';
import {
  addNewGateways,
  addNode,
  profileOf,
  testRepositories,
  type TestRepositories,
  orderParts,
} from '../tests/support/test-repositories.js';
import type { NewOrder } from './order-repository.js';

let repositories: TestRepositories;

beforeAll(async () => {
  repositories = await testRepositories();
  await addNode(repositories, 'node-1');
}, 60_000);

afterAll(() => repositories.close());

const order = (changes: Partial<NewOrder> = {}): NewOrder => ({
  action: 'uninstall',
  artifact: 'thermometer',
  deadlineSeconds: 600,
  idempotencyKey: null,
  requestDigest: 'digest',
  ...changes,
});

async function rowOf(id: string) {
  return repositories.database.rollout.findUniqueOrThrow({ where: { id } });
}

async function report(
  id: string,
  gatewayId: string,
  ordinal: number,
  state: 'installing' | 'succeeded' | 'failed',
) {
  const sequence = state === 'installing' ? 1 : 2;
  await repositories.deliveries.report([
    { gatewayId, delivery: { rolloutId: id, ordinal }, reports: [{ deliveryId: '', sequence, state }] },
  ]);
}

describe('an order', () => {
  test('is offered to its gateways as it is given, in chunks, and counted', async () => {
    const ids = await addNewGateways(repositories, 3);
    const { id, gateways } = await repositories.orders.add(order(), orderParts([...ids, 'nobody']));
    expect(gateways).toBe(3);
    expect(await repositories.rollouts.counts(id)).toMatchObject({ offered: 3, pending: 0 });
    await expectNumbersRight(repositories.database, id);
    const answers = await repositories.deliveries.poll(ids);
    expect(answers.get(ids[2] ?? '')?.order).toMatchObject({
      deliveryId: `${id}.2`,
      action: 'uninstall',
      artifact: 'thermometer',
      lastSequence: 0,
    });
    const woken = await repositories.database.gateway.findMany({ where: { id: { in: ids } } });
    expect(woken.map(({ wake }) => wake)).toEqual([true, true, true]);
  });

  test('for a profile asks each gateway at its next contact, and is carried out when that has come', async () => {
    const ids = await addNewGateways(repositories, 2);
    const [first = '', second = ''] = ids;
    const profile = order({ action: 'profile', artifact: '' });
    const { id } = await repositories.orders.add(profile, orderParts(ids));
    // What is ordered beside it is not held up.
    const stop = await repositories.orders.add(order({ action: 'stop' }), orderParts([first]));
    expect((await repositories.deliveries.poll(ids)).get(first)).toMatchObject({
      profileWanted: true,
      order: { deliveryId: `${stop.id}.0` },
    });
    expect((await repositories.deliveries.poll(ids)).get(second)).toMatchObject({
      profileWanted: true,
      order: null,
    });
    await repositories.gateways.updateProfile(profileOf(first));
    expect(await repositories.rollouts.counts(id)).toMatchObject({ offered: 1, succeeded: 1 });
    await expectNumbersRight(repositories.database, id);
    expect((await repositories.deliveries.poll(ids)).get(first)).toMatchObject({ profileWanted: false });
    const again = await repositories.orders.add(profile, orderParts([first]));
    expect((await repositories.deliveries.poll(ids)).get(first)).toMatchObject({ profileWanted: true });
    for (const given of [id, again.id, stop.id]) await repositories.orders.cancel(given);
    for (const [, answer] of await repositories.deliveries.poll(ids))
      expect(answer).toMatchObject({ profileWanted: false, order: null });
    expect(await repositories.orders.endFinished()).toBe(3);
  });

  test('has an id that no order before it had, though the database be restored from before it', async () => {
    const ids = await addNewGateways(repositories, 1);
    const given = new Set<string>();
    for (let time = 0; time < 5; time += 1) {
      const { id } = await repositories.orders.add(order(), orderParts(ids));
      given.add(id);
      // As an older copy has it: the order is not known.
      await repositories.database.rolloutCount.deleteMany({ where: { rolloutId: id } });
      await repositories.database.delivery.deleteMany({ where: { rolloutId: id } });
      await repositories.database.rollout.delete({ where: { id } });
    }
    expect(given.size).toBe(5);
  });

  test('with the same key is the same order, one after the other or all at once', async () => {
    const ids = await addNewGateways(repositories, 2);
    const request = order({ idempotencyKey: randomBytes(8).toString('hex') });
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => repositories.orders.add(request, orderParts(ids))),
    );
    answers.push(await repositories.orders.add(request, []));
    expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
    expect(answers.map(({ gateways }) => gateways)).toEqual([2, 2, 2, 2, 2, 2, 2]);
    await expect(
      repositories.orders.add({ ...request, requestDigest: 'other' }, orderParts(ids)),
    ).rejects.toMatchObject({
      code: 'IDEMPOTENCY_KEY_REUSED',
    });
    await expectNumbersRight(repositories.database, answers[0]?.id ?? '');
  });

  test('expires by its own deadline, through its chunks; a late report corrects it', async () => {
    const [early = '', late = ''] = await addNewGateways(repositories, 2);
    const { id } = await repositories.orders.add(order({ deadlineSeconds: 0 }), orderParts([early, late]));
    const other = await repositories.orders.add(order(), orderParts([early]));
    await repositories.database.$executeRaw`
      UPDATE rollout_chunk SET deadline_at = now() - interval '1 second' WHERE rollout_id = ${id}::uuid`;
    const overdue = await repositories.chunks.overdue(3_600_000);
    expect(overdue).toContainEqual({ rolloutId: id, chunk: 0, action: 'uninstall' });
    expect(overdue.map(({ rolloutId }) => rolloutId)).not.toContain(other.id);
    // What is past its deadline is not begun any more.
    expect((await repositories.deliveries.poll([late])).get(late)?.order).toBeNull();
    expect(await repositories.chunks.lose(id, 0)).toBe(2);
    expect(await repositories.orders.endFinished()).toBe(1);
    expect(await rowOf(id)).toMatchObject({ state: 'failed', endedAt: expect.any(Date) });
    const ordinal = [early, late].sort().indexOf(late);
    await report(id, late, ordinal, 'succeeded');
    expect(await repositories.rollouts.settle()).toEqual([{ id, state: 'partly' }]);
    await expectNumbersRight(repositories.database, id);
  });

  test('is withdrawn from those that have not begun, and ends cancelled when the others have ended', async () => {
    const [busy = '', idle = ''] = await addNewGateways(repositories, 2);
    const { id } = await repositories.orders.add(order(), orderParts([busy, idle]));
    await report(id, busy, 0, 'installing');
    expect(await repositories.orders.cancel(id)).toBe(1);
    expect(await repositories.orders.cancel(id)).toBe(0);
    await repositories.orders.endFinished();
    expect((await rowOf(id)).endedAt).toBeNull();
    await report(id, busy, 0, 'succeeded');
    expect(await repositories.orders.endFinished()).toBe(1);
    expect(await rowOf(id)).toMatchObject({ state: 'cancelled' });
    expect(await repositories.orders.endFinished()).toBe(0);
    await expect(repositories.orders.cancel('00000000-0000-0000-0000-000000000000')).rejects.toMatchObject({
      code: 'ORDER_NOT_FOUND',
    });
    await expectNumbersRight(repositories.database, id);
  });
});
