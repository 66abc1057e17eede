/** Registrations that share a transaction: each is judged by itself, and counts are kept under the same lock. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { sharedGrant } from '../domain/enrolment/grant.js';
import { LeonoreError } from '../domain/errors.js';
import { whileHeld } from '../tests/support/held-locks.js';
import {
  addNode,
  profileOf,
  testRepositories,
  type TestRepositories,
} from '../tests/support/test-repositories.js';
import type { Registration } from './registration-repository.js';

let repositories: TestRepositories;

beforeAll(async () => {
  repositories = await testRepositories();
  await addNode(repositories, 'node-1');
}, 60_000);

afterAll(() => repositories.close());

function keyed(
  id: string,
  key: string,
  counter: number,
  changes: Partial<Registration['credentials']> = {},
): Registration {
  return {
    profile: profileOf(id),
    pushAddress: null,
    pollSeconds: 60,
    ownPollSeconds: null,
    agentVersion: null,
    credentials: {
      ownTokenHash: null,
      key: { text: `ed25519:${key}`, counter, sealedSecret: null },
      enrolment: null,
      address: '127.0.0.1',
      ...changes,
    },
    newTokenHash: randomBytes(32),
  };
}

const codes = (outcomes: readonly unknown[]): string[] =>
  outcomes.map((outcome) => (outcome instanceof LeonoreError ? outcome.code : 'entered'));

test('what is refused of a batch costs the others nothing', async () => {
  const { registrations } = repositories;
  const enrolment = sharedGrant;
  await registrations.registerAll(['a', 'b', 'c', 'd'].map((id) => keyed(id, id, 5, { enrolment })));
  const outcomes = await registrations.registerAll([
    keyed('a', 'a', 6),
    keyed('b', 'thief', 99, { enrolment }),
    keyed('c', 'c', 5),
    keyed('e', 'e', 1),
    keyed('f', 'f', 1, { enrolment }),
    keyed('d', 'd', 6),
    // Twice in one batch is one after the other: the second is above the first, or is not taken.
    keyed('d', 'd', 7),
    keyed('a', 'a', 6),
  ]);
  expect(codes(outcomes)).toEqual([
    'entered',
    'GATEWAY_CONTESTED',
    'REGISTRATION_REPLAYED',
    'UNAUTHENTICATED',
    'entered',
    'entered',
    'entered',
    'REGISTRATION_REPLAYED',
  ]);
  const held = await registrations.identitiesOf(['a', 'b', 'c', 'd', 'e', 'f']);
  expect([...held.values()].map(({ id, key, counter }) => [id, key, counter]).sort()).toEqual([
    ['a', 'ed25519:a', 6],
    ['b', 'ed25519:b', 5],
    ['c', 'ed25519:c', 5],
    ['d', 'ed25519:d', 7],
    ['f', 'ed25519:f', 1],
  ]);
});

test('numbers up to 2^53-1 are held as they are', async () => {
  const { registrations } = repositories;
  const last = Number.MAX_SAFE_INTEGER;
  await registrations.registerAll([keyed('far', 'far', last - 1, { enrolment: sharedGrant })]);
  expect(codes(await registrations.registerAll([keyed('far', 'far', last - 1)]))).toEqual([
    'REGISTRATION_REPLAYED',
  ]);
  expect(codes(await registrations.registerAll([keyed('far', 'far', last)]))).toEqual(['entered']);
});

test('an enrolment that is revoked between look and lock enrols nobody', async () => {
  const { registrations, enrolments } = repositories;
  const { id } = await enrolments.create({
    name: 'brief',
    tokenHash: randomBytes(32),
    ids: ['*'],
    labels: {},
    reportedLabels: [],
    nodeId: null,
    keyless: false,
    approval: 'automatic',
    most: null,
    expiresInSeconds: null,
  });
  const late = keyed('late', 'late', 1, { enrolment: { ...sharedGrant, enrolmentId: id } });
  await enrolments.revoke('brief');
  expect(codes(await registrations.registerAll([late]))).toEqual(['ENROLMENT_REFUSED']);
});

test('a gateway goes to the node that its enrolment names, if that is up', async () => {
  const { registrations } = repositories;
  await addNode(repositories, 'node-2');
  const grants = ['node-1', 'node-2', 'node-9'].map((nodeId) => ({ ...sharedGrant, nodeId }));
  const [first, second, third] = await registrations.registerAll(
    grants.map((enrolment, place) => keyed(`placed-${place}`, `placed-${place}`, 1, { enrolment })),
  );
  expect([first, second]).toMatchObject([{ node: { id: 'node-1' } }, { node: { id: 'node-2' } }]);
  expect(third).toMatchObject({ node: { id: expect.stringMatching(/^node-[12]$/) } });
});

describe('what an operator says while a registration is judged', () => {
  /** Registers a gateway together with one that is held, so that it is told of `said` when it has begun. */
  async function registerWhile(registration: Registration, said: () => Promise<void>): Promise<unknown> {
    const { database, registrations } = repositories;
    const result = await whileHeld(
      database,
      (tx) => tx.$queryRaw`SELECT 1 FROM gateway WHERE id = '0-held' FOR UPDATE`,
      () => registrations.registerAll([keyed('0-held', '0-held', (heldCounter += 1)), registration]),
      said,
    );
    return result.status === 'fulfilled' ? (result.value as unknown[])[1] : result.reason;
  }
  let heldCounter = 1;

  beforeAll(async () => {
    await repositories.registrations.register(
      keyed('0-held', '0-held', heldCounter, { enrolment: sharedGrant }),
    );
  });

  test('approval is not lost', async () => {
    const { registrations, gateways } = repositories;
    const enrolment = { ...sharedGrant, approval: 'person' } as const;
    expect(await registrations.register(keyed('asks', 'asks', 1, { enrolment }))).toEqual({ pending: true });
    const outcome = await registerWhile(keyed('asks', 'asks', 2, { enrolment }), () =>
      gateways.approve('asks'),
    );
    expect(outcome).toMatchObject({ node: { id: expect.any(String) } });
    expect(await gateways.get('asks')).toMatchObject({ state: 'active' });
  });

  test('a key that is forgotten does not come back', async () => {
    const { registrations, gateways } = repositories;
    await registrations.register(keyed('stolen', 'stolen', 1, { enrolment: sharedGrant }));
    const outcome = await registerWhile(keyed('stolen', 'stolen', 2), () => gateways.readmit('stolen', null));
    expect(codes([outcome])).toEqual(['UNAUTHENTICATED']);
    const held = await registrations.identitiesOf(['stolen']);
    expect(held.get('stolen')).toMatchObject({ key: null, readmitted: true });
  });
});
