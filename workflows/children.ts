/** Children that are under way, so that a parent can wait for them, count them and tell them to cancel. */
import type { ChildWorkflowHandle, Workflow } from '@temporalio/workflow';
import { log } from '@temporalio/workflow';
import { cancelSignal } from './signals.js';

export class Children {
  private readonly running = new Map<string, ChildWorkflowHandle<Workflow>>();
  private readonly failed: unknown[] = [];

  /** Keeps a child until it ends; its failure is kept, not thrown. */
  track(child: ChildWorkflowHandle<Workflow>): void {
    this.running.set(child.workflowId, child);
    child
      .result()
      .catch((error: unknown) => this.failed.push(error))
      .finally(() => this.running.delete(child.workflowId));
  }

  get count(): number {
    return this.running.size;
  }

  /** Failures of children so far. */
  get failures(): readonly unknown[] {
    return this.failed;
  }

  /** Tells all children to cancel; one that has just ended needs no telling. */
  async cancel(): Promise<void> {
    const told = await Promise.allSettled(
      [...this.running.values()].map((child) => child.signal(cancelSignal)),
    );
    const missed = told.filter((outcome) => outcome.status === 'rejected').length;
    if (missed > 0) log.info('children had ended before they could be told to cancel', { missed });
  }
}
