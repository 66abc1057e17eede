/** What ended badly is found and counted by its reason, whatever numbers the reason names. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { errorClasses } from '../../domain/campaign/error-class.js';
import { reasonOf, templateOf } from '../../domain/delivery/reason.js';
import { troubleStates } from '../../domain/delivery/state.js';
import {
  addGateways,
  addNode,
  addRollout,
  profileOf,
  testRepositories,
  type TestRepositories,
} from '../../tests/support/test-repositories.js';

let repositories: TestRepositories;
let rollout: string;
let other: string;

const ids = Array.from({ length: 8 }, (_none, index) => `gw-${String(index)}`);
/** How the deliveries end, in the order of the gateways. */
const ends: readonly [string, object | null][] = [
  ['succeeded', null],
  [
    'failed',
    { class: 'health', step: 'health', message: 'the check of app did not end within 0.0032 s: tired' },
  ],
  ['failed', { class: 'health', step: 'health', message: 'the check of app did not end within 41.7 s: ill' }],
  ['failed', { class: 'script', step: 'install', message: 'install ended with status 3: no' }],
  ['failed', { code: 'BUILD_FAILED', message: 'it does not build' }],
  ['failed', { class: 'something new', message: '' }],
  ['lost', { code: 'DEADLINE_PASSED' }],
  ['incompatible', null],
];

beforeAll(async () => {
  repositories = await testRepositories();
  await addNode(repositories, 'node-1');
  await addGateways(
    repositories,
    ids.map((id) => profileOf(id, { name: `Name of ${id}` })),
  );
  await repositories.gateways.changeLabels('gw-1', { set: { building: 'b1' }, unset: [] });
  rollout = await addRollout(repositories, ['app'], ids);
  other = await addRollout(repositories, ['lib'], [ids[1] ?? '']);
  for (const [index, [state, error]] of ends.entries()) await end(rollout, ids[index] ?? '', state, error);
  await end(other, ids[1] ?? '', 'failed', ends[1]?.[1] ?? null);
}, 60_000);

afterAll(() => repositories.close());

async function end(id: string, gatewayId: string, state: string, error: object | null): Promise<void> {
  await repositories.database.$executeRaw`
    UPDATE delivery SET state = ${state}, error = ${error === null ? null : JSON.stringify(error)}::jsonb, ended_at = now()
    WHERE rollout_id = ${id}::uuid AND gateway_id = ${gatewayId}`;
}

const always = { withinHours: 720 };

test('the database takes messages apart as the domain does', async () => {
  const piece = fc.oneof(
    fc.constantFrom(
      ...[
        'ended with status 7: ',
        'did not end within 3.5 s: ',
        'the check of app failed: ',
        '\n',
        '.',
        '-',
        ' ',
      ],
      ...[
        '10.0.0.9',
        '1.2.3',
        '12345678',
        'deadbeef1',
        '01234567-89ab-cdef-0123-456789abcdef',
        'ä',
        '_',
        'v1',
        '@',
      ],
    ),
    fc.string({ unit: fc.constantFrom(...Array.from('0123456789abcdefg. -_:')), maxLength: 12 }),
    fc.string({ unit: 'grapheme', maxLength: 5 }).map((text) => text.replaceAll('\0', '').toWellFormed()),
  );
  const message = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''));
  const messages = [
    ...fc.sample(message, 2_000),
    'x'.repeat(400),
    `${'😀'.repeat(299)}12.5`,
    '1.2.3.4.5 1..2 .5 5. 1.2x',
  ];
  const rows = await repositories.database.$queryRaw<{ template: string }[]>`
    SELECT leonore_template(m.message) AS template FROM unnest(${messages}::text[]) WITH ORDINALITY AS m(message, place) ORDER BY place`;
  expect(rows.map(({ template }) => template)).toEqual(messages.map((text) => templateOf(text).template));
});

