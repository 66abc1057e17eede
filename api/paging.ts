import { limits } from '../domain/limits.js';

/** The page that a request asks for. */
export function pageOf(query: { limit?: string; cursor?: string }): { limit: number; cursor: string | null } {
  const limit = Math.min(Number(query.limit ?? '100'), limits.pageSize);
  return { limit, cursor: query.cursor ?? null };
}
