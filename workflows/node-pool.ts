/**
 * `node-pool`: the pool of nodes (paper, III-C 7). It looks at the database, does the one thing that is to be done
 * next, and looks again; when there is nothing to do it sleeps until it is woken. There is one, and it never ends.
 *
 * INVARIANTS
 * - It remembers nothing: what was decided is in the database before it is done, so it may be ended and started anew
 *   at any moment.
 * - A wake-up that is lost delays it by its own timer at most.
 */
import {
  condition,
  continueAsNew,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { PoolAction } from '../domain/balancer/pool.js';
import { coordinatorQueue } from '../domain/orchestration.js';
import type { PoolActivities } from './activity-types.js';
import { wakePoolSignal } from './signals.js';

/** Retried without an end: nobody else looks after the pool. */
const activities = (summary: string): PoolActivities =>
  proxyActivities<PoolActivities>({
    taskQueue: coordinatorQueue,
    startToCloseTimeout: '3 minutes',
    heartbeatTimeout: '15 seconds',
    retry: { initialInterval: '500 milliseconds', backoffCoefficient: 2, maximumInterval: '15 seconds' },
    summary,
  });

export async function nodePool(): Promise<void> {
  const wishes = { look: false };
  setHandler(wakePoolSignal, () => void (wishes.look = true));
  while (!workflowInfo().continueAsNewSuggested) {
    wishes.look = false;
    const { action, details } = await activities('Look at the pool').lookAtPool();
    setCurrentDetails(details);
    if (action.kind === 'wait') await condition(() => wishes.look, action.lookAgainMs);
    else await carryOut(action);
  }
  await continueAsNew<typeof nodePool>();
}

async function carryOut(action: Exclude<PoolAction, { kind: 'wait' }>): Promise<void> {
  switch (action.kind) {
    case 'grow':
      await activities('All nodes are full: one more').growPool();
      return;
    case 'launch':
      await activities(`Launch ${action.nodeId}`).launchNode({ nodeId: action.nodeId });
      return;
    case 'giveUpLaunch':
      await activities(`${action.nodeId} did not register`).giveUpLaunch({ nodeId: action.nodeId });
      return;
    case 'share':
      await activities(`${action.nodeId} takes its share`).shareGateways({ nodeId: action.nodeId });
      return;
    case 'admit':
      await activities('Place queued gateways').admitQueued();
      return;
    case 'shrink':
      await activities(`The load is low: ${action.nodeId} may go`).shrinkPool({ nodeId: action.nodeId });
      return;
    case 'drain':
      await activities(`Drain ${action.nodeId}`).drainNode({ nodeId: action.nodeId });
      return;
  }
}
