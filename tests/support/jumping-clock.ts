import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach } from '@jest/globals';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { coordinatorQueue } from '../../domain/orchestration.js';
import { quietTemporal } from './quiet-temporal.js';
import { askForServer } from './servers/ask-for-server.js';
import type { BundledWorkflows } from './servers/workflows-for-tests.js';
import { timeSkippingEnvironment } from './temporal.js';

/** Many times what any of these tests takes, and less than Jest gives one. */
const standstillMs = 150_000;
/** For a server that may itself stand still. */
const describeMs = 10_000;
/** Of a workflow that stands still, what is told. */
const lastEvents = 8;

/** Activities, by the name that workflows call them by. */
type Activities = object;

interface WorkerActivities {
  readonly coordinator: Activities;
  /** By task queue. */
  readonly queues?: Readonly<Record<string, Activities>>;
  /**
   * True: whoever goes on with a workflow is new to it, and knows nothing but its history, at each step. So is a coordinator
   * that comes after another has died; none can be ended here, as the clock does not jump while a task waits for one.
   */
  readonly isAlwaysNew?: boolean;
}

/** Workflows against a clock that jumps: days pass in a moment. One for a test file, started and ended with it. */
export interface JumpingClock {
  readonly environment: TestWorkflowEnvironment;
  /**
   * Runs `work` beside workers: one for the workflows and the coordinator's activities, and one for each queue named.
   * However it ends, they are ended, and a server on which something stood still is replaced: what goes wrong in one test
   * leaves the others alone.
   * @throws Error with the last events of the workflows that are open, when nothing comes of it within 150 s
   */
  run<T>(activities: WorkerActivities, work: () => Promise<T>): Promise<T>;
}

/** Registers what starts and ends the clock; to be called at the top of a test file. */
export function jumpingClock(): JumpingClock {
  let environment: TestWorkflowEnvironment | undefined;
  let workflowBundle: BundledWorkflows;
  const started = (): TestWorkflowEnvironment => {
    if (environment === undefined) throw new Error('the clock starts before the first test');
    return environment;
  };

  beforeAll(async () => {
    quietTemporal();
    workflowBundle = await askForServer('workflows');
  }, 180_000);

  // Fetching the test server on a machine that lacks it takes minutes, once.
  beforeEach(async () => {
    environment ??= await timeSkippingEnvironment();
  }, 15 * 60_000);

  afterAll(async () => {
    await environment?.teardown();
  });

  return {
    get environment() {
      return started();
    },
    async run<T>(
      { coordinator, queues = {}, isAlwaysNew = false }: WorkerActivities,
      work: () => Promise<T>,
    ): Promise<T> {
      const { nativeConnection: connection, namespace = 'default' } = started();
      const workers = await Promise.all([
        Worker.create({
          connection,
          namespace,
          taskQueue: coordinatorQueue,
          workflowBundle,
          activities: { ...coordinator },
          ...(isAlwaysNew ? { maxCachedWorkflows: 0 } : {}),
        }),
        ...Object.entries(queues).map(([taskQueue, activities]) =>
          Worker.create({ connection, namespace, taskQueue, activities: { ...activities } }),
        ),
      ]);
      const running = workers.map((worker) => worker.run());
      const shutDown = async (): Promise<void> => {
        for (const worker of workers) worker.shutdown();
        await Promise.all(running);
      };
      let result: T;
      try {
        result = await within(work());
      } catch (error) {
        if (!(error instanceof Standstill)) {
          await shutDown();
          throw error;
        }
        const stuck = started();
        const words = await Promise.race([
          describeOpenWorkflows(stuck),
          delay(describeMs, 'nor does the server answer'),
        ]);
        environment = undefined;
        // Neither may ever end on a server that does not answer.
        void shutDown().catch(() => undefined);
        void stuck.teardown().catch(() => undefined);
        throw new Error(`${error.message}\n${words}`, { cause: error });
      }
      await shutDown();
      return result;
    },
  };
}

class Standstill extends Error {
  constructor() {
    super(`nothing came of it within ${standstillMs / 1_000} s`);
  }
}

async function within<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const standstill = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new Standstill());
    }, standstillMs);
  });
  try {
    return await Promise.race([work, standstill]);
  } finally {
    clearTimeout(timer);
  }
}

async function describeOpenWorkflows(environment: TestWorkflowEnvironment): Promise<string> {
  const { client, namespace = 'default' } = environment;
  const { workflowService } = environment.connection;
  const { executions } = await workflowService.listOpenWorkflowExecutions({ namespace, maximumPageSize: 5 });
  const words = await Promise.all(
    executions.map(async ({ execution }) => {
      const handle = client.workflow.getHandle(execution?.workflowId ?? '', execution?.runId ?? undefined);
      const { events } = await handle.fetchHistory();
      const last = (events ?? []).slice(-lastEvents).map((event) => JSON.stringify(event).slice(0, 400));
      return [`${handle.workflowId}: ${events?.length ?? 0} events, the last of them`, ...last].join('\n  ');
    }),
  );
  const now = new Date(await environment.currentTimeMs()).toISOString();
  return [`it is ${now} by the clock that jumps`, ...words].join('\n');
}
