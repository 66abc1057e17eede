import { expect, test } from '@jest/globals';
import { plannedAtOnce, restOf } from './campaign-rest.js';

const evidence = (gatewayId: string, standing: string) => ({ gatewayId, standing });

test('the rest is what did not succeed and is still there, over all pages', async () => {
  const pages = new Map([
    [null, { items: [evidence('a', 'succeeded'), evidence('b', 'failed')], nextCursor: 'b' }],
    ['b', { items: [evidence('c', 'gone'), evidence('d', 'waiting')], nextCursor: null }],
  ] as const);
  const read = (cursor: string | null) =>
    Promise.resolve(pages.get(cursor as null) ?? { items: [], nextCursor: null });
  expect(await restOf(read)).toEqual(['b', 'd']);
});

test('of more than can be named no further page is read', async () => {
  let reads = 0;
  const items = Array.from({ length: plannedAtOnce + 1 }, (_, n) => evidence(`gw-${n}`, 'lost'));
  const read = () => Promise.resolve({ items, nextCursor: String((reads += 1)) });
  expect(await restOf(read)).toBeNull();
  expect(reads).toBe(1);
});
