import { LeonoreError } from '../domain/errors.js';
import type { NodeRepository } from '../repositories/node-repository.js';

/**
 * Moves the gateways of nodes that fell silent or stopped to those that are up.
 * @throws LeonoreError NO_NODE (retryable) when no node can take them
 */
export async function moveFromLostNodes(nodes: NodeRepository): Promise<void> {
  const { stranded } = await nodes.moveFromLost();
  if (stranded.length > 0)
    throw new LeonoreError('NO_NODE', `no node is up to take the gateways of ${stranded.join(', ')}`);
}
