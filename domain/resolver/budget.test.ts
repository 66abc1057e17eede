import { describe, expect, test } from '@jest/globals';
import { Budget } from './budget.js';
import { createCatalog } from './create-catalog.js';
import { resolve } from './resolve.js';
import { gateway } from './testing/builders.js';
import { puzzle } from './testing/puzzle.js';

describe('a budget', () => {
  test('is over when its steps are, and so is each that has a share of it', () => {
    const all = Budget.of({ work: 100 });
    const part = all.share(0.5);
    part.spend(49);
    expect([part.isOver, all.isOver]).toEqual([false, false]);
    part.spend(1);
    expect([part.isOver, all.isOver]).toEqual([true, false]);
    all.spend(50);
    expect([all.isOver, all.share(1).isOver]).toEqual([true, true]);
    expect(Budget.of({ work: 0 }).isOver).toBe(true);
    for (const work of [-1, NaN]) expect(() => Budget.of({ work })).toThrow(RangeError);
  });

  test("is over when the caller's measure is, of which a share is a part of what is left", () => {
    let used = 0.5;
    const all = Budget.of({ work: Infinity, used: () => used });
    const part = all.share(0.5);
    expect(part.isOver).toBe(false);
    used = 0.75;
    part.spend(1_000_000);
    all.spend(1_000_000);
    expect([part.isOver, all.isOver]).toEqual([true, false]);
  });
});

/** A puzzle, as input of a resolution. */
function puzzled(choices: number) {
  const { artifacts, hardware } = puzzle(choices);
  return {
    catalog: createCatalog(artifacts),
    gateway: gateway({ hardware }),
    requests: [{ name: 'puzzle', range: '*' }],
  };
}

describe('a resolution with a budget', () => {
  test('is undecided when it ends before anybody knows, and says so', () => {
    const { outcome, plans, explanation } = resolve({ ...puzzled(60), budget: { work: 2_000_000 } });
    expect({ outcome, plans }).toEqual({ outcome: 'undecided', plans: [] });
    expect(explanation).toMatch(
      /^No plan that installs puzzle was found, nor was it proven that there is none/u,
    );
  });

  test('ends soon after the measure of the caller does', () => {
    let looks = 0;
    const used = () => {
      looks += 1;
      return looks / 50;
    };
    expect(resolve({ ...puzzled(60), budget: { work: Infinity, used } }).outcome).toBe('undecided');
    expect(looks).toBeLessThan(100);
  });

  test('of nothing decides nothing, unless there is nothing to search', () => {
    expect(resolve({ ...puzzled(10), budget: { work: 0 } }).outcome).toBe('undecided');
  });
});
