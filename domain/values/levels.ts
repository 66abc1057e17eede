/**
 * Values are given at three levels: to the fleet, to all gateways that a selector matches, to one gateway. The nearest
 * wins. Of several selectors that match, the one with the most conditions wins, since it says more of the gateway; of
 * those with as many, the one that comes first in the order of their characters.
 */
import type { Selector, SelectorNode } from '../selector/selector.js';

/** Where a value was given. */
export type ValueLevel =
  | { readonly level: 'gateway' }
  | { readonly level: 'select'; readonly select: string; readonly conditions: number }
  | { readonly level: 'fleet' };

/** Levels from the nearest to the farthest. */
export const valueLevels = ['gateway', 'select', 'fleet'] as const satisfies readonly ValueLevel['level'][];

/** How many conditions a selector has: each comparison, each list and each fact that must hold is one. */
export function conditionsOf({ root }: Selector): number {
  return count(root);
}

function count(node: SelectorNode): number {
  switch (node.type) {
    case 'or':
    case 'and':
      return node.parts.reduce((sum, part) => sum + count(part), 0);
    case 'not':
      return count(node.part);
    case 'holds':
    case 'compare':
    case 'in':
      return 1;
  }
}

/** Orders values of one key: the one that counts comes first. */
export function byNearness(one: ValueLevel, other: ValueLevel): number {
  const distance = valueLevels.indexOf(one.level) - valueLevels.indexOf(other.level);
  if (distance !== 0) return distance;
  if (one.level !== 'select' || other.level !== 'select') return 0;
  if (one.conditions !== other.conditions) return other.conditions - one.conditions;
  // In the order of UTF-8, as PostgreSQL compares them.
  return Buffer.compare(Buffer.from(one.select), Buffer.from(other.select));
}
