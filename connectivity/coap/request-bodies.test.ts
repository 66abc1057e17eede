import { expect, test } from '@jest/globals';
import { RequestBodies } from './request-bodies.js';

const most = 1_000;
const block = (number: number, more: boolean, sizeBytes = 64) => ({ number, more, sizeBytes });
const bytes = (letter: string, length = 64): Buffer => Buffer.alloc(length, letter);

test('blocks that follow on each other are a body, also when one of them comes twice', () => {
  const bodies = new RequestBodies(100_000);
  expect(bodies.take('a', block(0, true), bytes('x'), most)).toEqual({ kind: 'continue' });
  expect(bodies.take('a', block(1, true), bytes('y'), most)).toEqual({ kind: 'continue' });
  expect(bodies.take('a', block(1, true), bytes('y'), most)).toEqual({ kind: 'continue' });
  const last = bodies.take('a', block(2, false), bytes('z', 10), most);
  expect(last).toEqual({
    kind: 'whole',
    body: Buffer.from('x'.repeat(64) + 'y'.repeat(64) + 'z'.repeat(10)),
  });
  expect(bodies.take('a', block(2, false), bytes('z', 10), most)).toEqual({ kind: 'incomplete' });
});

test('a body that begins anew forgets what was there', () => {
  const bodies = new RequestBodies(100_000);
  bodies.take('a', block(0, true), bytes('x'), most);
  bodies.take('a', block(0, true), bytes('y'), most);
  expect(bodies.take('a', block(1, false), bytes('z', 1), most)).toEqual({
    kind: 'whole',
    body: Buffer.from(`${'y'.repeat(64)}z`),
  });
});

test('bodies of others are other bodies', () => {
  const bodies = new RequestBodies(100_000);
  bodies.take('a', block(0, true), bytes('x'), most);
  expect(bodies.take('b', block(1, false), bytes('y'), most)).toEqual({ kind: 'incomplete' });
});

test.each([
  ['leaves one out', block(2, true), bytes('y')],
  ['goes back', block(0, false, 16), bytes('y', 20)],
  ['is shorter than it says, and not the last', block(1, true), bytes('y', 63)],
  ['is longer than it says', block(1, false), bytes('y', 65)],
  ['counts in another size', block(1, true, 128), bytes('y', 128)],
])('a block that %s makes the body begin anew', (_what, wrong, payload) => {
  const bodies = new RequestBodies(100_000);
  bodies.take('a', block(0, true), bytes('x'), most);
  expect(bodies.take('a', wrong, payload, most)).toEqual({ kind: 'incomplete' });
  expect(bodies.take('a', block(1, false), bytes('y'), most)).toEqual({ kind: 'incomplete' });
});

test('blocks for ever are ended at the size that a body may have', () => {
  const bodies = new RequestBodies(100_000);
  const kinds = Array.from(
    { length: 20 },
    (_none, number) => bodies.take('a', block(number, true), bytes('x'), most).kind,
  );
  expect(kinds.slice(0, 15)).toEqual(Array(15).fill('continue'));
  expect(kinds[15]).toBe('tooLarge');
  expect(kinds.slice(16)).toEqual(Array(4).fill('tooLarge'));
});

test('many that begin, and go no further, take no more than they may together', () => {
  const bodies = new RequestBodies(5_000);
  for (let sender = 0; sender < 1_000; sender += 1)
    bodies.take(String(sender), block(0, true), bytes('x'), most);
  expect(bodies.take('0', block(1, false), bytes('y'), most)).toEqual({ kind: 'incomplete' });
  expect(bodies.take('999', block(1, false), bytes('y'), most)).toMatchObject({ kind: 'whole' });
});
