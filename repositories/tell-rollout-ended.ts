import type { DeliveryCounts, endedRolloutStates } from '../domain/rollout/state.js';
import { Prisma } from '../prisma/generated/client.js';
import type { Transaction } from './database.js';
import { tellWebhooks } from './webhook-outbox.js';

/**
 * Tells webhooks that a rollout has ended, in the transaction that ends it.
 * @param corrected it had ended before, and has come to something else since
 */
export async function tellRolloutEnded(
  tx: Transaction,
  id: string,
  counts: DeliveryCounts,
  corrected: boolean,
): Promise<void> {
  const { target, failure, ...row } = await tx.rollout.findUniqueOrThrow({
    where: { id },
    select: {
      id: true,
      state: true,
      requests: true,
      target: true,
      campaignId: true,
      createdBy: true,
      failure: true,
    },
  });
  const why = failure as { readonly code: string; readonly message: string } | null;
  const rollout = {
    ...row,
    state: row.state as (typeof endedRolloutStates)[number],
    deployment: target ?? '',
    failure: why === null ? null : { code: why.code, message: why.message },
  };
  await tellWebhooks(
    tx,
    { type: 'rollout.ended', data: { rollout, counts, corrected } },
    (fleet) => Prisma.sql`FROM rollout r WHERE r.id = ${id}::uuid AND ${fleet.rollout}`,
  );
}
