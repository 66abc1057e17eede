import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { AcknowledgementPump } from './acknowledgement-pump.js';

let signals: string[];
let failures: unknown[];
let pump: AcknowledgementPump;
let refuse: boolean;

beforeEach(() => {
  jest.useFakeTimers();
  signals = [];
  failures = [];
  refuse = false;
  pump = new AcknowledgementPump(
    async (rolloutId, chunk, slots, look) => {
      signals.push(`${rolloutId}/${chunk} ${JSON.stringify(slots)}${look ? ' look' : ''}`);
      if (refuse) throw new Error('Temporal is away');
    },
    (error, { rolloutId, chunk }) => failures.push([(error as Error).message, rolloutId, chunk]),
  );
});

afterEach(async () => {
  await pump.close();
  jest.useRealTimers();
});

const acknowledge = (chunk: number, slots: number[], remaining: number) =>
  pump.add([{ rolloutId: 'r', chunk, slots, remaining, refused: false }]);

test('a chunk that is complete is told of at once, with all that waited', () => {
  acknowledge(1, [0, 1], 2);
  acknowledge(1, [3], 1);
  expect(signals).toEqual([]);
  acknowledge(1, [2], 0);
  expect(signals).toEqual(['r/1 [[0,3]]']);
  jest.advanceTimersByTime(600_000);
  expect(signals).toHaveLength(1);
});

test('one that is not is told of ever more seldom, and never later than five minutes', () => {
  const at: number[] = [];
  let nowMs = 0;
  for (let slot = 0; slot < 9; slot += 1) {
    acknowledge(1, [slot], 100);
    const before = signals.length;
    while (signals.length === before) {
      jest.advanceTimersByTime(1_000);
      nowMs += 1_000;
    }
    at.push(nowMs);
  }
  const waits = at.map((ms, index) => ms - (at[index - 1] ?? 0));
  expect(waits).toEqual([1_000, 4_000, 16_000, 64_000, 256_000, 300_000, 300_000, 300_000, 300_000]);
  expect(signals[8]).toBe('r/1 [[8,8]]');
});

test('chunks wait for themselves', () => {
  acknowledge(1, [0], 1);
  acknowledge(2, [5], 0);
  expect(signals).toEqual(['r/2 [[5,5]]']);
  jest.advanceTimersByTime(1_000);
  expect(signals).toEqual(['r/2 [[5,5]]', 'r/1 [[0,0]]']);
});

test('2,000 chunks are remembered; the oldest is told of and forgotten for one more', () => {
  for (let chunk = 0; chunk < 2_000; chunk += 1) acknowledge(chunk, [0], 1);
  expect(signals).toEqual([]);
  acknowledge(2_000, [0], 1);
  expect(signals).toEqual(['r/0 [[0,0]]']);
});

test('closing sends what waits', async () => {
  acknowledge(1, [0], 1);
  acknowledge(2, [1], 1);
  await pump.close();
  expect(signals).toEqual(['r/1 [[0,0]]', 'r/2 [[1,1]]']);
  jest.advanceTimersByTime(600_000);
  expect(signals).toHaveLength(2);
});

test('a signal that is lost is told, and not sent again: the workflow looks by itself', async () => {
  refuse = true;
  acknowledge(1, [0], 0);
  await pump.close();
  expect(failures).toEqual([['Temporal is away', 'r', 1]]);
  expect(signals).toHaveLength(1);
});

test('a chunk is told to look when a gateway refused its task, though nothing of it has ended', () => {
  pump.add([{ rolloutId: 'r', chunk: 1, slots: [], remaining: null, refused: true }]);
  jest.advanceTimersByTime(1_000);
  expect(signals).toEqual(['r/1 [] look']);
  acknowledge(1, [3], 1);
  jest.advanceTimersByTime(4_000);
  expect(signals).toEqual(['r/1 [] look', 'r/1 [[3,3]]']);
});

test('a gateway that refused its task waits a minute at the most, whatever was waited for before', () => {
  for (let sent = 0; sent < 5; sent += 1) {
    acknowledge(1, [sent], 100);
    jest.advanceTimersByTime(300_000);
  }
  expect(signals).toHaveLength(5);
  acknowledge(1, [7], 100);
  jest.advanceTimersByTime(120_000);
  pump.add([{ rolloutId: 'r', chunk: 1, slots: [], remaining: null, refused: true }]);
  jest.advanceTimersByTime(59_000);
  expect(signals).toHaveLength(5);
  jest.advanceTimersByTime(1_000);
  expect(signals[5]).toBe('r/1 [[7,7]] look');
});
