import type { PlanTree } from './plan.js';

/**
 * The part of a plan's tree that a package brings. What the gateway has already is left out: one may meet a requirement
 * by curl and another by busybox, and yet they share a package, which must not tell them apart.
 */
export function broughtTree(tree: readonly PlanTree[]): PlanTree[] {
  return tree
    .filter((node) => node.action === 'install')
    .map((node) => ({ ...node, requires: broughtTree(node.requires) }));
}
