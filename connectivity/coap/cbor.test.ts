import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readCbor, writeCbor } from './cbor.js';

const bytesOf = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex');

describe('CBOR', () => {
  test('says what JSON says', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
        const told: unknown = JSON.parse(JSON.stringify({ value }));
        expect(readCbor(writeCbor({ value }))).toEqual(told);
      }),
    );
    expect(writeCbor({ a: 1, b: undefined })).toEqual(bytesOf('a1 61 61 01'));
    expect(readCbor(bytesOf('a2 61 61 f9 3e 00 61 62 82 20 f4'))).toEqual({ a: 1.5, b: [-1, false] });
  });

  test('makes no prototype of a key', () => {
    const value = readCbor(bytesOf('a1 69 5f 5f 70 72 6f 74 6f 5f 5f a1 61 61 01')) as object;
    expect(Object.keys(value)).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  });

  test('may be nested as deep as messages are, and no deeper', () => {
    expect(readCbor(bytesOf(`${'81'.repeat(31)}80`))).toBeDefined();
    expect(() => readCbor(bytesOf(`${'81'.repeat(32)}80`))).toThrow('too deep');
    expect(() => readCbor(Buffer.alloc(128 * 1024, 0x81))).toThrow('too deep');
    expect(() =>
      readCbor(Buffer.concat([Buffer.alloc(100_000, bytesOf('a1 61 61')), bytesOf('00')])),
    ).toThrow('too deep');
    // Side by side there may be many.
    expect(readCbor(bytesOf(`99 03 e8 ${'80'.repeat(1_000)}`))).toHaveLength(1_000);
  });

  test.each([
    ['nothing', ''],
    ['a list of more than there is', '9a ff ff ff ff 00'],
    ['a list of more than can be', '9b ff ff ff ff ff ff ff ff 00'],
    ['a map of more than there is', 'ba ff ff ff ff'],
    ['a text of more than there is', '7a ff ff ff ff 61'],
    ['a list without a length', '9f 01 ff'],
    ['a map without a length', 'bf 61 61 01 ff'],
    ['a text without a length', '7f 61 61 ff'],
    ['an end of nothing', 'ff'],
    ['a tag', 'c1 00'],
    ['bytes', '41 00'],
    ['a key that is a number', 'a1 01 01'],
    ['a key that is a list', 'a1 80 01'],
    ['a key twice', 'a2 61 61 01 61 61 02'],
    ['undefined', 'f7'],
    ['what is no number', 'f9 7e 00'],
    ['an infinite number', 'f9 7c 00'],
    ['a number that is none of JSON', '1b ff ff ff ff ff ff ff ff'],
    ['more than one value', '01 01'],
    ['what is reserved', '1c'],
  ])('%s is refused', (_what, hex) => {
    expect(() => readCbor(bytesOf(hex))).toThrow();
  });

  test('whatever comes is read or refused, in memory and time of its own size', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          JSON.stringify(readCbor(bytes));
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
          expect(error).not.toBeInstanceOf(RangeError);
        }
      }),
    );
  });
});
