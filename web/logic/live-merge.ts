/** How what a stream tells is put into lists that were read before. */

interface Listed {
  readonly id: string;
  /** An instant, RFC 3339. */
  readonly createdAt: string;
}

interface Pages<T> {
  readonly pages: readonly { readonly items: T[]; readonly nextCursor: string | null }[];
  readonly pageParams: readonly unknown[];
}

/**
 * A list, the newest first, with what was told: what is known is replaced where it stands, what is newer than all comes
 * first. What is unknown and older stands on a page that has not been read.
 */
export function mergedList<T extends Listed, L extends Pages<T>>(list: L, told: readonly T[]): L {
  const byId = new Map(told.map((one) => [one.id, one]));
  const pages = list.pages.map((page) => ({
    ...page,
    items: page.items.map((item) => {
      const one = byId.get(item.id);
      byId.delete(item.id);
      return one === undefined ? item : { ...item, ...one };
    }),
  }));
  const [first] = pages;
  if (first === undefined) return list;
  const newestMs = Date.parse(first.items[0]?.createdAt ?? '') || 0;
  const added = [...byId.values()]
    .filter(({ createdAt }) => Date.parse(createdAt) >= newestMs)
    .sort((one, other) => Date.parse(other.createdAt) - Date.parse(one.createdAt));
  first.items.unshift(...added);
  return { ...list, pages };
}

const firstPauseMs = 1_000;
const longestPauseMs = 30_000;

/**
 * How long to wait before a stream is asked for again: longer each time, and not at the same moment as everybody else.
 *
 * @param failures how often in a row it has failed, from 1
 * @param random 0 to 1
 */
export function pauseMs(failures: number, random: number): number {
  const most = Math.min(longestPauseMs, firstPauseMs * 2 ** (failures - 1));
  return (most / 2) * (1 + random);
}
