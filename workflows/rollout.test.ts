/** The workflows against a clock that jumps: days pass in a moment. */
import { randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { ApplicationFailure } from '@temporalio/common';
import type { ErrorCode } from '../domain/error-kinds.js';
import {
  coordinatorQueue,
  nodeQueues,
  workflowIds,
  workflowTypes,
  type RolloutResult,
} from '../domain/orchestration.js';
import { recordHistories } from '../tests/support/record-histories.js';
import { StandInFleet, type FleetBehaviour } from '../tests/support/stand-in-fleet.js';
import { jumpingClock } from '../tests/support/jumping-clock.js';

const clock = jumpingClock();

interface Scenario extends FleetBehaviour {
  /** Name of the recorded histories. */
  readonly name: string;
  readonly deadlineSeconds?: number;
  /** Nodes that nobody works for. */
  readonly dead?: readonly string[];
  /** Runs while the rollout does. */
  readonly meanwhile?: (rolloutId: string, fleet: StandInFleet) => Promise<void>;
}

async function run(
  scenario: Scenario,
): Promise<{ result: RolloutResult; fleet: StandInFleet; rolloutId: string; lastedMs: number }> {
  const rolloutId = randomUUID();
  const fleet = new StandInFleet(scenario, clock.environment.client.workflow, () =>
    clock.environment.currentTimeMs(),
  );
  const queues: Record<string, object> = {};
  for (const nodeId of Object.keys(scenario.shares)) {
    if (scenario.dead?.includes(nodeId) === true) fleet.gone.add(nodeId);
    else for (const queue of Object.values(nodeQueues)) queues[queue(nodeId)] = fleet.node(nodeId);
  }
  return clock.run({ coordinator: fleet.coordinator(), queues }, async () => {
    const handle = await clock.environment.client.workflow.start(workflowTypes.rollout, {
      workflowId: workflowIds.rollout(rolloutId),
      taskQueue: coordinatorQueue,
      args: [
        {
          rolloutId,
          artifacts: 'thermometer',
          deployment: 'city',
          deadlineSeconds: scenario.deadlineSeconds ?? 86_400,
        },
      ],
    });
    await scenario.meanwhile?.(rolloutId, fleet);
    const result = (await handle.result()) as RolloutResult;
    await recordHistories(clock.environment.client.workflow, handle.workflowId, scenario.name);
    // By its own times: the clock may jump on as soon as nobody waits for it.
    const { startTime, closeTime } = await handle.describe();
    return { result, fleet, rolloutId, lastedMs: Number(closeTime) - Number(startTime) };
  });
}

test('the eight steps run in their order, on each node, and the rollout succeeds', async () => {
  const { result, fleet } = await run({ name: 'succeeds', shares: { a: 700, b: 300 }, chunkSize: 500 });
  expect(result.state).toBe('succeeded');
  expect(result.counts.succeeded).toBe(1000);
  expect(fleet.calls.slice(0, 3)).toEqual(['i', 'ii', 'iii']);
  expect(fleet.calls.filter((call) => call === 'vi a')).toHaveLength(2);
  expect(fleet.calls.filter((call) => call === 'vi b')).toHaveLength(1);
  expect(fleet.calls.at(-1)).toBe('viii');
});

test('a gateway that is silent for a day is lost, and the rollout ends partly', async () => {
  const { result, fleet, lastedMs } = await run({
    name: 'silent-gateway',
    shares: { a: 10 },
    answers: (gateway) => gateway !== 3,
  });
  expect(result).toMatchObject({ state: 'partly', counts: { succeeded: 9, lost: 1 } });
  expect(fleet.calls).toContain('vii final');
  expect(lastedMs).toBeGreaterThanOrEqual(86_400_000);
});

test('acknowledgements whose wake-up was lost are found in the database', async () => {
  const { result, fleet } = await run({ name: 'lost-wake-up', shares: { a: 10 }, signalled: false });
  expect(result.state).toBe('succeeded');
  expect(fleet.calls).toContain('vii');
  expect(fleet.calls).not.toContain('vii final');
});

test('acknowledgements that arrive again and again change nothing', async () => {
  const { result, fleet } = await run({
    name: 'duplicates',
    shares: { a: 10 },
    duplicates: 3,
    answers: (gateway) => gateway < 9,
    deadlineSeconds: 60,
  });
  expect(result).toMatchObject({ state: 'partly', counts: { succeeded: 9, lost: 1 } });
  expect(fleet.count('succeeded')).toBe(9);
});

test('the share of a node that is dead is delegated to the others', async () => {
  const { result, fleet } = await run({ name: 'dead-node', shares: { a: 5, b: 5 }, dead: ['b'] });
  expect(result).toMatchObject({ state: 'succeeded', counts: { succeeded: 10 } });
  expect(fleet.calls).toContain('leave b');
  expect(fleet.calls.filter((call) => call === 'iii').length).toBeGreaterThanOrEqual(2);
});

test('a cancelled rollout ends cancelled, without waiting for its deadline', async () => {
  const { result, lastedMs } = await run({
    name: 'cancelled',
    shares: { a: 10 },
    answers: (gateway) => gateway < 4,
    meanwhile: async (rolloutId, fleet) => {
      await until(() => fleet.calls.includes('vi a'));
      await clock.environment.client.workflow.getHandle(workflowIds.rollout(rolloutId)).signal('cancel');
    },
  });
  expect(result).toMatchObject({ state: 'cancelled', counts: { succeeded: 4, cancelled: 6 } });
  expect(lastedMs).toBeLessThan(86_400_000);
});

test("Temporal's own cancel means the same", async () => {
  const { result } = await run({
    name: 'cancelled-by-temporal',
    shares: { a: 3 },
    answers: () => false,
    meanwhile: async (rolloutId, fleet) => {
      await until(() => fleet.calls.includes('vi a'));
      await clock.environment.client.workflow.getHandle(workflowIds.rollout(rolloutId)).cancel();
    },
  });
  expect(result).toMatchObject({ state: 'cancelled', counts: { cancelled: 3 } });
});

test('a rollout whose artifact is gone ends failed, by step viii', async () => {
  const failCheck = ApplicationFailure.nonRetryable('there is no artifact', 'ARTIFACT_NOT_FOUND');
  const { result, fleet } = await run({ name: 'artifact-gone', shares: { a: 3 }, failCheck });
  expect(result).toMatchObject({ state: 'failed', counts: { failed: 3 } });
  expect(fleet.calls).toEqual(['i', 'viii']);
});

test('a wish that no signal told is read at the next step', async () => {
  const { result, fleet } = await run({
    name: 'silent-wish',
    shares: { a: 10 },
    answers: (gateway) => gateway < 4,
    meanwhile: async (_rolloutId, running) => {
      await until(() => running.calls.includes('vi a'));
      running.wishToCancel();
    },
  });
  expect(result).toMatchObject({ state: 'cancelled', counts: { succeeded: 4 } });
  expect(fleet.calls).toContain('cancel chunk 0');
});

test('a chunk that somebody cancels in Temporal is cancelled in the database, and the rollout ends', async () => {
  const { result, fleet } = await run({
    name: 'chunk-cancelled-by-temporal',
    shares: { a: 4 },
    answers: (gateway) => gateway < 1,
    meanwhile: async (rolloutId, running) => {
      await until(() => running.calls.includes('vi a'));
      await clock.environment.client.workflow.getHandle(workflowIds.deliverChunk(rolloutId, 0)).cancel();
    },
  });
  expect(result).toMatchObject({ state: 'partly', counts: { succeeded: 1, cancelled: 3 } });
  expect(fleet.calls).toContain('cancel chunk 0');
});

test('a month of silence costs no run of a chunk more than a thousand events', async () => {
  const { result, rolloutId } = await run({
    name: 'silent-month',
    shares: { a: 3 },
    answers: (gateway) => gateway > 0,
    deadlineSeconds: 31 * 86_400,
  });
  expect(result).toMatchObject({ state: 'partly', counts: { succeeded: 2, lost: 1 } });
  const runs = await historyLengths(workflowIds.nodeShare(rolloutId, 'a', 1));
  expect(runs.length).toBeGreaterThan(1);
  expect(Math.max(...runs)).toBeLessThan(1_000);
}, 120_000);

/** How many events each run of the one child of a workflow has. */
async function historyLengths(parentId: string): Promise<number[]> {
  const { workflow } = clock.environment.client;
  const { events: own } = await workflow.getHandle(parentId).fetchHistory();
  const started = own?.flatMap((event) => event.childWorkflowExecutionStartedEventAttributes ?? [])[0];
  const { workflowId = '', runId } = started?.workflowExecution ?? {};
  const lengths: number[] = [];
  for (let next: string | null | undefined = runId; next !== undefined && next !== null;) {
    const { events } = await workflow.getHandle(workflowId ?? '', next).fetchHistory();
    lengths.push(events?.length ?? 0);
    next = events?.at(-1)?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId;
  }
  return lengths;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

describe('what is away', () => {
  const failures = (...codes: ErrorCode[]) =>
    codes.map((type) => ApplicationFailure.create({ type, message: 'away', nonRetryable: true }));
  const waits = ({ calls }: StandInFleet) => calls.filter((call) => call.startsWith('waiting'));

  test.each(['ii', 'iv'] as const)('is waited for in step %s, and the wait is noted once', async (step) => {
    const { result, fleet } = await run({
      name: `waits-${step}`,
      shares: { 'node-1': 2 },
      away: { [step]: failures('BLOBS_UNAVAILABLE', 'BLOBS_UNAVAILABLE', 'BLOBS_UNAVAILABLE') },
    });
    expect(result.state).toBe('succeeded');
    expect(waits(fleet)).toEqual(['waiting for the blob store', 'waiting for nothing']);
  });

  test('for days is waited for without a history that grows', async () => {
    const dayMs = 86_400_000;
    const { result, rolloutId, lastedMs } = await run({
      name: 'away-for-days',
      shares: { 'node-1': 2 },
      signalled: false,
      databaseAwayMs: { iii: 2 * dayMs, vii: dayMs },
    });
    expect(result.state).toBe('succeeded');
    expect(lastedMs).toBeGreaterThanOrEqual(3 * dayMs);
    for (const id of [workflowIds.rollout(rolloutId), workflowIds.deliverChunk(rolloutId, 0)]) {
      const { events } = await clock.environment.client.workflow.getHandle(id).fetchHistory();
      // A month, at this rate, stays under 1,000.
      expect(events?.length).toBeLessThan(150);
    }
  }, 180_000);

  test('is not noted in the database while that is away itself', async () => {
    const { result, fleet } = await run({
      name: 'waits-for-postgresql',
      shares: { 'node-1': 2 },
      away: {
        ii: failures('DATABASE_UNAVAILABLE', 'BLOBS_UNAVAILABLE', 'DATABASE_UNAVAILABLE'),
        iv: failures('DATABASE_UNAVAILABLE'),
      },
    });
    expect(result.state).toBe('succeeded');
    expect(waits(fleet)).toEqual(['waiting for the blob store', 'waiting for nothing']);
  });
});
