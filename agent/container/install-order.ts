/**
 * The order of what is installed after a change: what an artifact needs comes before it, and applications are started
 * in this order. What is replaced keeps its place, a newcomer comes right before the first that its package has after
 * it, and the artifacts of the package stand in the package's own order in the end.
 */
export function installOrder<T>(kept: readonly T[], added: readonly T[], nameOf: (item: T) => string): T[] {
  const newcomers = new Map(added.map((item) => [nameOf(item), item]));
  const order = kept.map(nameOf);
  for (const [index, item] of added.entries()) {
    if (order.includes(nameOf(item))) continue;
    const followers = new Set(added.slice(index + 1).map(nameOf));
    const place = order.findIndex((name) => followers.has(name));
    order.splice(place === -1 ? order.length : place, 0, nameOf(item));
  }
  const keptByName = new Map(kept.map((item) => [nameOf(item), item]));
  const inPackageOrder = added.values();
  return order.flatMap((name) => {
    const item = newcomers.has(name) ? inPackageOrder.next().value : keptByName.get(name);
    return item === undefined ? [] : [item];
  });
}
