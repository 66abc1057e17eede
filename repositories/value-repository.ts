import { LeonoreError } from '../domain/errors.js';
import { limits } from '../domain/limits.js';
import { inTransaction, type Database } from './database.js';
import type { SecretBox } from './secret-box.js';

/** One value of a gateway, for people. */
export interface GatewayValue {
  readonly key: string;
  /** Null when it is a secret: those are written and never shown. */
  readonly value: string | null;
  readonly secret: boolean;
  readonly updatedAt: Date;
}

export interface ValueChanges {
  readonly set: Readonly<Record<string, string>>;
  /** What is set is secret. */
  readonly secret: boolean;
  readonly unset: readonly string[];
}

/** What an artifact's `values` may be for one gateway; only tasks for that gateway carry them. */
export class ValueRepository {
  constructor(private readonly database: Database) {}

  /** By key. */
  async list(gatewayId: string): Promise<GatewayValue[]> {
    const rows = await this.database.gatewayValue.findMany({
      where: { gatewayId },
      select: { key: true, value: true, updatedAt: true },
      orderBy: { key: 'asc' },
    });
    return rows.map((row) => ({ ...row, secret: row.value === null }));
  }

  /**
   * Sets and removes values, all or nothing.
   * @throws LeonoreError GATEWAY_NOT_FOUND; TOO_LARGE when the gateway would have too many; SECRETS_UNAVAILABLE
   */
  async change(gatewayId: string, { set, secret, unset }: ValueChanges, box: SecretBox): Promise<void> {
    const entries = Object.entries(set).map(([key, value]) =>
      secret
        ? { key, value: null, sealed: Uint8Array.from(box.seal(value, placeOf(gatewayId, key))) }
        : { key, value, sealed: null },
    );
    await inTransaction(this.database, async (tx) => {
      const [gateway] = await tx.$queryRaw<unknown[]>`
        SELECT 1 FROM gateway WHERE id = ${gatewayId} AND state <> 'decommissioned' FOR NO KEY UPDATE`;
      if (gateway === undefined) {
        throw new LeonoreError('GATEWAY_NOT_FOUND', `there is no gateway "${gatewayId}"`);
      }
      const keys = [...unset, ...entries.map(({ key }) => key)];
      await tx.gatewayValue.deleteMany({ where: { gatewayId, key: { in: keys } } });
      await tx.gatewayValue.createMany({ data: entries.map((entry) => ({ gatewayId, ...entry })) });
      if ((await tx.gatewayValue.count({ where: { gatewayId } })) > limits.gatewayValues) {
        throw new LeonoreError('TOO_LARGE', `a gateway has at most ${limits.gatewayValues} values`);
      }
    });
  }
}

/** What a sealed value is bound to. */
export function placeOf(gatewayId: string, key: string): string {
  return JSON.stringify([gatewayId, key]);
}
