import { randomUUID } from 'node:crypto';
import { LeonoreError } from '../domain/errors.js';
import { limits } from '../domain/limits.js';
import { parseSelector } from '../domain/selector/selector.js';
import { conditionsOf } from '../domain/values/levels.js';
import { Prisma } from '../prisma/generated/client.js';
import { inTransaction, type Database, type Transaction } from './database.js';
import { selectorSql } from './selector-sql.js';
import { placeOf, type Sealer, type ShownValue, type ValueChanges } from './value-repository.js';

/** A value of the fleet, or of all gateways that a selector matches. */
export interface SharedValue extends ShownValue {
  /** Null: of the fleet. */
  readonly select: string | null;
}

interface SelectedKey {
  readonly id: string;
  readonly key: string;
  readonly selector: string;
}

/**
 * Values that many gateways have. Which of those by selector a gateway has is worked out when a value or a gateway
 * changes, and kept: whoever needs the value of a key finds it by two keys (leonore_nearest_value).
 *
 * INVARIANT: of each key a gateway has in `inherited_value` the nearest that its labels and profile gave it when it was
 * last looked at; every change of those marks the gateway, and a keeper looks at what is marked.
 */
export class SharedValueRepository {
  constructor(private readonly database: Database) {}

  /** By key, the fleet's first. */
  async list(): Promise<SharedValue[]> {
    const rows = await this.database.$queryRaw<Omit<SharedValue, 'secret'>[]>`
      SELECT key, value, selector AS "select", updated_at AS "updatedAt" FROM shared_value
      ORDER BY key COLLATE "C", selector COLLATE "C" NULLS FIRST`;
    return rows.map((row) => ({ ...row, secret: row.value === null }));
  }

  /**
   * Sets and removes values, all or nothing, and marks the gateways that have others from now on.
   * @param select null: of the fleet
   * @throws LeonoreError MALFORMED_INPUT; TOO_LARGE when there would be too many; SECRETS_UNAVAILABLE
   */
  async change(select: string | null, { set, secret, unset }: ValueChanges, sealer: Sealer): Promise<void> {
    const conditions = select === null ? 0 : conditionsOf(parseSelector(select));
    await inTransaction(this.database, async (tx) => {
      // One after the other: what a gateway inherits hangs on all of them.
      await tx.$executeRaw`LOCK TABLE shared_value IN SHARE ROW EXCLUSIVE MODE`;
      // Who has a value that goes has it no more afterwards.
      const before = select === null ? [] : await this.have(tx, select, unset);
      await tx.$executeRaw`
        DELETE FROM shared_value WHERE selector IS NOT DISTINCT FROM ${select} AND key = ANY(${[...unset]}::text[])`;
      for (const [key, value] of Object.entries(set)) {
        const [known] = await tx.$queryRaw<{ id: string }[]>`
          SELECT id::text FROM shared_value WHERE selector IS NOT DISTINCT FROM ${select} AND key = ${key}`;
        const id = known?.id ?? randomUUID();
        const open = secret ? null : value;
        const sealed = secret ? Uint8Array.from(sealer.seal(value, placeOf('', key, id))) : null;
        await tx.$executeRaw`
          INSERT INTO shared_value AS v (id, selector, conditions, key, value, sealed, version)
          VALUES (${id}::uuid, ${select}, ${conditions}, ${key}, ${open}, ${sealed}, nextval('value_version'))
          ON CONFLICT (id) DO UPDATE
          SET value = EXCLUDED.value, sealed = EXCLUDED.sealed, version = EXCLUDED.version, updated_at = now()
          WHERE v.value IS DISTINCT FROM EXCLUDED.value OR EXCLUDED.sealed IS NOT NULL`;
      }
      const [{ count } = { count: 0 }] = await tx.$queryRaw<{ count: number }[]>`
        SELECT count(*)::int AS count FROM shared_value`;
      if (count > limits.sharedValues)
        throw new LeonoreError(
          'TOO_LARGE',
          `there are at most ${limits.sharedValues} values of fleet and selectors`,
        );
      const keys = [...unset, ...Object.keys(set)];
      if (select !== null) await inherit(tx, { keys });
      const after = await this.have(tx, select, keys);
      await markAll(tx, Prisma.sql`g.id = ANY(${[...new Set([...before, ...after])]}::text[])`);
    });
  }

  /** Works out anew what gateways inherit, after something of theirs has changed. */
  async inherit(gatewayIds: readonly string[]): Promise<void> {
    await inTransaction(this.database, (tx) => inherit(tx, { gatewayIds }));
  }

