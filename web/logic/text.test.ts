import { expect, test } from '@jest/globals';
import { printable, printableLines, quoted, shortened } from './text.js';

test('what cannot be seen, or turns its neighbours, is shown as a sign', () => {
  expect(printable('a\u{202e}b\u{0}c\u{200f}d\n')).toBe('a\u{fffd}b\u{fffd}c\u{fffd}d\u{fffd}');
  expect(printable('Überwachung 温度 ✓')).toBe('Überwachung 温度 ✓');
  expect(printableLines('one\ntwo\u{7}')).toBe('one\ntwo\u{fffd}');
});

test('text is cut between characters, never within one', () => {
  expect(shortened('gateway', 7)).toBe('gateway');
  expect(shortened('gateways', 7)).toBe('gatewa…');
  expect(shortened('😀😀😀', 2)).toBe('😀…');
});

test('arguments are quoted for a shell only when they need it', () => {
  expect(quoted('thermometer@^2')).toBe('thermometer@^2');
  expect(quoted('labels.site == "b1"')).toBe(`'labels.site == "b1"'`);
  expect(quoted("it's")).toBe(`'it'\\''s'`);
  expect(quoted('')).toBe("''");
});
