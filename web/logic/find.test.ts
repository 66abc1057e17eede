import { expect, test } from '@jest/globals';
import { findIn } from './find.js';

const items = ['a thermometer', 'thermometer', 'logger'].map((text) => ({
  kind: 'artifact',
  text,
  also: `id-${text}`,
  href: `/${text}`,
}));

test('what begins with the text comes first; ids are found too', () => {
  expect(findIn(items, ' Thermo', 5).map(({ text }) => text)).toEqual(['thermometer', 'a thermometer']);
  expect(findIn(items, 'id-logger', 5).map(({ text }) => text)).toEqual(['logger']);
  expect(findIn(items, '', 2)).toHaveLength(2);
  expect(findIn(items, 'none', 5)).toEqual([]);
});
