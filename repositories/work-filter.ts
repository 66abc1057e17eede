import type { Counted } from '../domain/gateway/facets.js';
import { Prisma } from '../prisma/generated/client.js';

/** Which rollouts or campaigns are asked for; what is absent is not asked for, and all of it has to hold. */
export interface WorkFilter {
  readonly state?: string | undefined;
  /** Part of what is asked for, of whom it goes to, or of who asked for it, in whatever case. */
  readonly text?: string | undefined;
  readonly createdBy?: string | undefined;
  /** Default: the newest. */
  readonly oldestFirst?: boolean | undefined;
}

/** A table of work, and what it is called in the statement. */
export interface WorkTable {
  readonly table: 'rollout' | 'campaign';
  readonly alias: string;
}

/** Newest first, or oldest first. */
export function workOrder({ alias }: WorkTable, oldestFirst = false): Prisma.Sql {
  const end = oldestFirst ? '' : ' DESC';
  return Prisma.raw(`${alias}.created_at${end}, ${alias}.id${end}`);
}

/** What comes after the one that the page before ended with, in the same order. @param cursor its id; null: from the first on */
export function afterWork(
  { table, alias }: WorkTable,
  cursor: string | null,
  oldestFirst = false,
): Prisma.Sql {
  if (cursor === null) return Prisma.sql`true`;
  const head = Prisma.raw(`(${alias}.created_at, ${alias}.id) ${oldestFirst ? '>' : '<'}`);
  return Prisma.sql`${head} (SELECT created_at, id FROM ${Prisma.raw(table)} WHERE id = ${cursor}::uuid)`;
}

/** What there is to choose among in a list of rollouts or campaigns. */
export interface WorkFacets {
  readonly total: number;
  readonly state: readonly Counted[];
  /** Those that nobody is known to have asked for are missing. */
  readonly createdBy: readonly Counted[];
}

export interface WorkFacetRow {
  readonly state: string;
  readonly createdBy: string | null;
  readonly count: number;
}

/** Authors that are told. */
const mostAuthors = 100;

export function workFacets(rows: readonly WorkFacetRow[]): WorkFacets {
  const authors = sums(rows, ({ createdBy }) => createdBy);
  return {
    total: rows.reduce((sum, { count }) => sum + count, 0),
    state: sums(rows, ({ state }) => state),
    createdBy: authors.slice(0, mostAuthors),
  };
}

function sums(rows: readonly WorkFacetRow[], valueOf: (row: WorkFacetRow) => string | null): Counted[] {
  const counts = new Map<string, number>();
  for (const row of rows) {
    const value = valueOf(row);
    if (value !== null) counts.set(value, (counts.get(value) ?? 0) + row.count);
  }
  return [...counts].map(([value, count]) => ({ value, count })).sort((a, b) => b.count - a.count);
}
