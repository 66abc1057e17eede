import { randomUUID } from 'node:crypto';
import type { WorkflowClient } from '@temporalio/client';
import proto from '@temporalio/proto';

/** What somebody may do to a workflow in Temporal, knowing nothing of LEONORE. */
export const workflowFaults = ['terminate', 'cancel', 'reset'] as const;
export type WorkflowFault = (typeof workflowFaults)[number];

/** Does it to a workflow that runs; a reset goes back to its first task. */
export async function inflict(
  client: WorkflowClient,
  fault: WorkflowFault,
  workflowId: string,
): Promise<void> {
  const handle = client.getHandle(workflowId);
  switch (fault) {
    case 'terminate':
      await handle.terminate('by the test');
      return;
    case 'cancel':
      await handle.cancel();
      return;
    case 'reset': {
      const { runId } = await handle.describe();
      const { events } = await client.getHandle(workflowId, runId).fetchHistory();
      const completed = proto.temporal.api.enums.v1.EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED;
      const first = events?.find(({ eventType }) => eventType === completed);
      if (first?.eventId == null) throw new Error('it has completed no task yet');
      await client.workflowService.resetWorkflowExecution({
        namespace: client.options.namespace,
        workflowExecution: { workflowId, runId },
        reason: 'by the test',
        workflowTaskFinishEventId: first.eventId,
        requestId: randomUUID(),
      });
    }
  }
}
