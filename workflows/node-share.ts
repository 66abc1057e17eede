/**
 * `rollout/<id>/node/<node>/<round>`: one node's share: compatibility and groups (iv), packages (v), then its
 * deliveries in chunks (vi, vii) through a sliding window.
 */
import {
  condition,
  continueAsNew,
  getExternalWorkflowHandle,
  setCurrentDetails,
  setHandler,
  startChild,
  workflowInfo,
  type Workflow,
  type ChildWorkflowHandle,
} from '@temporalio/workflow';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  coordinatorQueue,
  workflowIds,
  type DeliverChunkInput,
  type NodeShareInput,
} from '../domain/orchestration.js';
import { stepTitle } from '../domain/rollout/steps.js';
import { attributeKeys } from './attributes.js';
import { Children } from './children.js';
import { deliverChunk } from './deliver-chunk.js';
import { nodeIsSuspect, onCoordinator, onNode } from './policies.js';
import { cancelSignal, shareReleasedSignal } from './signals.js';

/** Times that a node may be suspected and turn out to be alive, before the share is given up to the others. */
const maximumSuspicions = 10;

export async function nodeShare(input: NodeShareInput): Promise<void> {
  const { rolloutId, nodeId } = input;
  const chunks = new Children();
  const wishes = { cancel: false };
  setHandler(cancelSignal, async () => {
    wishes.cancel = true;
    await chunks.cancel();
  });

  const analysed = await whileNodeLives(input, () =>
    onNode(nodeId, 'iv').analyzeCompatibility({ rolloutId, nodeId }),
  );
  if (analysed !== nodeLeft) {
    setCurrentDetails(
      `${stepTitle('v')} — **${analysed.groups}** groups for ${analysed.gateways} gateways, ${analysed.incompatible} incompatible`,
    );
    if (analysed.groups > 0) await buildAndDeliver(input, chunks, wishes);
  }
  await condition(() => chunks.count === 0);
  if (chunks.failures.length > 0) throw chunks.failures[0];
}

/** Step v in turns; what is built is delivered while the next is being built. */
async function buildAndDeliver(
  input: NodeShareInput,
  chunks: Children,
  wishes: { cancel: boolean },
): Promise<void> {
  const { rolloutId, nodeId } = input;
  const started = new Set<number>();
  for (let remaining = 1; remaining > 0 && !wishes.cancel;) {
    const built = await whileNodeLives(input, () => onNode(nodeId, 'v').buildPackages({ rolloutId, nodeId }));
    if (built === nodeLeft) return;
    remaining = built.remaining;
    for (const { chunk, size } of built.chunks) {
      if (started.has(chunk)) continue;
      await condition(() => chunks.count < input.window);
      started.add(chunk);
      const child = await startChunk({ ...input, chunk, size });
      if (child !== null) chunks.track(child);
      setCurrentDetails(`${stepTitle('vi')} — ${started.size} chunks, ${remaining} groups still to build`);
    }
    if (workflowInfo().continueAsNewSuggested) {
      // Handles of children do not survive: wait for those under way, then go on with what is left.
      await condition(() => chunks.count === 0);
      if (chunks.failures.length > 0) return;
      await continueAsNew<typeof nodeShare>(input);
    }
  }
}

/** @returns null when the chunk is delivered already, by another share of the node that began earlier */
async function startChunk(input: DeliverChunkInput): Promise<ChildWorkflowHandle<Workflow> | null> {
  try {
    return await startChunkAnew(input);
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    return null;
  }
}

function startChunkAnew(input: DeliverChunkInput): Promise<ChildWorkflowHandle<Workflow>> {
  return startChild(deliverChunk, {
    workflowId: workflowIds.deliverChunk(input.rolloutId, input.chunk),
    taskQueue: coordinatorQueue,
    args: [input],
    staticSummary: `Chunk ${input.chunk}, ${input.size} gateways of ${input.nodeId}: ${stepTitle('vi')}, ${stepTitle('vii')}`,
    typedSearchAttributes: [
      { key: attributeKeys.rollout, value: input.rolloutId },
      { key: attributeKeys.artifact, value: input.artifacts },
      { key: attributeKeys.deployment, value: input.deployment },
      { key: attributeKeys.node, value: input.nodeId },
    ],
  });
}

const nodeLeft = Symbol('node left');

/**
 * Runs work of the node. When the node seems gone, the coordinator looks: if it is, the share goes back to the
 * rollout, which delegates it anew.
 */
async function whileNodeLives<T>(
  input: NodeShareInput,
  work: () => Promise<T>,
): Promise<T | typeof nodeLeft> {
  const { rolloutId, nodeId } = input;
  for (let suspicions = 1; ; suspicions += 1) {
    try {
      return await work();
    } catch (error) {
      if (!nodeIsSuspect(error)) throw error;
      const { left } = await onCoordinator('iii').leaveNode({ rolloutId, nodeId });
      if (left) {
        await getExternalWorkflowHandle(workflowIds.rollout(rolloutId)).signal(shareReleasedSignal);
        return nodeLeft;
      }
      if (suspicions === maximumSuspicions) throw error;
    }
  }
}
