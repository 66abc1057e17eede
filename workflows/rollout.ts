/**
 * `rollout/<id>`: the whole of the paper's process (III-D). Steps i to iii and viii are here; each node's share
 * (iv, v) is a child, which has children of its own for vi and vii.
 *
 * INVARIANTS
 * - It always ends, and by step viii: whatever fails is recorded there as the outcome.
 * - It keeps nothing that the database does not have: ids and counts only.
 */
import {
  ApplicationFailure,
  CancellationScope,
  condition,
  setCurrentDetails,
  setHandler,
  startChild,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import {
  coordinatorQueue,
  workflowIds,
  type NodeShareInput,
  type RolloutInput,
  type RolloutResult,
} from '../domain/orchestration.js';
import { stepTitle } from '../domain/rollout/steps.js';
import { attributeKeys } from './attributes.js';
import { Children } from './children.js';
import { nodeShare } from './node-share.js';
import { describeFailure, onCoordinator } from './policies.js';
import { RolloutProgress } from './rollout-progress.js';
import { cancelSignal, shareReleasedSignal } from './signals.js';

/** Chunks that a node delivers at once: 16 of 500 gateways keep its handlers busy and its history short. */
const chunkWindow = 16;
/** Times that shares may be delegated anew: more means that nodes die faster than they can work. */
const maximumRounds = 100;

export async function rollout(input: RolloutInput): Promise<RolloutResult> {
  const progress = new RolloutProgress(input);
  const children = new Children();
  const wishes = { cancel: false, delegateAnew: false, ended: false };
  setHandler(cancelSignal, () => void (wishes.cancel = true));
  setHandler(shareReleasedSignal, () => void (wishes.delegateAnew = true));
  // `temporal workflow cancel`, or the button of the UI, means the same as our own signal.
  CancellationScope.current().cancelRequested.catch(() => void (wishes.cancel = true));

  return CancellationScope.nonCancellable(async () => {
    const cancelling = cancelWhenWished(input, children, wishes);
    let failure: unknown = null;
    try {
      await provision(input, children, wishes, progress);
    } catch (error) {
      failure = describeFailure(error);
    }
    await condition(() => children.count === 0);
    failure ??= children.failures.length > 0 ? describeFailure(children.failures[0]) : null;
    wishes.ended = true;
    await cancelling;

    setCurrentDetails(progress.at('viii'));
    const result = await onCoordinator('viii').completeRollout({
      rolloutId: input.rolloutId,
      cancelled: wishes.cancel,
      failure,
    });
    upsertSearchAttributes([{ key: attributeKeys.state, value: result.state }]);
    setCurrentDetails(progress.ended(result));
    return result;
  });
}

interface Wishes {
  readonly cancel: boolean;
  delegateAnew: boolean;
  readonly ended: boolean;
}

/** Steps i, ii and iii; returns when every share has ended. */
async function provision(
  input: RolloutInput,
  children: Children,
  wishes: Wishes,
  progress: RolloutProgress,
): Promise<void> {
  const { rolloutId } = input;
  setCurrentDetails(progress.at('i'));
  const { artifacts } = await onCoordinator('i').checkArtifactAvailable({ rolloutId });
  setCurrentDetails(progress.selected(artifacts).at('ii'));
  const { gateways } = await onCoordinator('ii', '30 minutes').resolveDeployment({ rolloutId });
  progress.gateways = gateways;

  for (let round = 1; !wishes.cancel; round += 1) {
    setCurrentDetails(progress.at('iii'));
    wishes.delegateAnew = false;
    const { shares } = await onCoordinator('iii').groupByNode({ rolloutId });
    if (shares.length === 0) break;
    if (round > maximumRounds) {
      throw ApplicationFailure.nonRetryable(
        'nodes fell out too often to delegate all gateways',
        'NODE_UNAVAILABLE',
      );
    }
    for (const share of shares) {
      await delegate({ ...input, artifacts, nodeId: share.nodeId, window: chunkWindow }, round, children);
    }
    setCurrentDetails(progress.delegated(shares).at('iv'));
    await condition(() => wishes.delegateAnew || children.count === 0);
    if (children.failures.length > 0) break;
  }
}

async function delegate(share: NodeShareInput, round: number, children: Children): Promise<void> {
  const child = await startChild(nodeShare, {
    workflowId: workflowIds.nodeShare(share.rolloutId, share.nodeId, round),
    taskQueue: coordinatorQueue,
    args: [share],
    staticSummary: `Share of ${share.nodeId}: ${stepTitle('iv')}, ${stepTitle('v')}`,
    typedSearchAttributes: [
      { key: attributeKeys.rollout, value: share.rolloutId },
      { key: attributeKeys.artifact, value: share.artifacts },
      { key: attributeKeys.deployment, value: share.deployment },
      { key: attributeKeys.node, value: share.nodeId },
    ],
  });
  children.track(child);
}

async function cancelWhenWished(input: RolloutInput, children: Children, wishes: Wishes): Promise<void> {
  await condition(() => wishes.cancel || wishes.ended);
  if (!wishes.cancel) return;
  upsertSearchAttributes([{ key: attributeKeys.state, value: 'cancelling' }]);
  await onCoordinator('vii').cancelDeliveries({ rolloutId: input.rolloutId });
  await children.cancel();
}
