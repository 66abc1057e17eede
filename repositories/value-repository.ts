import { LeonoreError } from '../domain/errors.js';
import type { ValueLevel } from '../domain/values/levels.js';
import { limits } from '../domain/limits.js';
import { inTransaction, jsonText, type Database } from './database.js';
import type { FleetScope } from './fleet-scope.js';

/** One value, for people. */
export interface ShownValue {
  readonly key: string;
  /** Null when it is a secret: those are written and never shown. */
  readonly value: string | null;
  readonly secret: boolean;
  readonly updatedAt: Date;
}

/** The nearest value that a gateway has of a key. */
export interface GatewayValue extends ShownValue {
  /** The selector that it comes by; null when it is the gateway's own, or the fleet's. */
  readonly select: string | null;
  readonly level: ValueLevel['level'];
}

export interface ValueChanges {
  readonly set: Readonly<Record<string, string>>;
  /** What is set is secret. */
  readonly secret: boolean;
  readonly unset: readonly string[];
}

/** Seals a secret so that it can be opened in its place alone. */
export interface Sealer {
  /** @throws LeonoreError SECRETS_UNAVAILABLE */
  seal(text: string, place: string): Buffer;
}

/** Where a secret lies in the database. */
interface SecretPlace {
  /** Empty for one that many gateways inherit. */
  readonly gatewayId: string;
  readonly key: string;
  /** Of one that many gateways inherit, or that was copied from there; null for a gateway's own. */
  readonly sharedId: string | null;
}

/** A secret as it lies in the database. */
export interface StoredSecret extends SecretPlace {
  readonly sealed: Uint8Array;
}

export interface ResealedSecret extends SecretPlace {
  readonly before: Uint8Array;
  readonly now: Uint8Array;
}

/** What an artifact's `values` may be for one gateway; only tasks for that gateway carry them. */
export class ValueRepository {
  constructor(
    private readonly database: Database,
    private readonly fleet: FleetScope,
  ) {}

  /** By key: of each the nearest, and where it comes from. */
  async list(gatewayId: string): Promise<GatewayValue[]> {
    const rows = await this.database.$queryRaw<Omit<GatewayValue, 'secret'>[]>`
      SELECT k.key, n.value, coalesce(o.updated_at, s.updated_at) AS "updatedAt", s.selector AS "select",
             CASE WHEN o.key IS NOT NULL THEN 'gateway' WHEN s.selector IS NULL THEN 'fleet' ELSE 'select' END AS level
      FROM (SELECT key FROM gateway_value WHERE gateway_id = ${gatewayId}
            UNION SELECT key FROM inherited_value WHERE gateway_id = ${gatewayId}
            UNION SELECT key FROM shared_value WHERE selector IS NULL) k
      CROSS JOIN LATERAL leonore_nearest_value(${gatewayId}, k.key) n
      LEFT JOIN gateway_value o ON o.gateway_id = ${gatewayId} AND o.key = k.key
      LEFT JOIN shared_value s ON o.key IS NULL AND s.id = n.shared_id
      WHERE EXISTS (SELECT FROM gateway g WHERE g.id = ${gatewayId} AND ${this.fleet.gateway})
      ORDER BY k.key COLLATE "C"`;
    return rows.map((row) => ({ ...row, secret: row.value === null }));
  }

