import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { wantedRange } from './byte-range.js';

const wanted = (range: string, size = 100) => wantedRange({ range }, size, '"etag"');

test.each([
  ['bytes=-100', 0, 99],
  ['bytes=-101', 0, 99],
  ['bytes=-999999999999999999999', 0, 99],
  ['bytes=-1', 99, 99],
  ['bytes=5-9', 5, 9],
  ['bytes=90-999', 90, 99],
])('%s of 100 bytes are those from %i to %i', (range, start, end) => {
  expect(wanted(range)).toEqual({ kind: 'part', start, end });
});

test.each(['bytes=-0', 'bytes=100-'])('%s of 100 bytes cannot be satisfied', (range) => {
  expect(wanted(range)).toEqual({ kind: 'unsatisfiable' });
});

test.each(['bytes=0-1,-200', 'nonsense', 'lines=-200'])('%s gets the whole', (range) => {
  expect(wanted(range)).toEqual({ kind: 'whole' });
});

test('a part lies within the file, and the last bytes are as many as were asked for or there are', () => {
  fc.assert(
    fc.property(fc.nat(1_000), fc.nat(3_000), (size, last) => {
      const range = wanted(`bytes=-${String(last)}`, size);
      const bytes = range.kind === 'part' ? range.end - range.start + 1 : 0;
      expect(bytes).toBe(Math.min(size, last));
      if (range.kind === 'part') expect(range.end).toBe(size - 1);
    }),
  );
});
