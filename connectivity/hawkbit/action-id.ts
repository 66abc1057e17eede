import { createHash } from 'node:crypto';

/** SWUpdate reads it as a signed integer of 32 bits, and takes 0 and less for none. */
const most = 2 ** 31 - 1;

/**
 * The number by which DDI names a delivery: the same on every node and after every start. Two deliveries of one device have the
 * same once in billions of times, and of these one is open at a time.
 */
export function actionIdOf(deliveryId: string): number {
  return (createHash('sha256').update(deliveryId).digest().readUInt32BE(0) % most) + 1;
}
