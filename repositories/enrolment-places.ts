import type { Transaction } from './database.js';

/** Gateways that enrolments may still take, by id of those that are there; locked for the transaction. */
export async function placesLeft(
  tx: Transaction,
  enrolmentIds: readonly string[],
): Promise<Map<string, number>> {
  if (enrolmentIds.length === 0) return new Map();
  const rows = await tx.$queryRaw<{ id: string; left: number | null }[]>`
    SELECT id::text, most - used AS left FROM enrolment
    WHERE id = ANY(${[...new Set(enrolmentIds)]}::uuid[]) ORDER BY id FOR NO KEY UPDATE`;
  return new Map(rows.map(({ id, left }) => [id, left ?? Number.POSITIVE_INFINITY]));
}

/** Counts gateways that have enrolled. @param enrolmentIds one entry a gateway */
export async function countEnrolled(tx: Transaction, enrolmentIds: readonly string[]): Promise<void> {
  if (enrolmentIds.length === 0) return;
  await tx.$executeRaw`
    UPDATE enrolment e SET used = e.used + n.count
    FROM (SELECT id, count(*)::int AS count FROM unnest(${[...enrolmentIds]}::uuid[]) AS t(id) GROUP BY id) n
    WHERE e.id = n.id`;
}

/** Those that were expected have come: their codes are void. */
export async function forgetExpected(tx: Transaction, gatewayIds: readonly string[]): Promise<void> {
  if (gatewayIds.length === 0) return;
  await tx.$executeRaw`DELETE FROM expected_gateway WHERE gateway_id = ANY(${[...gatewayIds]}::text[])`;
}
