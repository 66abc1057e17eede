import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { installOrder } from './install-order.js';

interface Item {
  readonly name: string;
  readonly version: number;
}
const nameOf = ({ name }: Item): string => name;
const items = (version: number) =>
  fc
    .uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'))
    .map((names) => names.map((name): Item => ({ name, version })));

test('a library that is replaced alone stays before what needs it', () => {
  const kept = ['broker', 'app'].map((name) => ({ name, version: 1 }));
  const order = installOrder(kept, [{ name: 'broker', version: 2 }], nameOf);
  expect(order).toEqual([
    { name: 'broker', version: 2 },
    { name: 'app', version: 1 },
  ]);
});

test('a new dependency of what is replaced comes before it', () => {
  const kept = ['x', 'app', 'y'].map((name) => ({ name, version: 1 }));
  const added = ['lib', 'app'].map((name) => ({ name, version: 2 }));
  expect(installOrder(kept, added, nameOf).map(nameOf)).toEqual(['x', 'lib', 'app', 'y']);
});

test('each is there once, in the newest version; the package keeps its order, and so does what stays', () => {
  fc.assert(
    fc.property(items(1), items(2), (kept, added) => {
      const order = installOrder(kept, added, nameOf);
      expect(order.map(nameOf).sort()).toEqual([...new Set([...kept, ...added].map(nameOf))].sort());
      expect(order.filter(({ version }) => version === 2)).toEqual(added);
      const stays = kept.filter(({ name }) => !added.some((other) => other.name === name));
      expect(order.filter(({ version }) => version === 1)).toEqual(stays);
    }),
  );
});
