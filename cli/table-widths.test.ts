import { describe, expect, test } from '@jest/globals';
import { Output } from './output.js';
import { tableWidths } from './table-widths.js';

describe('widths of a table', () => {
  test.each([
    [[10, 20, 30], 60, [10, 20, 30]],
    [[10, 20, 30], 50, [10, 20, 20]],
    [[10, 20, 30], 40, [10, 15, 15]],
    [[10, 20, 30], 39, [10, 15, 14]],
    [[5, 200, 7], 80, [5, 68, 7]],
    [[10, 20, 30], 10, [10, 10, 10]],
    [[4, 5], 3, [4, 5]],
  ])('%j in %i are %j', (natural, available, widths) => {
    expect(tableWidths(natural, available).toSorted((a, b) => a - b)).toEqual(
      widths.toSorted((a, b) => a - b),
    );
  });
});

const reason = 'a reason that is much longer than what a narrow terminal holds';

function drawn(columns: number | undefined, isTTY: boolean, why = reason): string[] {
  let text = '';
  const stream = {
    isTTY,
    ...(columns === undefined ? {} : { columns }),
    write: (more: string) => (text += more),
  };
  const rows = [['gw-1', why, '7']];
  new Output(stream, false, { NO_COLOR: '1' }).table(['ID', 'WHY', 'COUNT'], rows, 'none');
  return text.trimEnd().split('\n');
}

describe('a table', () => {
  test('fits the terminal, and loses nothing', () => {
    const lines = drawn(40, true);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(40);
    const words = lines.slice(1).map((line) => line.slice(6).replace(/7$/, ''));
    expect(words.join(' ').replace(/\s+/g, ' ').trim()).toBe(reason);
  });

  test('breaks a word that is wider than its column', () => {
    const lines = drawn(40, true, 'x'.repeat(100));
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(40);
    expect(lines.join('').replace(/[^x]/g, '')).toHaveLength(100);
  });

  test.each([
    [200, true],
    [40, false],
    [undefined, true],
  ])('stays a line a row with %p columns, on a terminal: %p', (columns, isTTY) => {
    expect(drawn(columns, isTTY)).toHaveLength(2);
  });
});
