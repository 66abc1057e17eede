import { expect, test } from '@jest/globals';
import { emptyWantForm, missingInWant, wantBody, wantCommand } from './want-form.js';

const form = { ...emptyWantForm, what: 'thermometer@^2, logger', deployment: ' building ' };
const requests = ['thermometer@^2', 'logger'];

test.each([
  ['asked', { requests, deployment: 'building' }, ''],
  ['at-once', { requests, deployment: 'building', automatic: true }, ' --automatic'],
  ['strategy', { requests, deployment: 'building', strategy: 'careful' }, ' --strategy careful'],
] as const)('new versions when %s: the API and a shell are told the same', (way, body, option) => {
  const filled = { ...form, way, strategy: 'careful' as const };
  expect(wantBody(filled)).toEqual(body);
  expect(wantCommand(filled)).toBe(`leonore want thermometer@^2 logger --deployment building${option}`);
});

test('what is missing is told by field', () => {
  expect(Object.keys(missingInWant(emptyWantForm))).toEqual(['what', 'deployment']);
  expect(missingInWant(form)).toEqual({});
});
