import type { ConstraintStore, ConstraintTag } from './constraint-store.js';
import { bears, nameOf, presence, type Node } from './nodes.js';
import { not } from './solver/literal.js';

/** States the conflicts between nodes, in whatever order they come up. */
export class Conflicts {
  /** Nodes by the names they bear or provide, and the conflicts declared on a name. */
  private readonly bearers = new Map<string, Node[]>();
  private readonly declared = new Map<string, { node: Node; range: string | undefined }[]>();

  constructor(
    private readonly constraints: ConstraintStore,
    private readonly isIgnored: (tag: ConstraintTag) => boolean,
  ) {}

  /** Adds the conflicts between a new node and those that are there. */
  connect(node: Node): void {
    const manifest = node.type === 'new' ? node.manifest : node.package.manifest;
    const own = nameOf(node);
    const provided = manifest?.provides?.map(({ name }) => name) ?? [];
    for (const name of provided.length === 0 ? [own] : new Set([own, ...provided])) {
      for (const { node: other, range } of this.declared.get(name) ?? []) {
        if (bears(node, name, range)) this.addConflict(other, node, { name, version: range });
      }
      push(this.bearers, name, node);
    }
    for (const { name, version } of manifest?.conflicts ?? []) {
      for (const other of this.bearers.get(name) ?? []) {
        if (bears(other, name, version)) this.addConflict(node, other, { name, version });
      }
      push(this.declared, name, { node, range: version });
    }
  }

  private addConflict(
    declarer: Node,
    other: Node,
    over: { name: string; version: string | undefined },
  ): void {
    // Versions of one name exclude each other anyway; what conflicted on the gateway before may stay so.
    if (nameOf(declarer) === nameOf(other)) return;
    if (declarer.type === 'kept' && other.type === 'kept') return;
    const tag: ConstraintTag = { type: 'conflict', declarer, other, over };
    if (!this.isIgnored(tag)) this.constraints.add([not(presence(declarer)), not(presence(other))], tag);
  }
}

function push<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
