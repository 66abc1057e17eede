/** What tests with real agents ask of a stack beside rollouts, and what came of it. */
import { expect } from '@jest/globals';
import { tick } from './in-process-leonore.js';
import type { InProcessStack } from './in-process-stack.js';
import { testTokens } from './test-api.js';

/** What came of a rollout to one gateway; resolves when it has ended. */
export async function deliveryOf({ api, leonore }: InProcessStack, rolloutId: string) {
  await leonore.ended(rolloutId);
  const [delivery] = (await api.repositories.deliveryLists.ofRollout(rolloutId, 1, null)).items;
  return delivery;
}

/** Orders a gateway to uninstall an artifact. @returns the id of the order */
export async function uninstall({ api }: InProcessStack, artifact: string, id: string): Promise<string> {
  const response = await fetch(`${api.address}/api/v1/orders`, {
    method: 'POST',
    headers: { authorization: `Bearer ${testTokens.operator}`, 'content-type': 'application/json' },
    body: JSON.stringify({ action: 'uninstall', artifact, gatewayIds: [id] }),
  });
  expect(response.status).toBe(202);
  return ((await response.json()) as { id: string }).id;
}

/** What came of an order to one gateway; resolves when it has ended. */
export async function endOfOrder({ api }: InProcessStack, orderId: string) {
  for (;;) {
    const [part] = (await api.repositories.orders.list({ orderId }, 1, null)).items;
    if (part !== undefined && part.endedAt !== null) return part;
    await tick();
  }
}
