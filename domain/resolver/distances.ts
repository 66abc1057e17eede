import type { Catalog } from './catalog.js';
import { namesReachedFrom } from './reachable-names.js';

/** Names one requirement away, by catalog and name: a catalog is asked many times in a fleet. */
const neighbours = new WeakMap<Catalog, Map<string, readonly string[]>>();

function neighboursOf(name: string, catalog: Catalog): readonly string[] {
  let known = neighbours.get(catalog);
  if (known === undefined) {
    known = new Map();
    neighbours.set(catalog, known);
  }
  const found = known.get(name);
  if (found !== undefined) return found;
  const names = new Set<string>();
  for (const manifest of catalog.versionsOf(name)) {
    for (const required of namesReachedFrom(manifest)) {
      if (required === name) continue;
      names.add(required);
      for (const provider of catalog.providersOf(required)) names.add(provider.name);
    }
  }
  const list = [...names];
  known.set(name, list);
  return list;
}

/**
 * How far each name is from the given ones: the smallest number of requirements that lead to it, in whatever
 * versions. It does not depend on a plan, so it can weigh plans against each other ("nearest first").
 */
export function distancesFrom(names: readonly string[], catalog: Catalog): Map<string, number> {
  const distances = new Map<string, number>();
  const queue: string[] = [];
  const visit = (name: string, distance: number) => {
    if (distances.has(name)) return;
    distances.set(name, distance);
    queue.push(name);
  };
  for (const name of names) {
    visit(name, 0);
    for (const provider of catalog.providersOf(name)) visit(provider.name, 0);
  }
  for (let index = 0; index < queue.length; index += 1) {
    const name = queue[index] ?? '';
    const next = (distances.get(name) ?? 0) + 1;
    for (const neighbour of neighboursOf(name, catalog)) visit(neighbour, next);
  }
  return distances;
}
