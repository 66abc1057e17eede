/** Children that are under way, so that a parent can wait for them, count them and tell them to cancel. */
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { log, type ChildWorkflowHandle, type Workflow } from '@temporalio/workflow';
import { cancelSignal } from './signals.js';

/** A child that ended by a failure, and what it was to do. */
export interface FailedChild<Task> {
  readonly task: Task;
  readonly error: unknown;
}

export class Children<Task> {
  private readonly running = new Map<string, { child: ChildWorkflowHandle<Workflow>; task: Task }>();
  private failed: FailedChild<Task>[] = [];

  /**
   * Starts a child and keeps it until it ends; its failure is kept, not thrown.
   * @returns false when one of its id runs already, for another parent: what it does shows in the database
   */
  async start(task: Task, start: () => Promise<ChildWorkflowHandle<Workflow>>): Promise<boolean> {
    let child: ChildWorkflowHandle<Workflow>;
    try {
      child = await start();
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      return false;
    }
    this.running.set(child.workflowId, { child, task });
    child
      .result()
      .catch((error: unknown) => this.failed.push({ task, error }))
      .finally(() => this.running.delete(child.workflowId));
    return true;
  }

  get count(): number {
    return this.running.size;
  }

  /** What the children that run are to do. */
  get tasks(): readonly Task[] {
    return [...this.running.values()].map(({ task }) => task);
  }

  /** Children that failed since this was last asked. */
  takeFailures(): readonly FailedChild<Task>[] {
    const taken = this.failed;
    this.failed = [];
    return taken;
  }

  /** Tells all children to cancel; one that has just ended needs no telling. */
  async cancel(): Promise<void> {
    const told = await Promise.allSettled(
      [...this.running.values()].map(({ child }) => child.signal(cancelSignal)),
    );
    const missed = told.filter((outcome) => outcome.status === 'rejected').length;
    if (missed > 0) log.info('children had ended before they could be told to cancel', { missed });
  }
}
