import { answerOf } from './answer-of.js';

export interface Page<T> {
  readonly items: T[];
  readonly nextCursor: string | null;
}

export interface PageQuery {
  limit: string;
  cursor?: string;
}

const pageSize = '500';

/** Items of a list, asked for a page at a time, for as long as somebody goes on. */
export async function* itemsOf<T>(
  page: (query: PageQuery) => Promise<{ data?: Page<T> }>,
): AsyncGenerator<T> {
  let cursor: string | null = null;
  do {
    const next: Page<T> = await answerOf(page({ limit: pageSize, ...(cursor === null ? {} : { cursor }) }));
    yield* next.items;
    cursor = next.nextCursor;
  } while (cursor !== null);
}

/** All items of a list. */
export async function allPages<T>(page: (query: PageQuery) => Promise<{ data?: Page<T> }>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of itemsOf(page)) items.push(item);
  return items;
}
