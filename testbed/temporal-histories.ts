/** Reads from Temporal what rollouts and campaigns cost it: events, longest history, largest payload. */
import { Client, Connection } from '@temporalio/client';

interface WorkflowHistory {
  readonly workflowId: string;
  readonly runId: string;
  readonly type: string;
  readonly events: number;
  /** Largest single payload in the history, in bytes. */
  readonly largestPayloadBytes: number;
}

export interface Histories {
  readonly workflows: readonly WorkflowHistory[];
  /** Events of all workflows. */
  readonly events: number;
  readonly longestEvents: number;
  readonly largestPayloadBytes: number;
}

/**
 * Reads the histories of workflows, every run of them.
 * @param address gRPC address of the Temporal server, `host:port`
 * @param roots ids, such as `rollout/<id>`: those of children begin with them
 */
export async function readHistories(
  address: string,
  namespace: string,
  roots: readonly string[],
): Promise<Histories> {
  const connection = await Connection.connect({ address });
  try {
    const client = new Client({ connection, namespace });
    const workflows: WorkflowHistory[] = [];
    for (const root of roots) {
      for await (const { workflowId, runId, type } of client.workflow.list({
        query: `WorkflowId STARTS_WITH "${root}"`,
      })) {
        const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
        const events = history.events ?? [];
        const largestPayloadBytes = largestPayload(events);
        workflows.push({ workflowId, runId, type, events: events.length, largestPayloadBytes });
      }
    }
    return {
      workflows,
      events: workflows.reduce((sum, workflow) => sum + workflow.events, 0),
      longestEvents: Math.max(0, ...workflows.map((workflow) => workflow.events)),
      largestPayloadBytes: Math.max(0, ...workflows.map((workflow) => workflow.largestPayloadBytes)),
    };
  } finally {
    await connection.close();
  }
}

/** Payloads sit at many places of an event; each is an object with `metadata` and the bytes in `data`. */
function largestPayload(value: unknown): number {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return 0;
  let largest = 0;
  if ('data' in value && value.data instanceof Uint8Array) largest = value.data.length;
  for (const member of Object.values(value)) largest = Math.max(largest, largestPayload(member));
  return largest;
}
