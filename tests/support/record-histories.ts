import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { WorkflowClient } from '@temporalio/client';
import proto from '@temporalio/proto';

/** Set to a directory, the workflow tests leave the histories of what they ran there; see workflows/replay.test.ts. */
const recordingDirectory = process.env['LEONORE_RECORD_HISTORIES'];

/** Writes the history of a workflow and of all its children, one file each, named after the scenario. */
export async function recordHistories(
  client: WorkflowClient,
  workflowId: string,
  scenario: string,
): Promise<void> {
  if (recordingDirectory === undefined) return;
  await mkdir(recordingDirectory, { recursive: true });
  const waiting = [workflowId];
  for (let number = 1; waiting.length > 0; number += 1) {
    const id = waiting.shift() ?? '';
    const history = await client.getHandle(id).fetchHistory();
    const type =
      history.events?.[0]?.workflowExecutionStartedEventAttributes?.workflowType?.name ?? 'unknown';
    scrub(history);
    const bytes = proto.temporal.api.history.v1.History.encode(history).finish();
    await writeFile(join(recordingDirectory, `${scenario}.${number}-${type}.pb`), bytes);
    for (const event of history.events ?? []) {
      const child = event.startChildWorkflowExecutionInitiatedEventAttributes?.workflowId;
      if (child !== undefined && child !== null && child !== '') waiting.push(child);
    }
  }
}

/** Takes out where a history was recorded: stack traces hold paths, identities hold names of machines. */
function scrub(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  const record = value as Record<string, unknown>;
  for (const [key, member] of Object.entries(record)) {
    if (key === 'stackTrace' || key === 'identity') record[key] = '';
    else scrub(member);
  }
}