  /** Gateways for which these keys at this place may make a difference. */
  private async have(tx: Transaction, select: string | null, keys: readonly string[]): Promise<string[]> {
    const rows =
      select === null
        ? // Whoever has something that declares one of them, and whoever has not got what it should have.
          await tx.$queryRaw<{ id: string }[]>`
            SELECT g.id FROM gateway g WHERE g.state = 'active' AND (
              EXISTS (SELECT FROM jsonb_array_elements(g.installed) i WHERE i ->> 'name' IN (
                SELECT a.name FROM artifact a, jsonb_array_elements(a.manifest -> 'values') d WHERE d ->> 'key' = ANY(${[...keys]}::text[])))
              OR EXISTS (SELECT FROM wanted_member m WHERE m.gateway_id = g.id AND m.standing = 'cannot'))`
        : await tx.$queryRaw<{ id: string }[]>`
            SELECT i.gateway_id AS id FROM inherited_value i JOIN shared_value s ON s.id = i.shared_value_id
            WHERE s.selector = ${select} AND s.key = ANY(${[...keys]}::text[])`;
    return rows.map(({ id }) => id);
  }
}

/** Marks gateways to be looked at, and tells the nodes of those that have a task, which carries values. */
async function markAll(tx: Transaction, condition: Prisma.Sql): Promise<void> {
  await tx.$queryRaw`
    WITH marked AS (
      UPDATE gateway g SET mark = nextval('gateway_mark') WHERE ${condition} AND g.state <> 'decommissioned' RETURNING g.id
    )
    SELECT leonore_tell_nodes(array_agg(id)) AS announcements FROM marked
    WHERE EXISTS (SELECT FROM delivery d WHERE d.gateway_id = marked.id AND d.ended_at IS NULL)`;
}

/** What is worked out: some keys for all gateways, or all keys for some gateways. */
type Scope = { readonly keys: readonly string[] } | { readonly gatewayIds: readonly string[] };

async function inherit(tx: Transaction, scope: Scope): Promise<void> {
  // One after the other: who reads later writes later.
  await tx.$executeRaw`LOCK TABLE inherited_value IN SHARE UPDATE EXCLUSIVE MODE`;
  const byKey = 'keys' in scope;
  const values = await tx.$queryRaw<SelectedKey[]>`
    SELECT id::text, key, selector FROM shared_value WHERE selector IS NOT NULL
      AND ${byKey ? Prisma.sql`key = ANY(${[...scope.keys]}::text[])` : Prisma.sql`true`} ORDER BY selector, key`;
  const who = byKey
    ? Prisma.sql`g.state <> 'decommissioned'`
    : Prisma.sql`g.id = ANY(${[...scope.gatewayIds]}::text[])`;
  // A selector is evaluated once for all its keys.
  const selectors = [...new Set(values.map(({ selector }) => selector))];
  const matching = selectors.map((selector) => {
    const ids = values.filter((value) => value.selector === selector).map(({ id }) => id);
    return Prisma.sql`
      SELECT g.id AS gateway_id, s.id AS shared_value_id FROM gateway g
      CROSS JOIN unnest(${ids}::uuid[]) AS s(id) WHERE ${who} AND ${selectorSql(parseSelector(selector))}`;
  });
  const nobody = Prisma.sql`SELECT NULL::text AS gateway_id, NULL::uuid AS shared_value_id WHERE false`;
  const part = byKey
    ? Prisma.sql`i.key = ANY(${[...scope.keys]}::text[])`
    : Prisma.sql`i.gateway_id = ANY(${[...scope.gatewayIds]}::text[])`;
  await tx.$executeRaw`
    WITH nearest AS MATERIALIZED (
      SELECT DISTINCT ON (m.gateway_id, s.key) m.gateway_id, s.key, s.id
      FROM (${matching.length === 0 ? nobody : Prisma.join(matching, ' UNION ALL ')}) m
      JOIN shared_value s ON s.id = m.shared_value_id
      ORDER BY m.gateway_id, s.key, s.conditions DESC, s.selector COLLATE "C"
    ), gone AS (
      DELETE FROM inherited_value i WHERE ${part}
        AND NOT EXISTS (SELECT FROM nearest n WHERE n.gateway_id = i.gateway_id AND n.key = i.key)
    )
    INSERT INTO inherited_value AS i (gateway_id, key, shared_value_id) SELECT gateway_id, key, id FROM nearest
    ON CONFLICT (gateway_id, key) DO UPDATE SET shared_value_id = EXCLUDED.shared_value_id
    WHERE i.shared_value_id <> EXCLUDED.shared_value_id`;
}
