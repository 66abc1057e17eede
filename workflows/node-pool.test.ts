/** The node pool against a clock that jumps: it does one thing after the other, and sleeps until it is woken. */
import { expect, test } from '@jest/globals';
import type { PoolAction } from '../domain/balancer/pool.js';
import { coordinatorQueue, signals, workflowIds, workflowTypes } from '../domain/orchestration.js';
import { recordHistories } from '../tests/support/record-histories.js';
import { jumpingClock } from '../tests/support/jumping-clock.js';
import type { PoolActivities } from './activity-types.js';

const clock = jumpingClock();

/** Says in turn what is to be done, and writes down what was. */
class StandInPool implements PoolActivities {
  readonly done: string[] = [];
  private failures = 2;

  constructor(private readonly script: PoolAction[]) {}

  async lookAtPool(): Promise<{ action: PoolAction; details: string }> {
    const action = this.script.shift() ?? { kind: 'wait', lookAgainMs: 60_000 };
    if (action.kind === 'wait') this.done.push('wait');
    return { action, details: `next: ${action.kind}` };
  }
  async growPool(): Promise<{ nodeId: string }> {
    return this.note('grow', { nodeId: 'node-2' });
  }
  async launchNode({ nodeId }: { nodeId: string }): Promise<{ problem: string | null }> {
    return this.note(`launch ${nodeId}`, { problem: null });
  }
  async giveUpLaunch({ nodeId }: { nodeId: string }): Promise<void> {
    return this.note(`give up ${nodeId}`, undefined);
  }
  async shareGateways({ nodeId }: { nodeId: string }): Promise<{ moved: number }> {
    // As while PostgreSQL is away.
    this.failures -= 1;
    if (this.failures >= 0) throw new Error('away');
    return this.note(`share ${nodeId}`, { moved: 1 });
  }
  async admitQueued(): Promise<{ admitted: number }> {
    return this.note('admit', { admitted: 1 });
  }
  async shrinkPool({ nodeId }: { nodeId: string }): Promise<void> {
    return this.note(`shrink ${nodeId}`, undefined);
  }
  async drainNode({ nodeId }: { nodeId: string }): Promise<{ moved: number; left: number; ended: boolean }> {
    return this.note(`drain ${nodeId}`, { moved: 0, left: 0, ended: true });
  }

  private note<T>(what: string, result: T): T {
    this.done.push(what);
    return result;
  }
}

test('grows, launches, shares, admits, shrinks and drains in its turns, and wakes up when it is told to', async () => {
  const nodeId = 'node-2';
  const pool = new StandInPool([
    { kind: 'grow' },
    { kind: 'launch', nodeId },
    { kind: 'giveUpLaunch', nodeId },
    { kind: 'launch', nodeId },
    { kind: 'wait', lookAgainMs: 600_000 },
    { kind: 'share', nodeId },
    { kind: 'admit' },
    { kind: 'shrink', nodeId },
    { kind: 'drain', nodeId },
    { kind: 'wait', lookAgainMs: 86_400_000 },
    { kind: 'admit' },
  ]);
  const { client } = clock.environment;
  await clock.run({ coordinator: bound(pool) }, async () => {
    const handle = await client.workflow.signalWithStart(workflowTypes.nodePool, {
      workflowId: workflowIds.nodePool,
      taskQueue: coordinatorQueue,
      args: [],
      signal: signals.wakePool,
      signalArgs: [],
    });
    const before = ['grow', 'launch node-2', 'give up node-2', 'launch node-2', 'wait'];
    await until(() => pool.done.length === before.length);
    // The clock jumps only for who waits for a result: the signal alone ends the first wait, and the second one.
    const wakeUntil = async (length: number) => {
      await handle.signal(signals.wakePool);
      await until(() => pool.done.length >= length);
    };
    await wakeUntil(before.length + 5);
    await wakeUntil(before.length + 6);
    expect(pool.done.slice(0, 11)).toEqual([
      ...before,
      'share node-2',
      'admit',
      'shrink node-2',
      'drain node-2',
      'wait',
      'admit',
    ]);
    // There is one: starting it again wakes the same.
    const again = await client.workflow.signalWithStart(workflowTypes.nodePool, {
      workflowId: workflowIds.nodePool,
      taskQueue: coordinatorQueue,
      args: [],
      signal: signals.wakePool,
      signalArgs: [],
    });
    expect(again.signaledRunId).toBe(handle.signaledRunId);
    await recordHistories(client.workflow, workflowIds.nodePool, 'pool');
    await handle.terminate();
  });
}, 60_000);

function bound(pool: StandInPool): Record<string, (input: { nodeId: string }) => Promise<unknown>> {
  const names = [
    'lookAtPool',
    'growPool',
    'launchNode',
    'giveUpLaunch',
    'shareGateways',
    'admitQueued',
    'shrinkPool',
    'drainNode',
  ] as const;
  return Object.fromEntries(names.map((name) => [name, (input) => pool[name](input)]));
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}
