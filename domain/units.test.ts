import { expect, test } from '@jest/globals';
import { counted } from './units.js';

test.each([
  [0, 'gateway', undefined, '0 gateways'],
  [1, 'gateway', undefined, '1 gateway'],
  [2, 'gateway', undefined, '2 gateways'],
  [1, 'process', 'processes', '1 process'],
  [12, 'process', 'processes', '12 processes'],
])('%s of %s', (count, one, many, text) => {
  expect(counted(count, one, many)).toBe(text);
});

test('the number is written as its reader writes numbers', () => {
  expect(counted(1_200, 'gateway', undefined, (count) => `${count / 1_000}k`)).toBe('1.2k gateways');
});