describe('what ended badly', () => {
  test('is counted by reason, with an example of each', async () => {
    const facets = await repositories.deliveryLists.facetsOfRollout(rollout);
    expect(facets).toMatchObject({ complete: true });
    expect(facets.reason[0]).toMatchObject({
      class: 'health',
      template: 'the check of app did not end within # s',
      count: 2,
      example: { rolloutId: rollout, gatewayId: 'gw-1', parameters: ['0.0032'], output: 'tired' },
    });
    expect(facets.reason.map(({ count }) => count)).toEqual([2, 1, 1, 1, 1, 1]);
    expect(Object.fromEntries(facets.class.map(({ value, count }) => [value, count]))).toEqual({
      health: 2,
      script: 1,
      incompatible: 2,
      internal: 1,
      lost: 1,
    });
  });

  test('is found by class as it is classified, and by reason', async () => {
    const { items } = await repositories.deliveryLists.ofRollout(rollout, 100, null);
    expect(items).toHaveLength(ids.length);
    for (const errorClass of errorClasses) {
      const found = await repositories.deliveryLists.ofRollout(rollout, 100, null, { errorClass });
      const expected = items.filter((item) => reasonOf(item)?.class === errorClass);
      expect(found.items).toEqual(expected);
    }
    const { reason } = await repositories.deliveryLists.facetsOfRollout(rollout);
    for (const { key, count, template } of reason) {
      const found = await repositories.deliveryLists.ofRollout(rollout, 100, null, { reason: key });
      expect(found.items).toHaveLength(count);
      for (const item of found.items) expect(item.reason).toMatchObject({ key, template });
    }
  });

  test('loses its reason when it is corrected', async () => {
    await end(rollout, 'gw-6', 'succeeded', null);
    const [row] = (await repositories.deliveryLists.ofRollout(rollout, 100, null, { text: 'gw-6' })).items;
    expect(row?.reason).toBeNull();
    expect(
      await repositories.database.delivery.count({ where: { gatewayId: 'gw-6', reason: { not: null } } }),
    ).toBe(0);
    await end(rollout, 'gw-6', 'lost', { code: 'DEADLINE_PASSED' });
  });
});

describe('of the fleet', () => {
  test('it is listed a page at a time, the latest first', async () => {
    const { items: whole } = await repositories.deliveryLists.trouble(100, null, always);
    expect(whole).toHaveLength(8);
    expect(whole.every(({ state }) => (troubleStates as readonly string[]).includes(state))).toBe(true);
    const paged = [];
    let cursor: string | null = null;
    do {
      const page = await repositories.deliveryLists.trouble(3, cursor, always);
      paged.push(...page.items);
      cursor = page.nextCursor;
    } while (cursor !== null);
    expect(paged).toEqual(whole);
    await expect(repositories.deliveryLists.trouble(3, 'gw-1', always)).rejects.toMatchObject({
      code: 'MALFORMED_INPUT',
    });
  });

  test.each([
    ['a rollout', () => ({ rolloutId: other }), 1],
    ['a selector', () => ({ select: 'labels.building == "b1"' }), 2],
    ['a text', () => ({ text: 'NAME OF GW-3' }), 1],
    ['a state', () => ({ state: 'lost' as const }), 1],
    ['a class', () => ({ errorClass: 'health' as const }), 3],
    ['a node that there is not', () => ({ nodeId: 'node-9' }), 0],
    ['a campaign that there is not', () => ({ campaignId: '01234567-89ab-cdef-0123-456789abcdef' }), 0],
  ])('it is found and counted by %s', async (_what, filter, expected) => {
    const asked = { ...always, ...filter() };
    expect((await repositories.deliveryLists.trouble(100, null, asked)).items).toHaveLength(expected);
    expect((await repositories.deliveryLists.facetsOfTrouble(asked)).total).toBe(expected);
  });

  test('it is told within a scope alone', async () => {
    const { deliveryLists } = repositories.within(['labels.building == "b1"']);
    const { items } = await deliveryLists.trouble(100, null, always);
    expect(items.map(({ gatewayId }) => gatewayId)).toEqual(['gw-1', 'gw-1']);
    expect(await deliveryLists.facetsOfTrouble(always)).toMatchObject({
      total: 2,
      reason: [{ count: 2, example: { gatewayId: 'gw-1' } }],
    });
  });
});
