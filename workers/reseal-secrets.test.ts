import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { SecretBox } from '../repositories/secret-box.js';
import { placeOf } from '../repositories/value-repository.js';
import {
  addGateways,
  addNode,
  profileOf,
  testRepositories,
  type TestRepositories,
} from '../tests/support/test-repositories.js';
import { newSealingKey, sealFor, sealingPublicKey, SecretOpener } from '../trust/sealing-keys.js';
import { resealSecrets } from './reseal-secrets.js';

const [old, current] = [newSealingKey(), newSealingKey()];
const symmetric = new SecretBox(['5e'.repeat(32)]);
const none = new SecretBox([]);
/** More than are sealed anew in one transaction. */
const many = 240;
const full = Array.from({ length: 4 }, (_none, index) => `full-${index}`);

let repositories: TestRepositories;

beforeAll(async () => {
  repositories = await testRepositories();
  await addNode(repositories, 'node-1');
  await addGateways(
    repositories,
    [...full, 'gw-2', 'gw-3'].map((id) => profileOf(id)),
  );
}, 60_000);

afterAll(() => repositories.close());

const sealer = (key: string) => ({
  seal: (text: string, place: string) => sealFor(sealingPublicKey(key), text, place),
});

async function opened(gatewayId: string, opener: SecretOpener): Promise<Record<string, string>> {
  const rows = await repositories.database.gatewayValue.findMany({ where: { gatewayId } });
  return Object.fromEntries(
    rows.map(({ key, sealed, value }) => [
      key,
      value ?? opener.open(sealed ?? new Uint8Array(), placeOf(gatewayId, key)),
    ]),
  );
}

test('what is sealed for an old key, or with a symmetric one, is sealed for the newest; nothing else changes', async () => {
  const { values } = repositories;
  const numbered = Object.fromEntries(
    Array.from({ length: many / full.length }, (_none, index) => [`k${index}`, `v${index}`]),
  );
  for (const id of full) await values.change(id, { set: numbered, secret: true, unset: [] }, sealer(old));
  await values.change('gw-2', { set: { before: 'symmetric' }, secret: true, unset: [] }, symmetric);
  await values.change('gw-2', { set: { plain: 'text' }, secret: false, unset: [] }, symmetric);
  await values.change('gw-2', { set: { lost: 'x' }, secret: true, unset: [] }, sealer(newSealingKey()));
  await values.change('gw-3', { set: { fresh: 'new' }, secret: true, unset: [] }, sealer(current));

  const keys = () => [current, old];
  const opener = new SecretOpener(keys, symmetric);
  expect(await resealSecrets({ values, opener, keys })).toEqual({ sealed: many + 1, left: 1 });

  // With the newest key alone: the others may be forgotten.
  const newest = new SecretOpener(() => [current], none);
  for (const id of full) expect(await opened(id, newest)).toEqual(numbered);
  expect(await opened('gw-3', newest)).toEqual({ fresh: 'new' });
  await values.change('gw-2', { set: {}, secret: false, unset: ['lost'] }, symmetric);
  expect(await opened('gw-2', newest)).toEqual({ before: 'symmetric', plain: 'text' });
  expect(await resealSecrets({ values, opener, keys })).toEqual({ sealed: 0, left: 0 });
});

test('a secret that was set meanwhile stays', async () => {
  const { values } = repositories;
  await values.change('gw-3', { set: { raced: 'old' }, secret: true, unset: [] }, sealer(old));
  const keys = () => [current, old];
  const opener = new SecretOpener(keys, symmetric);
  const slow = {
    sealedOtherwise: async (...asked: Parameters<typeof values.sealedOtherwise>) => {
      const found = await values.sealedOtherwise(...asked);
      await values.change('gw-3', { set: { raced: 'newer' }, secret: true, unset: [] }, sealer(current));
      return found;
    },
    replaceSealed: (changes: Parameters<typeof values.replaceSealed>[0]) => values.replaceSealed(changes),
  };
  await resealSecrets({ values: slow, opener, keys });
  expect((await opened('gw-3', opener))['raced']).toBe('newer');
});

test('secrets of fleet and selectors are sealed anew like those of gateways', async () => {
  const { database, sharedValues, values } = repositories;
  const changes = { set: { shared: 'same' }, secret: true, unset: [] };
  await sharedValues.change(null, changes, sealer(old));
  await sharedValues.change('labels.site == "a"', changes, sealer(old));
  const versions = () =>
    database.sharedValue.findMany({ select: { version: true }, orderBy: { version: 'asc' } });
  const before = await versions();
  const keys = () => [current, old];
  const opener = new SecretOpener(keys, symmetric);
  expect(await resealSecrets({ values, opener, keys })).toEqual({ sealed: 2, left: 0 });

  const newest = new SecretOpener(() => [current], none);
  for (const { id, key, sealed } of await database.sharedValue.findMany())
    expect(newest.open(sealed ?? new Uint8Array(), placeOf('', key, id))).toBe('same');
  // What they say is the same: nothing is to be configured anew.
  expect(await versions()).toEqual(before);
});
