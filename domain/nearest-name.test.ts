import { expect, test } from '@jest/globals';
import { nearestName } from './nearest-name.js';

test.each([
  ['errorBuget', 'errorBudget'],
  ['errrobudget', 'errorBudget'],
  ['phase', 'phases'],
  ['gat', 'gate'],
  ['agte', 'gate'],
  ['x', null],
  ['colour', null],
  ['', null],
])('%s: %s', (name, expected) => {
  expect(nearestName(name, ['phases', 'gate', 'errorBudget'])).toBe(expected);
});
