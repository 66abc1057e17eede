import type { ChunkAcknowledgement } from '../repositories/delivery/delivery-repository.js';
import type { Repositories } from '../repositories/repositories.js';

/** How long changes gather before an order is given for all of them, in milliseconds. */
const gatherMs = 3_000;

/**
 * Sees to it that gateways get the values that they have: those that have changed are looked at, and what is installed on
 * them is configured anew where it has not got its values. What waits for them is judged anew.
 * @returns chunks of rollouts whose workflows are to look
 */
export async function lookAtValues(
  {
    sharedValues,
    staleValues,
    queuedValues,
  }: Pick<Repositories, 'sharedValues' | 'staleValues' | 'queuedValues'>,
  gatewayIds: readonly string[],
): Promise<ChunkAcknowledgement[]> {
  await sharedValues.inherit(gatewayIds);
  await staleValues.look(gatewayIds);
  return queuedValues.judge({ gatewayIds });
}

/** Gives the orders that are due, and sees to those that have ended. @returns the ids of the orders given */
export async function orderValues({ staleValues }: Pick<Repositories, 'staleValues'>): Promise<string[]> {
  await staleValues.settle(Math.random());
  return staleValues.order(gatherMs);
}
