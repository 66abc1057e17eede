import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { jsonFault } from './json-fault.js';

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

describe('jsonFault', () => {
  test('finds a fault exactly where JSON.parse does', () => {
    const piece = fc.constantFrom(
      ...[
        '{',
        '}',
        '[',
        ']',
        ',',
        ':',
        '"',
        '"a"',
        '"\\n"',
        '"\\x"',
        '1',
        '-',
        '0.5e3',
        '01',
        'true',
        'nul',
        ' ',
        '\n',
        "'",
        '#',
      ],
    );
    const pieces = fc.array(piece, { maxLength: 12 }).map((all) => all.join(''));
    // A text that is JSON, with a character put in or left out.
    const cut = fc
      .tuple(fc.json({ maxDepth: 3 }), fc.nat(), fc.constantFrom('', ',', '"', '}', 'x', '\\', '\t'))
      .map(([text, at, put]) => text.slice(0, at % text.length) + put + text.slice((at % text.length) + 1));
    fc.assert(
      fc.property(fc.oneof(pieces, cut, fc.json()), (text) => {
        expect(jsonFault(text) === null).toBe(isJson(text));
      }),
      { numRuns: 3_000 },
    );
  });

  test('what is before the fault can be a beginning of JSON', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 3 }), fc.nat(), (text, at) => {
        const begun = text.slice(0, at % text.length);
        const fault = jsonFault(begun);
        // Numbers, words and escapes are looked at as a whole; all else is missed only at the end.
        if (fault !== null && !/[a-z\d.+\\-]$/iu.test(begun)) expect(fault.offset).toBe(begun.length);
      }),
    );
  });

  test.each([
    ['{"a": 1,}', 8, 'a name in double quotes is expected here'],
    ['[1, 2,]', 6, 'a value is expected here'],
    ['[1 2]', 3, 'a comma or ] is expected here'],
    ['{"a" 1}', 5, 'a colon is expected here'],
    ["{'a': 1}", 1, 'a name in double quotes is expected here'],
    ['{"a": 1', 7, 'a comma or } is expected where the text ends'],
    ['["a', 3, 'a string is not closed'],
    ['["a\n"]', 3, 'a control character in a string'],
    ['["\\q"]', 2, 'an unknown escape in a string'],
    ['{} {}', 3, 'more follows after the end of the document'],
    ['', 0, 'a value is expected where the text ends'],
    ['# a', 0, 'a value is expected here'],
    ['[NaN]', 1, 'a value is expected here'],
    ['[01]', 2, 'a comma or ] is expected here'],
    ['['.repeat(100), 65, 'nested too deeply'],
  ])('%j: at %d, %s', (text, offset, message) => {
    expect(jsonFault(text)).toMatchObject({ offset, message });
  });
});
