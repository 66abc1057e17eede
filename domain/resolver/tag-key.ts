import type { ConstraintTag } from './constraint-store.js';
import { nameOf, versionOf, type Node } from './nodes.js';

/** Names a constraint of the catalog or the gateway, equal in all problems. */
export function tagKey(tag: ConstraintTag): string {
  const key = (node: Node) => `${nameOf(node)}@${versionOf(node)}`;
  switch (tag.type) {
    case 'requires':
      return `requires ${key(tag.owner)} ${JSON.stringify(tag.requirement)}`;
    case 'conflict':
      return `conflict ${key(tag.declarer)} ${key(tag.other)}`;
    case 'protected':
      return `protected ${tag.package.name}`;
    case 'order':
      return `order ${tag.nodes.map(key).sort().join(' ')}`;
    case 'request':
      return `request ${tag.request.name} ${tag.request.range}`;
    case 'one-version':
      return `one-version ${tag.name}`;
    case 'disk':
    case 'memory':
    case 'auxiliary':
      return tag.type;
  }
}
