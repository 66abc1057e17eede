import { describe, expect, test } from '@jest/globals';
import { parseSelector } from '../../domain/selector/parse-selector.js';
import { hasClause, labelClause, toggledClause } from './label-clause.js';

describe('a label that is pressed', () => {
  test.each([
    ['', 'site', 'b1', 'labels.site == "b1"'],
    ['hardware.arch == "armv7"', 'site', 'b1', 'hardware.arch == "armv7" && labels.site == "b1"'],
    [
      'labels.a == "x || y" || labels.b == "z"',
      'site',
      'b1',
      '(labels.a == "x || y" || labels.b == "z") && labels.site == "b1"',
    ],
    ['', 'a b', 'say "so"', 'labels["a b"] == "say \\"so\\""'],
  ])('is put into %j and taken out again', (select, key, value, expected) => {
    const clause = labelClause(key, value);
    const chosen = toggledClause(select, clause);
    expect(chosen).toBe(expected);
    expect(() => parseSelector(chosen)).not.toThrow();
    expect(hasClause(chosen, clause)).toBe(true);
    const without = toggledClause(chosen, clause);
    expect(hasClause(without, clause)).toBe(false);
    expect([select, `(${select})`]).toContain(without);
  });

  test('is not taken out of what only looks like it', () => {
    expect(hasClause('!(labels.site == "b1" && up)', 'labels.site == "b1"')).toBe(false);
    expect(hasClause('labels.site == "b1" || up', 'labels.site == "b1"')).toBe(false);
  });
});
