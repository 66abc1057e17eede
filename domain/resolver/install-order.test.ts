import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { inOrder, type Need } from './install-order.js';
import { artifact, needs, run } from './testing/builders.js';

interface Item {
  readonly name: string;
  readonly script: boolean;
  readonly needs: readonly { readonly optional: boolean; readonly metBy: readonly string[] }[];
}

function ordered(items: readonly Item[]): string[] {
  const byName = new Map(items.map((item) => [item.name, item]));
  const needsOf = (item: Item): Need<Item>[] =>
    item.needs.map(({ optional, metBy }) => ({
      optional,
      metBy: metBy.flatMap((name) => byName.get(name) ?? []),
    }));
  return inOrder(items, needsOf, ({ script }) => script).map(({ name }) => name);
}

/** What an order breaks: mandatory needs, those of scripts first, then optional ones. */
function harm(order: readonly string[], items: readonly Item[]): number[] {
  const broken = [0, 0, 0, 0];
  for (const { name, script, needs: all } of items) {
    const before = new Set(order.slice(0, order.indexOf(name)));
    for (const { optional, metBy } of all) {
      if (metBy.some((other) => before.has(other))) continue;
      const kind = (optional ? 2 : 0) + (script ? 0 : 1);
      broken[kind] = (broken[kind] ?? 0) + 1;
    }
  }
  return broken;
}

function* permutations(names: readonly string[]): Generator<string[]> {
  if (names.length === 0) yield [];
  for (const name of names)
    for (const rest of permutations(names.filter((other) => other !== name))) yield [name, ...rest];
}

const names = ['a', 'b', 'c', 'd', 'e'];
const someItems: fc.Arbitrary<Item[]> = fc
  .array(
    fc.record({
      script: fc.boolean(),
      needs: fc.array(
        fc.record({
          optional: fc.boolean(),
          metBy: fc.uniqueArray(fc.constantFrom(...names), { minLength: 1, maxLength: 2 }),
        }),
        { maxLength: 3 },
      ),
    }),
    { minLength: names.length, maxLength: names.length },
  )
  .map((sketches) =>
    sketches.map((sketch, index) => {
      const name = names[index] ?? '';
      return { ...sketch, name, needs: sketch.needs.filter(({ metBy }) => !metBy.includes(name)) };
    }),
  );

describe('the order of installation', () => {
  test('no order does less harm', () => {
    fc.assert(
      fc.property(someItems, (items) => {
        const order = ordered(items);
        expect(order.toSorted()).toEqual(names);
        const least = [...permutations(names)].map((other) => harm(other, items)).sort(byHarm)[0];
        expect(harm(order, items)).toEqual(least);
      }),
      { numRuns: 300 },
    );
  });

  test('a large circle comes whole, and what hangs on it comes after', () => {
    const size = 40;
    const circle = Array.from({ length: size }, (_, index) => ({
      name: `c${index}`,
      script: false,
      needs: [{ optional: index === 7, metBy: [`c${(index + 1) % size}`] }],
    }));
    const order = ordered([
      { name: 'app', script: true, needs: [{ optional: false, metBy: ['c3'] }] },
      ...circle,
    ]);
    expect(order.at(-1)).toBe('app');
    // Only the optional need of the circle comes too late.
    expect(harm(order, circle)).toEqual([0, 0, 0, 1]);
  });

  test('an optional requirement that closes a circle gives way to the mandatory one', () => {
    const catalog = [
      artifact('ctl@1.0.0', { kind: 'application', requires: needs('store') }),
      artifact('store@1.0.0', { requires: [{ name: 'ctl', optional: true }] }),
    ];
    for (const requests of [['store', 'ctl'], ['ctl', 'store'], ['store'], ['ctl']])
      expect(run(catalog, null, ...requests).plans[0]?.install).toEqual(['store@1.0.0', 'ctl@1.0.0']);
  });

  test('of two that provide a name the one that needs nothing comes first', () => {
    const provides = [{ name: 'bus', version: '1.0.0' }];
    const catalog = [
      artifact('busd@1.0.0', { provides, requires: needs('logd') }),
      artifact('logd@1.0.0', { requires: needs('bus') }),
      artifact('relay@1.0.0', { provides }),
    ];
    for (const requests of [
      ['busd', 'relay'],
      ['relay', 'busd'],
      ['logd', 'busd', 'relay'],
    ])
      expect(run(catalog, null, ...requests).plans[0]?.install).toEqual([
        'relay@1.0.0',
        'logd@1.0.0',
        'busd@1.0.0',
      ]);
  });

  test('two scripts in a circle that an optional requirement closes have an order', () => {
    const control = { install: 'install.sh' };
    const catalog = [
      artifact('a@1.0.0', { control, requires: needs('b') }),
      artifact('b@1.0.0', { control, requires: [{ name: 'a', optional: true }] }),
    ];
    expect(run(catalog, null, 'a').plans[0]?.install).toEqual(['b@1.0.0', 'a@1.0.0']);
  });
});

function byHarm(left: readonly number[], right: readonly number[]): number {
  const at = left.findIndex((count, index) => count !== right[index]);
  return at < 0 ? 0 : (left[at] ?? 0) - (right[at] ?? 0);
}
