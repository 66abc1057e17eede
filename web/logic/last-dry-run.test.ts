import { expect, test } from '@jest/globals';
import type { Schemas } from '../api/queries.js';
import { changesOf, summaryFrom, summaryOf } from './last-dry-run.js';
import { emptyForm } from './plan-form.js';

const form = { ...emptyForm, what: 'lamp', where: 'here' };
const group = (gateways: number, install: readonly string[], explanation: string | null = null) =>
  ({
    gateways,
    sample: [],
    plans: install.length === 0 ? [] : [{ install, remove: ['old@1'], artifacts: [] }],
    explanation,
    undecided: false,
  }) as unknown as Schemas['PlanAnswer']['groups'][number];
const answer = (groups: Schemas['PlanAnswer']['groups'], incompatible: number) =>
  ({ gateways: 10, incompatible, undecided: 0, downloadBytes: 5, groups }) as Schemas['PlanAnswer'];

test('groups that would get the same, and reasons that are the same, count together', () => {
  const { served, unserved, plans, reasons, question } = summaryOf(
    answer([group(3, ['a@1']), group(4, ['a@1']), group(2, [], 'no'), group(1, [], 'no')], 3),
    form,
    1,
  );
  expect({ served, unserved, plans, reasons, question }).toEqual({
    served: 7,
    unserved: 3,
    plans: [{ text: 'a@1 − old@1', gateways: 7 }],
    reasons: [{ text: 'no', gateways: 3 }],
    question: 'leonore plan lamp --deployment here',
  });
});

test('what came, what went, and what holds for more or fewer is told, the largest difference first', () => {
  const before = [
    { text: 'same', gateways: 5 },
    { text: 'gone', gateways: 2 },
    { text: 'more', gateways: 1 },
  ];
  const now = [
    { text: 'same', gateways: 5 },
    { text: 'more', gateways: 9 },
    { text: 'new', gateways: 1 },
  ];
  expect(changesOf(before, now)).toEqual([
    { text: 'more', before: 1, now: 9 },
    { text: 'gone', before: 2, now: 0 },
    { text: 'new', before: 0, now: 1 },
  ]);
  expect(changesOf(now, now)).toEqual([]);
});

test('it comes back as it was kept', () => {
  const one = summaryOf(answer([group(10, ['a@1'])], 0), form, 1);
  expect(summaryFrom(JSON.stringify(one))).toEqual(one);
});

test.each([null, '', '{', '[]', '{}', '{"atMs":"1"}', 'null'])('of %j nothing is believed', (text) =>
  expect(summaryFrom(text)).toBeNull(),
);
