import Table from 'cli-table3';
import type pg from 'pg';

/** What one statement cost, as PostgreSQL counted it. */
export interface StatementCost {
  readonly statement: string;
  readonly calls: number;
  readonly meanMs: number;
  readonly maxMs: number;
  /** Rows that it gave or changed, a call. */
  readonly rows: number;
  /** How the tables are read, for any parameters; null where PostgreSQL cannot tell without them. */
  readonly plan: string | null;
}

/** Of a plan as EXPLAIN tells it, what is needed here. */
interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly Plans?: readonly PlanNode[];
}

const statementLength = 90;

/** Statements of LEONORE since the counts were reset, those with the longest single call first. */
export async function costsOf(client: pg.Client): Promise<StatementCost[]> {
  const { rows } = await client.query<Omit<StatementCost, 'plan'>>(
    `SELECT query AS statement, calls::int, mean_exec_time AS "meanMs", max_exec_time AS "maxMs",
            rows::float8 / calls AS rows
     FROM pg_stat_statements
     WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
       AND query ~* '^\\s*(/\\*.*\\*/\\s*)?(SELECT|INSERT|UPDATE|DELETE|WITH)' AND query !~ 'pg_stat_statements|127.0.0.1:1'
     ORDER BY max_exec_time DESC`,
  );
  const costs: StatementCost[] = [];
  for (const row of rows) costs.push({ ...row, plan: await planOf(client, row.statement) });
  return costs;
}

async function planOf(client: pg.Client, statement: string): Promise<string | null> {
  try {
    const { rows } = await client.query<{ 'QUERY PLAN': readonly [{ readonly Plan: PlanNode }] }>({
      text: `EXPLAIN (GENERIC_PLAN, FORMAT JSON) ${statement}`,
    });
    const [row] = rows;
    if (row === undefined) return null;
    const reads = readsOf(row['QUERY PLAN'][0].Plan);
    return reads.length === 0 ? 'no table' : [...new Set(reads)].join(', ');
  } catch {
    // A constant that the statistics have replaced by a parameter can leave no type to plan with.
    return null;
  }
}

function readsOf(node: PlanNode): string[] {
  const relation = node['Relation Name'];
  const index = node['Index Name'];
  const own = node['Node Type'].includes('Seq Scan')
    ? [`all of ${relation ?? '?'}`]
    : index === undefined
      ? []
      : [index];
  return [...own, ...(node.Plans ?? []).flatMap(readsOf)];
}

export function costTable(costs: readonly StatementCost[]): string {
  const table = new Table({
    head: ['longest ms', 'mean ms', 'calls', 'rows', 'statement', 'reads by'],
    style: { head: [], border: [] },
    colAligns: ['right', 'right', 'right', 'right', 'left', 'left'],
  });
  for (const { statement, calls, meanMs, maxMs, rows, plan } of costs) {
    const line = statement.replace(/\s+/g, ' ').trim();
    table.push([
      maxMs.toFixed(1),
      meanMs.toFixed(1),
      calls,
      rows.toFixed(1),
      line.length > statementLength ? `${line.slice(0, statementLength)}…` : line,
      plan ?? 'not told',
    ]);
  }
  return table.toString();
}
