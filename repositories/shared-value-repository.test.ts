import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { matches, parseSelector } from '../domain/selector/selector.js';
import { byNearness, conditionsOf, type ValueLevel } from '../domain/values/levels.js';
import {
  addGateways,
  addNode,
  profileOf,
  testRepositories,
  type TestRepositories,
} from '../tests/support/test-repositories.js';
import { testValueKeys } from '../tests/support/test-value-keys.js';
import { placeOf } from './value-repository.js';

let repositories: TestRepositories;
const { opener, sealer } = testValueKeys;
const sites = ['a', 'b'];
const rooms = ['1', '2'];
const fleet = sites.flatMap((site) =>
  rooms.map((room) => ({ id: `gw-${site}${room}`, labels: { site, room } })),
);

beforeAll(async () => {
  repositories = await testRepositories();
  await addNode(repositories, 'node-1');
  await addGateways(
    repositories,
    fleet.map(({ id, labels }) => profileOf(id, { labels })),
  );
});

afterAll(() => repositories.close());

const selector = fc.constantFrom(
  'labels.site == "a"',
  'labels.site == "b"',
  'labels.room == "1"',
  'labels.site == "a" && labels.room == "1"',
  'labels.site in ("a", "b")',
  '!(labels.site == "a" || labels.room == "2")',
);
const place = fc.oneof(
  fc.constant<{ level: 'fleet' }>({ level: 'fleet' }),
  selector.map((select) => ({ level: 'select' as const, select })),
  fc.constantFrom(...fleet.map(({ id }) => id)).map((id) => ({ level: 'gateway' as const, id })),
);
const step = fc.record({
  place,
  key: fc.constantFrom('x', 'y'),
  value: fc.option(fc.constantFrom('1', '2', '3')),
});

test('each gateway has the nearest value of each key, however they came and went', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
      const { database, sharedValues, values } = repositories;
      await database.$executeRaw`DELETE FROM shared_value`;
      await database.$executeRaw`DELETE FROM gateway_value`;
      const given = new Map<string, { where: (typeof steps)[number]['place']; key: string; value: string }>();
      for (const { place: where, key, value } of steps) {
        const changes = {
          set: value === null ? {} : { [key]: value },
          secret: false,
          unset: value === null ? [key] : [],
        };
        if (where.level === 'gateway') await values.change(where.id, changes, sealer);
        else await sharedValues.change(where.level === 'select' ? where.select : null, changes, sealer);
        const name = JSON.stringify([where, key]);
        if (value === null) given.delete(name);
        else given.set(name, { where, key, value });
      }
      for (const { id, labels } of fleet) {
        const own = [...given.values()].filter(({ where }) => {
          if (where.level === 'gateway') return where.id === id;
          return where.level === 'fleet' || matches(parseSelector(where.select), profileOf(id, { labels }));
        });
        const nearest = (key: string) =>
          own
            .filter((entry) => entry.key === key)
            .sort((one, other) => byNearness(levelOf(one.where), levelOf(other.where)))[0];
        const expected = ['x', 'y'].flatMap((key) => {
          const found = nearest(key);
          return found === undefined ? [] : [[key, found.value, found.where.level]];
        });
        expect((await values.list(id)).map(({ key, value, level }) => [key, value, level])).toEqual(expected);
      }
    }),
    { numRuns: 25 },
  );
});

function levelOf(
  where: { level: 'fleet' } | { level: 'gateway' } | { level: 'select'; select: string },
): ValueLevel {
  return where.level === 'select'
    ? { ...where, conditions: conditionsOf(parseSelector(where.select)) }
    : where;
}

test('a gateway whose labels change has other values once it was looked at', async () => {
  const { sharedValues, values, gateways } = repositories;
  await sharedValues.change('labels.site == "c"', { set: { z: 'of c' }, secret: false, unset: [] }, sealer);
  await gateways.changeLabels('gw-a1', { set: { site: 'c' }, unset: [] });
  const marked = await repositories.stateKeeping.marked(10);
  expect(marked.map(({ id }) => id)).toContain('gw-a1');
  await sharedValues.inherit(['gw-a1']);
  expect((await values.list('gw-a1')).find(({ key }) => key === 'z')?.value).toBe('of c');
  await gateways.changeLabels('gw-a1', { set: { site: 'a' }, unset: [] });
  await sharedValues.inherit(['gw-a1']);
  expect((await values.list('gw-a1')).find(({ key }) => key === 'z')).toBeUndefined();
});

test('secrets are sealed for their place, and never shown', async () => {
  const { sharedValues, database } = repositories;
  await sharedValues.change(null, { set: { token: 'marker-secret' }, secret: true, unset: [] }, sealer);
  expect((await sharedValues.list()).find(({ key }) => key === 'token')).toMatchObject({
    value: null,
    secret: true,
  });
  const [row] = await database.$queryRaw<
    { id: string; text: string; sealed: Uint8Array }[]
  >`SELECT id::text, shared_value::text AS text, sealed FROM shared_value WHERE key = 'token'`;
  expect(row?.text).not.toContain('marker');
  const { id = '', sealed = new Uint8Array() } = row ?? {};
  expect(opener.open(sealed, placeOf('', 'token', id))).toBe('marker-secret');
  expect(() => opener.open(sealed, placeOf('gw-a1', 'token'))).toThrow(
    expect.objectContaining({ code: 'SECRETS_UNAVAILABLE' }),
  );
});

test('a mark goes away only if it is the one that was read', async () => {
  const { database, stateKeeping, values } = repositories;
  await database.$executeRaw`UPDATE gateway SET mark = NULL`;
  await values.change('gw-b2', { set: { q: '1' }, secret: false, unset: [] }, sealer);
  const read = await stateKeeping.marked(10);
  await values.change('gw-b2', { set: { q: '2' }, secret: false, unset: [] }, sealer);
  await stateKeeping.unmark(read);
  const again = await stateKeeping.marked(10);
  expect(again.map(({ id }) => id)).toEqual(['gw-b2']);
  await stateKeeping.unmark(again);
  expect(await stateKeeping.marked(10)).toEqual([]);
});