  /**
   * Sets and removes values of a gateway's own, all or nothing.
   * @throws LeonoreError GATEWAY_NOT_FOUND; TOO_LARGE when the gateway would have too many; SECRETS_UNAVAILABLE
   */
  async change(gatewayId: string, { set, secret, unset }: ValueChanges, sealer: Sealer): Promise<void> {
    const entries = Object.entries(set).map(([key, value]) =>
      secret
        ? { key, value: null, sealed: Uint8Array.from(sealer.seal(value, placeOf(gatewayId, key))) }
        : { key, value, sealed: null },
    );
    await inTransaction(this.database, async (tx) => {
      const [gateway] = await tx.$queryRaw<unknown[]>`
        SELECT 1 FROM gateway g WHERE g.id = ${gatewayId} AND g.state <> 'decommissioned' AND ${this.fleet.gateway}
        FOR NO KEY UPDATE`;
      if (gateway === undefined) {
        throw new LeonoreError('GATEWAY_NOT_FOUND', `there is no gateway "${gatewayId}"`);
      }
      await tx.gatewayValue.deleteMany({ where: { gatewayId, key: { in: [...unset] } } });
      for (const { key, value, sealed } of entries) {
        // What is set to what it is already is no change; of a secret nobody can tell.
        await tx.$executeRaw`
          INSERT INTO gateway_value AS v (gateway_id, key, value, sealed, version)
          VALUES (${gatewayId}, ${key}, ${value}, ${sealed}, nextval('value_version'))
          ON CONFLICT (gateway_id, key) DO UPDATE
          SET value = EXCLUDED.value, sealed = EXCLUDED.sealed, sealed_for = NULL, version = EXCLUDED.version, updated_at = now()
          WHERE v.value IS DISTINCT FROM EXCLUDED.value OR EXCLUDED.sealed IS NOT NULL`;
      }
      if ((await tx.gatewayValue.count({ where: { gatewayId } })) > limits.gatewayValues) {
        throw new LeonoreError('TOO_LARGE', `a gateway has at most ${limits.gatewayValues} values`);
      }
      await tx.$executeRaw`UPDATE gateway SET mark = nextval('gateway_mark') WHERE id = ${gatewayId}`;
    });
  }

  /**
   * Secrets of all levels, and those that campaigns have noted, that are sealed for another key: those of fleet and
   * selectors first, then by gateway and key.
   * @param keyId the first bytes of those that are not meant
   * @param after the last one that was looked at
   */
  async sealedOtherwise(
    keyId: Buffer,
    limit: number,
    after: SecretPlace = { gatewayId: '', key: '', sharedId: null },
  ): Promise<StoredSecret[]> {
    return this.database.$queryRaw<StoredSecret[]>`
      SELECT s."gatewayId", s.key, s."sharedId", s.sealed FROM (
        SELECT ''::text AS "gatewayId", key, id::text AS "sharedId", sealed FROM shared_value WHERE sealed IS NOT NULL
        UNION ALL
        SELECT gateway_id, key, sealed_for::text, sealed FROM gateway_value WHERE sealed IS NOT NULL
        UNION
        SELECT coalesce(gateway_id, ''), key, shared_id::text, sealed FROM noted_value WHERE sealed IS NOT NULL) s
       WHERE substring(s.sealed FROM 1 FOR ${keyId.length}::int) <> ${Uint8Array.from(keyId)}
         AND (s."gatewayId", s.key, coalesce(s."sharedId", '')) > (${after.gatewayId}, ${after.key}, ${after.sharedId ?? ''})
       ORDER BY s."gatewayId", s.key, coalesce(s."sharedId", '') LIMIT ${limit}`;
  }

  /** Replaces sealed secrets, but those that were set anew meanwhile. What they say is the same: nothing is configured anew. */
  async replaceSealed(changes: readonly ResealedSecret[]): Promise<void> {
    if (changes.length === 0) return;
    const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
    const rows = changes.map(({ before, now, ...row }) => ({ ...row, before: hex(before), now: hex(now) }));
    await this.database.$executeRaw`
      WITH changed AS MATERIALIZED (
        SELECT * FROM jsonb_to_recordset(${jsonText(rows)}::jsonb)
          AS c("gatewayId" text, key text, "sharedId" uuid, before text, now text)
      ), shared AS (
        UPDATE shared_value s SET sealed = decode(c.now, 'hex') FROM changed c
         WHERE s.id = c."sharedId" AND s.sealed = decode(c.before, 'hex')
      ), noted AS (
        UPDATE noted_value n SET sealed = decode(c.now, 'hex') FROM changed c
         WHERE n.key = c.key AND n.sealed = decode(c.before, 'hex')
      )
      UPDATE gateway_value v SET sealed = decode(c.now, 'hex') FROM changed c
       WHERE v.gateway_id = c."gatewayId" AND v.key = c.key AND v.sealed = decode(c.before, 'hex')`;
  }
}

/** What a sealed value is bound to: a gateway's own, or one that many inherit. */
export function placeOf(gatewayId: string, key: string, sharedId: string | null = null): string {
  return JSON.stringify(sharedId === null ? [gatewayId, key] : [null, sharedId, key]);
}
