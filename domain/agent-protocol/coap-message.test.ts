import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { coapCodeOf, statusOfCoap } from './coap.js';
import {
  blockAs,
  blockOf,
  numberAs,
  numberOption,
  pathOptions,
  readMessage,
  writeMessage,
  type CoapMessage,
} from './coap-message.js';

const bytes = (most: number) => fc.uint8Array({ maxLength: most }).map((array) => Buffer.from(array));
const messages: fc.Arbitrary<CoapMessage> = fc.record({
  type: fc.constantFrom('confirmable', 'non-confirmable', 'acknowledgement', 'reset'),
  code: fc.constantFrom('0.01', '0.02', '2.05', '4.13', '5.03'),
  messageId: fc.nat(0xffff),
  token: bytes(8),
  options: fc.uniqueArray(
    fc.record({
      name: fc.constantFrom('Uri-Path', 'Uri-Query', 'ETag', 'Block2', 'Size1', '65000', '9999', '2050'),
      value: bytes(300),
    }),
    { maxLength: 3, selector: ({ name }) => name },
  ),
  payload: bytes(400),
});

test('what is written is read as it was', () => {
  fc.assert(
    fc.property(messages, (message) => {
      const read = readMessage(writeMessage(message));
      const sorted = (options: CoapMessage['options']) =>
        [...options].sort((left, right) => (left.name < right.name ? -1 : 1));
      expect(read).toEqual({ ...message, options: expect.anything() });
      expect(sorted(read?.options ?? [])).toEqual(sorted(message.options));
    }),
  );
});

test('any bytes are a message, or none; what is one is written as it came', () => {
  fc.assert(
    fc.property(bytes(80), (any) => {
      const read = readMessage(any);
      if (read !== null) expect(writeMessage(read)).toEqual(any);
    }),
    { numRuns: 2_000 },
  );
});

/** A GET that wants to be acknowledged, and what follows its header. */
const get = (...rest: number[]): Buffer => Buffer.from([0x40, 0x01, 0x12, 0x34, ...rest]);

test.each([
  ['is shorter than a header', Buffer.from([0x40, 0x01, 0x12])],
  ['is of another version', Buffer.from([0x80, 0x01, 0x12, 0x34])],
  ['has a token of more than eight bytes', Buffer.from([0x49, 0x01, 0, 0, ...Array<number>(9).fill(1)])],
  ['has a token of a length that is reserved', Buffer.from([0x4f, 0x01, 0, 0, 1])],
  ['has a token that is cut off', Buffer.from([0x44, 0x01, 0, 0, 1, 2])],
  ['has an option that is cut off', get(0xb4, 0x61)],
  ['has an option whose length is cut off', get(0xbd)],
  ['has an option of a length that is reserved', get(0xbf, 0x61)],
  ['has an option of a number that is reserved', get(0xf1, 0x61)],
  ['ends its options, and has no payload', get(0xb1, 0x61, 0xff)],
  ['is empty, and goes on', Buffer.from([0x40, 0x00, 0x12, 0x34, 0xff, 0x01])],
  ['is larger than a datagram of it may be', Buffer.concat([get(0xff), Buffer.alloc(2_000, 1)])],
])('what %s is no message', (_what, wrong) => {
  expect(readMessage(wrong)).toBeNull();
});

describe('numbers and blocks', () => {
  test.each([0, 1, 255, 256, 70_000, 2 ** 32 - 1])('%s is an option as short as it can be', (value) => {
    const option = numberAs('Max-Age', value);
    expect(numberOption({ options: [option] }, 'Max-Age')).toBe(value);
    expect(option.value[0]).not.toBe(0);
  });

  test.each([
    { number: 0, more: false, sizeBytes: 16 },
    { number: 7, more: true, sizeBytes: 1_024 },
    { number: 2 ** 20 - 1, more: true, sizeBytes: 512 },
  ])('%j is a block', (block) => {
    expect(blockOf({ options: [blockAs('Block1', block)] }, 'Block1')).toEqual(block);
    expect(() => blockAs('Block1', { ...block, number: 2 ** 20 })).toThrow(RangeError);
  });

  test('what is none, or more than one, is malformed', () => {
    const block = (...values: number[][]) => ({
      options: values.map((value) => ({ name: 'Block2', value: Buffer.from(value) })),
    });
    expect(blockOf(block(), 'Block2')).toBeNull();
    expect(blockOf(block([]), 'Block2')).toEqual({ number: 0, more: false, sizeBytes: 16 });
    for (const wrong of [block([0x07]), block([1, 2, 3, 4]), block([0x06], [0x06])])
      expect(blockOf(wrong, 'Block2')).toBe('malformed');
  });
});

test('a path is an option for each of its names', () => {
  expect(pathOptions('/device/v1/tasks').map(({ value }) => value.toString())).toEqual([
    'device',
    'v1',
    'tasks',
  ]);
});

test.each([
  [400, '4.00'],
  [401, '4.01'],
  [404, '4.04'],
  [421, '4.03'],
  [429, '4.29'],
  [451, '4.00'],
  [503, '5.03'],
  [507, '5.00'],
])('the status %s is told as %s', (status, code) => {
  expect(coapCodeOf(status)).toBe(code);
  expect(statusOfCoap(code)).toBe(Number(code.replace('.', '')));
});
