/** A page of a list. */
export interface Page<Item> {
  readonly items: Item[];
  /** Where the next one begins; null when there is none. */
  readonly nextCursor: string | null;
}

/**
 * @param found what was found, in order, one more than the page takes when there is more
 * @param cursorOf what the next page begins after
 */
export function pageOf<Item>(
  found: readonly Item[],
  limit: number,
  cursorOf: (last: Item) => string,
): Page<Item> {
  const items = found.slice(0, limit);
  const last = items.at(-1);
  return { items, nextCursor: found.length > limit && last !== undefined ? cursorOf(last) : null };
}
