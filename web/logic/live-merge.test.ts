import { describe, expect, test } from '@jest/globals';
import { mergedList, pauseMs } from './live-merge.js';

const item = (id: string, createdAt: string, state = 'running') => ({ id, createdAt, state });

describe('a list and what a stream tells', () => {
  const list = {
    pages: [
      { items: [item('d', '2026-01-04T00:00:00Z'), item('c', '2026-01-03T00:00:00Z')], nextCursor: 'c' },
      { items: [item('b', '2026-01-02T00:00:00Z')], nextCursor: null },
    ],
    pageParams: [null, 'c'],
  };

  test('what is known is replaced, what is new comes first, what is older waits for its page', () => {
    const merged = mergedList(list, [
      item('b', '2026-01-02T00:00:00Z', 'succeeded'),
      item('a', '2026-01-01T00:00:00Z'),
      item('e', '2026-01-05T00:00:00Z'),
      item('f', '2026-01-06T00:00:00Z'),
    ]);
    expect(merged.pages.map(({ items }) => items.map(({ id }) => id))).toEqual([['f', 'e', 'd', 'c'], ['b']]);
    expect(merged.pages[1]?.items[0]?.state).toBe('succeeded');
    expect(list.pages[0]?.items).toHaveLength(2);
    expect(mergedList(merged, [item('e', '2026-01-05T00:00:00Z')])).toEqual(merged);
  });

  test('an empty list takes all', () => {
    const empty = {
      pages: [{ items: [] as (typeof list)['pages'][0]['items'], nextCursor: null }],
      pageParams: [null],
    };
    expect(mergedList(empty, [item('a', '2026-01-01T00:00:00Z')]).pages[0]?.items).toHaveLength(1);
  });
});

test('pauses grow, have an end, and differ', () => {
  expect([1, 2, 3].map((failures) => pauseMs(failures, 1))).toEqual([1_000, 2_000, 4_000]);
  expect(pauseMs(1, 0)).toBe(500);
  expect(pauseMs(1_000, 1)).toBe(30_000);
});
