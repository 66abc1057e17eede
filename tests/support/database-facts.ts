import type pg from 'pg';

/** One column `fact` a row; tables that Prisma keeps for itself are left out. */
const statements = {
  tables: `
    SELECT 'table ' || c.relname AS fact FROM own_table c`,
  columns: `
    SELECT unnest(ARRAY[
      name || ' ' || type,
      name || CASE WHEN required THEN ' not null' ELSE ' nullable' END,
      name || ' default ' || CASE WHEN stated LIKE 'nextval(%' THEN 'autoincrement()' ELSE stated END
    ]) AS fact
    FROM (
      SELECT c.relname || '.' || a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type,
        a.attnotnull AS required,
        CASE WHEN a.attidentity <> '' THEN 'autoincrement()' ELSE pg_get_expr(d.adbin, d.adrelid) END AS stated
      FROM own_table c
      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
    ) AS attribute`,
  indexes: `
    SELECT c.relname
      || CASE WHEN i.indisprimary THEN ' primary key' WHEN i.indisunique THEN ' unique' ELSE ' index' END
      || ' (' || (
        SELECT string_agg(
          a.attname || CASE WHEN i.indoption[k.place - 1] & 1 = 1 THEN ' DESC' ELSE '' END, ', ' ORDER BY k.place)
        FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k (number, place)
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.number
      ) || ')' || CASE WHEN m.amname = 'btree' THEN '' ELSE ' using ' || m.amname END AS fact
    FROM own_index i JOIN own_table c ON c.oid = i.indrelid JOIN pg_am m ON m.oid = i.relam
    WHERE i.statable`,
  indexesBeyondPrisma: `
    SELECT replace(pg_get_indexdef(i.indexrelid), ' public.', ' ') AS fact FROM own_index i WHERE NOT i.statable`,
  foreignKeys: `
    SELECT c.relname || ' foreign key (' || own.names || ') to ' || t.relname || ' (' || theirs.names || ')'
      || ' on delete ' || (action.names ->> k.confdeltype::text)
      || ' on update ' || (action.names ->> k.confupdtype::text) AS fact
    FROM pg_constraint k JOIN own_table c ON c.oid = k.conrelid JOIN pg_class t ON t.oid = k.confrelid,
      LATERAL (SELECT string_agg(a.attname, ', ' ORDER BY n.place) AS names
        FROM unnest(k.conkey) WITH ORDINALITY AS n (number, place)
        JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = n.number) AS own,
      LATERAL (SELECT string_agg(a.attname, ', ' ORDER BY n.place) AS names
        FROM unnest(k.confkey) WITH ORDINALITY AS n (number, place)
        JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = n.number) AS theirs,
      (SELECT '{"a":"no action","r":"restrict","c":"cascade","n":"set null","d":"set default"}'::jsonb AS names) AS action
    WHERE k.contype = 'f'`,
};

/** Prisma states plain columns only: no condition, no expression, no columns that are merely carried along. */
const own = `
  WITH own_table AS (
    SELECT c.oid, c.relname::text AS relname FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND c.relname <> '_prisma_migrations'
  ), own_index AS (
    SELECT i.*, x.relam,
      i.indpred IS NULL AND i.indexprs IS NULL AND i.indnatts = i.indnkeyatts AND NOT i.indnullsnotdistinct AS statable
    FROM pg_index i JOIN own_table c ON c.oid = i.indrelid JOIN pg_class x ON x.oid = i.indexrelid
  )`;

/** What a database holds, one line a fact: `statable` in Prisma's schema or, of indexes, not. */
export interface DatabaseFacts {
  readonly statable: string[];
  readonly indexesBeyondPrisma: string[];
}

/** Reads the tables, columns, keys and indexes of the connection's database. */
export async function databaseFacts(client: pg.ClientBase): Promise<DatabaseFacts> {
  const read = async (statement: string): Promise<string[]> => {
    const { rows } = await client.query<{ fact: string | null }>(own + statement);
    return rows.flatMap(({ fact }) => (fact === null ? [] : [fact]));
  };
  const { indexesBeyondPrisma, ...statable } = statements;
  const facts: string[] = [];
  for (const statement of Object.values(statable)) facts.push(...(await read(statement)));
  return { statable: facts.sort(), indexesBeyondPrisma: (await read(indexesBeyondPrisma)).sort() };
}
