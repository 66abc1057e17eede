import { expect, test } from '@jest/globals';
import { LeonoreError } from '../domain/errors.js';
import { Batcher } from './batcher.js';

/** Batches that wait until the test answers them. */
function heldBatches() {
  const batches: { items: number[]; answer: (results: string[]) => void; fail: (error: Error) => void }[] =
    [];
  const run = (items: number[]) =>
    new Promise<string[]>((resolve, reject) => batches.push({ items, answer: resolve, fail: reject }));
  return { batches, run };
}

const turn = () => new Promise(setImmediate);
const answered = (items: readonly number[]) => items.map((item) => `answer ${item}`);

test('what arrives in one turn is one batch, and each gets its own answer', async () => {
  const { batches, run } = heldBatches();
  const batcher = new Batcher(run, { maxSize: 10, concurrency: 1, maxQueued: 100 });
  const results = Promise.all([1, 2, 3].map((item) => batcher.submit(item)));
  expect(batcher.waiting).toBe(3);
  await turn();
  expect(batches.map(({ items }) => items)).toEqual([[1, 2, 3]]);
  expect(batcher.waiting).toBe(0);
  batches[0]?.answer(answered([1, 2, 3]));
  expect(await results).toEqual(['answer 1', 'answer 2', 'answer 3']);
});

test('what arrives meanwhile is the next batch, within size and concurrency', async () => {
  const { batches, run } = heldBatches();
  const batcher = new Batcher(run, { maxSize: 2, concurrency: 2, maxQueued: 100 });
  const results = Promise.all([1, 2, 3, 4, 5].map((item) => batcher.submit(item)));
  await turn();
  expect(batches.map(({ items }) => items)).toEqual([
    [1, 2],
    [3, 4],
  ]);
  expect(batcher.waiting).toBe(1);
  batches[0]?.answer(answered([1, 2]));
  await turn();
  expect(batches.map(({ items }) => items)).toEqual([[1, 2], [3, 4], [5]]);
  batches[1]?.answer(answered([3, 4]));
  batches[2]?.answer(answered([5]));
  expect(await results).toHaveLength(5);
});

test('one that begins soon after another waits for what else comes, unless it is full', async () => {
  const { batches, run } = heldBatches();
  const batcher = new Batcher(run, { maxSize: 3, concurrency: 2, maxQueued: 100, gatherMs: 1_000 });
  const results = [batcher.submit(1)];
  await turn();
  for (const item of [2, 3]) {
    results.push(batcher.submit(item));
    await turn();
  }
  expect(batches.map(({ items }) => items)).toEqual([[1]]);
  results.push(batcher.submit(4));
  await turn();
  expect(batches.map(({ items }) => items)).toEqual([[1], [2, 3, 4]]);
  for (const { items, answer } of batches) answer(answered(items));
  expect(await Promise.all(results)).toHaveLength(4);
});

test('what is left waits no longer than that', async () => {
  const batches: number[][] = [];
  const batcher = new Batcher(
    async (items: number[]) => {
      batches.push(items);
      return items;
    },
    { maxSize: 10, concurrency: 1, maxQueued: 100, gatherMs: 20 },
  );
  await batcher.submit(1);
  expect(await Promise.all([batcher.submit(2), batcher.submit(3)])).toEqual([2, 3]);
  expect(batches).toEqual([[1], [2, 3]]);
});

test('a batch that fails because the database is away fails for all in it, once, and for nobody else', async () => {
  const { batches, run } = heldBatches();
  const batcher = new Batcher(run, { maxSize: 2, concurrency: 1, maxQueued: 100 });
  const results = Promise.allSettled([1, 2, 3].map((item) => batcher.submit(item)));
  await turn();
  batches[0]?.fail(new LeonoreError('DATABASE_UNAVAILABLE', 'away'));
  await turn();
  batches[1]?.answer(answered([3]));
  expect(await results).toMatchObject([
    { status: 'rejected', reason: { message: 'away' } },
    { status: 'rejected', reason: { message: 'away' } },
    { status: 'fulfilled', value: 'answer 3' },
  ]);
});

test('when too many wait, one more is refused at once', async () => {
  const { batches, run } = heldBatches();
  const batcher = new Batcher(run, { maxSize: 1, concurrency: 1, maxQueued: 2 });
  const first = batcher.submit(1);
  await turn();
  const waiting = [batcher.submit(2), batcher.submit(3)];
  await expect(batcher.submit(4)).rejects.toMatchObject({ code: 'TOO_MANY_REQUESTS' });
  for (const next of [0, 1, 2]) {
    batches[next]?.answer(['done']);
    await turn();
  }
  expect(await Promise.all([first, ...waiting])).toEqual(['done', 'done', 'done']);
});

test('a batch that fails by one of its members refuses that one alone', async () => {
  const runs: number[][] = [];
  const batcher = new Batcher(
    async (items: number[]) => {
      runs.push(items);
      if (items.includes(6)) throw new Error('six');
      return answered(items);
    },
    { maxSize: 10, concurrency: 1, maxQueued: 100 },
  );
  const results = await Promise.allSettled([1, 2, 3, 4, 5, 6, 7, 8].map((item) => batcher.submit(item)));
  expect(results.map(({ status }) => status)).toEqual([
    ...Array.from({ length: 5 }, () => 'fulfilled'),
    'rejected',
    'fulfilled',
    'fulfilled',
  ]);
  expect(results[6]).toMatchObject({ value: 'answer 7' });
  expect(results[5]).toMatchObject({ reason: { message: 'six' } });
  // Halved each time: a batch of thousands costs few runs more.
  expect(runs.length).toBeLessThanOrEqual(7);
});
