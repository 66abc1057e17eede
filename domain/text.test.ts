import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Value } from 'typebox/value';
import { cleanText, Text } from './text.js';

const anyText = fc.string({
  unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)),
});

describe('a text from outside', () => {
  test.each([
    ['of letters', 'a text', true],
    ['of every plane', 'ä 漢 \u{1F600}', true],
    ['as long as may be', 'x'.repeat(10), true],
    ['that is too long', 'x'.repeat(11), false],
    ['with NUL', 'a\0b', false],
    ['with the first half of a pair', 'a\ud800', false],
    ['with the second half of a pair', '\udc00b', false],
    ['with the halves the wrong way round', '\udc00\ud800', false],
  ])('%s', (_what, text, accepted) => {
    expect(Value.Check(Text(10), text)).toBe(accepted);
  });

  test('whatever it is, cleaned it is accepted, and what is sound stays as it is', () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 0, max: 20 }), (text, maxLength) => {
        const cleaned = cleanText(text, maxLength);
        expect(Value.Check(Text(maxLength), cleaned)).toBe(true);
        if (Value.Check(Text(text.length), text) && text.length <= maxLength) expect(cleaned).toBe(text);
        expect(cleanText(cleaned, maxLength)).toBe(cleaned);
      }),
    );
  });
});
