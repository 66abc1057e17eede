/** Several rollouts for the same gateways, in any order of their offers and with whatever gateways say between: one end state. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { expectNumbersRight } from '../tests/support/delivery-numbers.js';
import { offerInBothDirections } from '../tests/support/offer-in-both-directions.js';
import { propertyRuns } from '../tests/support/property-runs.js';
import {
  addNewGateways,
  addNode,
  addRollout,
  testRepositories,
  type TestRepositories,
} from '../tests/support/test-repositories.js';

let repositories: TestRepositories;

beforeAll(async () => {
  repositories = await testRepositories();
  await addNode(repositories, 'node-1');
}, 60_000);

afterAll(() => repositories.close());

const names = ['logger', 'probe', 'thermometer'];
const gateways = 3;

/** What is asked for, of whom; those before are older. */
interface Asked {
  readonly names: readonly string[];
  readonly members: readonly number[];
}

/** A gateway says how far a rollout's delivery is; one that has no such task is not believed. */
interface Said {
  readonly rollout: number;
  readonly gateway: number;
  readonly state: 'downloading' | 'installing' | 'succeeded' | 'failed';
}

const asked: fc.Arbitrary<Asked> = fc.record({
  names: fc.subarray(names, { minLength: 1 }),
  members: fc.subarray([...Array(gateways).keys()], { minLength: 1 }),
});
const said: fc.Arbitrary<Said> = fc.record({
  rollout: fc.nat(4),
  gateway: fc.nat(gateways - 1),
  state: fc.constantFrom('downloading', 'installing', 'succeeded', 'failed'),
});
/** Rollouts from the oldest to the newest, and the order of their offers with what is said after each. */
const history = fc.array(asked, { minLength: 2, maxLength: 5 }).chain((rollouts) =>
  fc.record({
    rollouts: fc.constant(rollouts),
    offers: fc.shuffledSubarray([...rollouts.keys()], { minLength: rollouts.length }),
    said: fc.array(fc.array(said, { maxLength: 4 }), {
      minLength: rollouts.length,
      maxLength: rollouts.length,
    }),
  }),
);

interface Outcome {
  readonly rollout: number;
  readonly gateway: number;
  readonly state: string;
  /** Which rollout took its place. */
  readonly by: number | null;
}

async function say(rolloutId: string, gatewayId: string, sequence: number, state: Said['state']) {
  const row = await repositories.database.delivery.findUnique({
    where: { rolloutId_gatewayId: { rolloutId, gatewayId } },
  });
  // An agent reports of what it was told of.
  const task = (await repositories.deliveries.poll([gatewayId])).get(gatewayId)?.task;
  if (row === null || task?.rolloutId !== rolloutId) return;
  const delivery = { rolloutId, ordinal: row.ordinal };
  await repositories.deliveries.report([
    { gatewayId, delivery, reports: [{ deliveryId: '', sequence, state }] },
  ]);
}

async function outcomesOf(ids: readonly string[], gatewayIds: readonly string[]): Promise<Outcome[]> {
  const rows = await repositories.database.delivery.findMany({ where: { rolloutId: { in: [...ids] } } });
  return rows.map(({ rolloutId, gatewayId, state, error }) => ({
    rollout: ids.indexOf(rolloutId),
    gateway: gatewayIds.indexOf(gatewayId),
    state,
    by: state === 'superseded' ? ids.indexOf((error as { rolloutId: string }).rolloutId) : null,
  }));
}

test('what is newer and asks for the same takes the place of what has not begun, and of nothing else', async () => {
  await fc.assert(
    fc.asyncProperty(history, async ({ rollouts, offers, said: told }) => {
      const gatewayIds = await addNewGateways(repositories, gateways);
      const ids: string[] = [];
      for (const one of rollouts) {
        const members = one.members.flatMap((member) => gatewayIds[member] ?? []);
        ids.push(await addRollout(repositories, one.names, members));
      }
      let sequence = 0;
      for (const [place, rollout] of offers.entries()) {
        await offerInBothDirections(repositories, ids[rollout] ?? '');
        for (const { rollout: about, gateway, state } of told[place] ?? [])
          await say(ids[about % ids.length] ?? '', gatewayIds[gateway] ?? '', (sequence += 1), state);
      }
      const outcomes = await outcomesOf(ids, gatewayIds);
      const overtakes = (newer: number, older: number): boolean =>
        newer > older &&
        (rollouts[older]?.names ?? []).every((name) => rollouts[newer]?.names.includes(name) === true);
      for (const { rollout, gateway, state, by } of outcomes) {
        const newer = outcomes.filter(
          (other) => other.gateway === gateway && overtakes(other.rollout, rollout),
        );
        if (by !== null) expect(newer.map((other) => other.rollout)).toContain(by);
        if (['pending', 'offered', 'downloading'].includes(state))
          expect(newer.filter((other) => !['failed', 'superseded'].includes(other.state))).toEqual([]);
      }
      // Of each artifact that a gateway was asked for, the newest wish is done, under way, or has failed by itself.
      for (const name of names)
        for (let gateway = 0; gateway < gateways; gateway += 1) {
          const wishes = outcomes.filter(
            (one) => one.gateway === gateway && rollouts[one.rollout]?.names.includes(name) === true,
          );
          const newest = wishes.toSorted((one, other) => other.rollout - one.rollout)[0];
          expect(newest?.state).not.toBe('superseded');
        }
      for (const id of ids) await expectNumbersRight(repositories.database, id);
    }),
    { numRuns: propertyRuns(60) },
  );
}, 240_000);
