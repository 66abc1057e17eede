import { LeonoreError } from '../domain/errors.js';
import type { Labels } from '../domain/gateway/labels.js';
import { limits } from '../domain/limits.js';
import { inTransaction, jsonText, type Database, type Transaction } from './database.js';
import { pageOf } from './page.js';

/** What is told of a gateway that is to come. */
export interface ExpectedGateway {
  readonly gatewayId: string;
  readonly labels: Labels;
  readonly nodeId: string | null;
  /** Of the code by which alone it enrols; null: any enrolment that allows its id does. */
  readonly codeHash: Buffer | null;
}

/** As it is shown: the code is nowhere. */
export interface ListedExpectedGateway extends Omit<ExpectedGateway, 'codeHash'> {
  readonly hasCode: boolean;
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
}

/** What is known of a gateway when it comes. */
export interface Expectation {
  readonly gatewayId: string;
  readonly labels: Labels;
  readonly nodeId: string | null;
  readonly codeHash: Uint8Array | null;
  readonly isExpired: boolean;
}

/** Gateways that are to come: registered by people before they are there. */
export class ExpectedGatewayRepository {
  constructor(private readonly database: Database) {}

  /**
   * Enters them, all or none; one that is expected already is entered anew, and its former code is void.
   * @throws LeonoreError GATEWAY_IDENTITY_TAKEN when one is there already, or is named twice; TOO_LARGE when there would be too many
   */
  async expect(gateways: readonly ExpectedGateway[], expiresInSeconds: number | null): Promise<void> {
    const named = new Set<string>();
    for (const { gatewayId } of gateways) {
      if (named.has(gatewayId))
        throw new LeonoreError('GATEWAY_IDENTITY_TAKEN', `the gateway "${gatewayId}" is named twice`);
      named.add(gatewayId);
    }
    await inTransaction(this.database, async (tx) => {
      const [taken] = await tx.$queryRaw<{ id: string }[]>`
        SELECT id FROM gateway WHERE id = ANY(${gateways.map(({ gatewayId }) => gatewayId)}::text[]) AND NOT readmitted
        ORDER BY id LIMIT 1`;
      if (taken !== undefined) {
        throw new LeonoreError(
          'GATEWAY_IDENTITY_TAKEN',
          `there is a gateway "${taken.id}" already; readmit it to let it come anew`,
        );
      }
      await enter(tx, gateways, expiresInSeconds);
    });
  }

  /** By id, a page at a time; the cursor is the last id of the page before. */
  async list(
    limit: number,
    cursor: string | null,
  ): Promise<{ items: ListedExpectedGateway[]; nextCursor: string | null }> {
    const rows = await this.database.expectedGateway.findMany({
      where: { gatewayId: { gt: cursor ?? '' } },
      orderBy: { gatewayId: 'asc' },
      take: limit + 1,
    });
    const expected = rows.map(({ codeHash, labels, ...row }) => ({
      ...row,
      labels: labels as Labels,
      hasCode: codeHash !== null,
    }));
    return pageOf(expected, limit, ({ gatewayId }) => gatewayId);
  }

  /** It is expected no more. @throws LeonoreError GATEWAY_NOT_FOUND */
  async forget(gatewayId: string): Promise<void> {
    const { count } = await this.database.expectedGateway.deleteMany({ where: { gatewayId } });
    if (count === 0) throw new LeonoreError('GATEWAY_NOT_FOUND', `no gateway "${gatewayId}" is expected`);
  }

  /** What is known of gateways that come, by id. */
  async expectationsOf(ids: readonly string[]): Promise<Map<string, Expectation>> {
    const rows = await this.database.$queryRaw<Expectation[]>`
      SELECT gateway_id AS "gatewayId", labels, node_id AS "nodeId", code_hash AS "codeHash",
             coalesce(expires_at <= now(), false) AS "isExpired"
      FROM expected_gateway WHERE gateway_id = ANY(${[...ids]}::text[])`;
    return new Map(rows.map((row) => [row.gatewayId, row]));
  }
}

/** A one-time code by which a gateway enrols. */
export interface Claim {
  readonly codeHash: Buffer;
  /** Null: it does not expire. */
  readonly expiresInSeconds: number | null;
}

/** A gateway that is there already may be enrolled anew, by a code alone. @throws LeonoreError TOO_LARGE */
export async function expectAgain(
  tx: Transaction,
  gatewayId: string,
  { codeHash, expiresInSeconds }: Claim,
): Promise<void> {
  await enter(tx, [{ gatewayId, labels: {}, nodeId: null, codeHash }], expiresInSeconds);
}

async function enter(
  tx: Transaction,
  gateways: readonly ExpectedGateway[],
  expiresInSeconds: number | null,
): Promise<void> {
  await tx.$executeRaw`DELETE FROM expected_gateway WHERE expires_at < now() - interval '30 days'`;
  const rows = jsonText(
    gateways.map(({ gatewayId, labels, nodeId, codeHash }) => ({
      gateway_id: gatewayId,
      labels,
      node_id: nodeId,
      code_hash: codeHash?.toString('hex') ?? null,
    })),
  );
  await tx.$executeRaw`
    INSERT INTO expected_gateway (gateway_id, labels, node_id, code_hash, expires_at)
    SELECT gateway_id, labels, node_id, decode(code_hash, 'hex'), now() + ${expiresInSeconds}::int * interval '1 second'
    FROM jsonb_to_recordset(${rows}::jsonb) AS t(gateway_id text, labels jsonb, node_id text, code_hash text)
    ORDER BY gateway_id
    ON CONFLICT (gateway_id) DO UPDATE SET labels = EXCLUDED.labels, node_id = EXCLUDED.node_id,
      code_hash = EXCLUDED.code_hash, expires_at = EXCLUDED.expires_at, created_at = now()`;
  if ((await tx.expectedGateway.count()) > limits.expectedGateways.most)
    throw new LeonoreError(
      'TOO_LARGE',
      `at most ${limits.expectedGateways.most} gateways are expected at once`,
    );
}
