import { setTimeout as delay } from 'node:timers/promises';
import { LeonoreError } from '../domain/errors.js';
import type { NodeRegistration, NodeRepository } from '../repositories/node-repository.js';

const tryAgainMs = 1_000;

/**
 * Registers a node. A process that died a moment ago at another address may still count as this node, so it is
 * waited for until it would be silent.
 * @throws LeonoreError NODE_ID_TAKEN when another process goes on being this node; DATABASE_UNAVAILABLE
 */
export async function enterNode(
  nodes: NodeRepository,
  registration: NodeRegistration & { readonly silenceMs: number },
): Promise<void> {
  const tries = Math.ceil((2 * registration.silenceMs) / tryAgainMs);
  for (let tried = 1; tried <= tries; tried += 1) {
    if (await nodes.register(registration)) return;
    await delay(tryAgainMs);
  }
  const { address } = await nodes.get(registration.id);
  throw new LeonoreError('NODE_ID_TAKEN', `the node "${registration.id}" runs already, at ${address}`);
}
