import { nameOf, versionOf, type Node } from './nodes.js';
import type { NameGroup } from './name-groups.js';
import { compareVersions } from './versions.js';

/** A way to meet a request, and how far it is from the best: 0 is what the caller would like most. */
export interface RankedNode {
  readonly node: Node;
  readonly rank: number;
}

/**
 * Ranks what meets a request: versions of the requested name first, newest first, installed or not; then artifacts
 * that provide the name, by their age. Providers of different names are equal: a later criterion decides.
 */
export function rankNodes(
  name: string,
  nodes: readonly Node[],
  groupOf: (name: string) => NameGroup,
): RankedNode[] {
  const own = nodes
    .filter((node) => nameOf(node) === name)
    .sort((left, right) => compareVersions(versionOf(right), versionOf(left)));
  const others = nodes
    .filter((node) => nameOf(node) !== name)
    .map((node) => ({ node, rank: own.length + ageOf(node, groupOf(nameOf(node))) }))
    .sort((left, right) => left.rank - right.rank);
  return [...own.map((node, rank) => ({ node, rank })), ...others];
}

/** How many versions that the gateway could take are newer. */
function ageOf(node: Node, group: NameGroup): number {
  if (node.type === 'new') return node.age;
  const { version } = node.package;
  return group.versions.filter(({ manifest }) => compareVersions(manifest.version, version) > 0).length;
}
