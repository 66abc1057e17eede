import {
  Client,
  ScheduleAlreadyRunning,
  ScheduleOverlapPolicy,
  type ConnectionLike,
} from '@temporalio/client';
import { coordinatorQueue, housekeepingId, workflowTypes } from '../../domain/orchestration.js';

export interface HousekeepingScheduleOptions {
  readonly connection: ConnectionLike;
  readonly namespace: string;
  readonly everyMinutes: number;
}

/**
 * Makes the schedule by which housekeeping runs, or brings it up to date; whether it is paused is left as it is.
 * Several coordinators may do so at once.
 */
export async function ensureHousekeepingSchedule(options: HousekeepingScheduleOptions): Promise<void> {
  const { connection, namespace, everyMinutes } = options;
  const { schedule } = new Client({ connection, namespace });
  const wanted = {
    spec: { intervals: [{ every: `${everyMinutes} minutes` as const }], jitter: '1 minute' as const },
    action: {
      type: 'startWorkflow' as const,
      workflowType: workflowTypes.housekeeping,
      workflowId: housekeepingId,
      taskQueue: coordinatorQueue,
      args: [],
    },
    policies: {
      // What two runs at once would do twice, one does once.
      overlap: ScheduleOverlapPolicy.SKIP,
      // After an absence one run is enough.
      catchupWindow: '1 minute' as const,
    },
  };
  try {
    await schedule.create({ ...wanted, scheduleId: housekeepingId });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    await schedule.getHandle(housekeepingId).update(({ state }) => ({ ...wanted, state }));
  }
}
