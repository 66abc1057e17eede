/**
 * Carries out a delivery, step by step; the table below is the whole of it.
 *
 *   download -> [makeRoom ->] install -> switch -> start -> cleanup -> report     a package
 *                              change -> switch -> start -> cleanup -> report     an order
 *        whose package is refused for the first time: ends without a report, and is asked for again
 *        with windows: waits before makeRoom, install or change, without a journal
 *        any of these but the last two, when it fails -> undo -> report
 *
 * INVARIANTS
 *  - The journal names the step before it begins (state/journal.ts), so after a power cut the step is begun again.
 *  - Up to `switch` nothing of what is installed is touched, save in makeRoom, which can restore what it takes.
 *  - `cleanup` is reached only with evidence that the new works; it is the only step that destroys the old.
 *  - A delivery ends with one report, unless LEONORE has ended it itself.
 */
import type { Order, ReportError, Task } from '../../domain/agent-protocol/messages.js';
import type { JournalEntry, JournalStep } from '../state/journal.js';
import type { DeliveryContext } from './delivery-context.js';
import { DeliveryDropped, PackageRefused, reportError, StateError } from './delivery-failure.js';
import { failureReport, successReport } from './final-report.js';
import { changeStep } from './change-step.js';
import { removeDownloads } from './archive-file.js';
import { downloadStep } from './download-step.js';
import { installStep } from './install-step.js';
import { makeRoomStep } from './make-room-step.js';
import type { Progress, Step } from './step.js';
import { cleanupStep, startStep, switchStep } from './switch-steps.js';
import { windowDetail, windowOf } from './switch-window.js';
import { undoStep } from './undo-step.js';
import { messageOf } from '../state/system-error.js';

const steps: Readonly<Record<Exclude<JournalStep, 'report'>, Step>> = {
  download: downloadStep,
  change: changeStep,
  makeRoom: makeRoomStep,
  install: installStep,
  switch: switchStep,
  start: startStep,
  cleanup: cleanupStep,
  undo: undoStep,
};

/** A gateway that loses power in the same step again and again gives the delivery up. */
const mostRestarts = 5;

/** How far a delivery has come. What has not ended has not begun, and has to be carried out again. */
export type Outcome =
  | { readonly state: 'ended' }
  /** Its window is not open, and what it needs is there. */
  | { readonly state: 'waiting'; readonly opensAtMs: number }
  /** Its package was refused for the first time: it counts if it is offered again. */
  | { readonly state: 'refused' };

const hasEnded: Outcome = { state: 'ended' };

/** Carries out a task or an order from its first step. */
export async function deliver(context: DeliveryContext, task: Task | Order): Promise<Outcome> {
  const begun: JournalEntry = {
    task,
    step: task.action === 'install' ? 'download' : 'change',
    restarts: 0,
    before: context.container.current.name,
  };
  const { startState } = task;
  if (startState !== undefined && startState !== (await context.stateDigest())) {
    const error = new StateError('the plan is for another state than the one that the gateway is in');
    await endUndone(context, begun, reportError('state-changed', error));
    return hasEnded;
  }
  const window = windowOf(context, task);
  if (window.state === 'over') {
    await endUndone(context, begun, windowsOver());
    return hasEnded;
  }
  if (window.state === 'waiting' && task.action !== 'install') {
    await context.reporter.progress(task, 'downloading', windowDetail(window));
    return { state: 'waiting', opensAtMs: window.opensAtSeconds * 1_000 };
  }
  return carryOn(context, begun);
}

function windowsOver(): ReportError {
  return reportError('window', new StateError('its windows have passed'));
}

/** Refuses a task or an order before its first step, and reports why. */
export async function refuse(context: DeliveryContext, task: Task | Order, error: unknown): Promise<void> {
  const failure = reportError('verify', error);
  context.log('error', 'task refused', { delivery: task.deliveryId, ...failure });
  const { name: before } = context.container.current;
  await endUndone(context, { task, step: 'report', restarts: 0, before }, failure);
}

async function endUndone(context: DeliveryContext, begun: JournalEntry, failure: ReportError): Promise<void> {
  const entry: JournalEntry = { ...begun, step: 'report', failure };
  await carryOn(context, { ...entry, ...(await failureReport(context, entry)) });
}

/** Finishes or undoes the delivery that the journal of an earlier run names. */
export async function recover(context: DeliveryContext, entry: JournalEntry): Promise<Outcome> {
  const restarts = entry.step === 'download' ? 0 : entry.restarts + 1;
  context.log('warn', 'going on with an interrupted delivery', {
    delivery: entry.task.deliveryId,
    step: entry.step,
    restarts,
  });
  let next = { ...entry, restarts };
  if (restarts > mostRestarts && isUndoable(entry.step)) {
    const error = new Error(`the agent was ended ${restarts} times in this step`);
    next = { ...next, step: 'undo', restarts: 0, failure: reportError(entry.step, error) };
  }
  return carryOn(context, next);
}

async function carryOn(context: DeliveryContext, begun: JournalEntry): Promise<Outcome> {
  let entry = await noted(context, begun);
  while (entry.step !== 'report') {
    context.signal.throwIfAborted();
    let next = await takeStep(context, entry);
    if (next === null) {
      await removeDownloads(context.paths.downloads);
      // Without a report that only forgets it.
      await context.reporter.final(entry);
      await context.journal.clear();
      return { state: 'refused' };
    }
    if (entry.step === 'download' && next.step !== 'undo') {
      const window = windowOf(context, next.task);
      if (window.state === 'waiting') {
        await context.journal.clear();
        return { state: 'waiting', opensAtMs: window.opensAtSeconds * 1_000 };
      }
      if (window.state === 'over') next = { ...next, step: 'undo', failure: windowsOver() };
    }
    // A step that was completed is no reason to give up: only being stuck in one is.
    entry = await noted(context, next.step === entry.step ? next : { ...next, restarts: 0 });
  }
  await context.reporter.final(entry);
  await context.journal.clear();
  return hasEnded;
}

/**
 * Writes the journal. When the disk is too full for that, the delivery is undone: undoing frees the disk, and a
 * journal that is one step behind does no harm, since every step may be begun again.
 */
async function noted(context: DeliveryContext, entry: JournalEntry): Promise<JournalEntry> {
  try {
    await context.journal.save(entry);
    return entry;
  } catch (error) {
    context.log('error', 'the journal cannot be written', { problem: String(error) });
    if (!isUndoable(entry.step)) return entry;
    return { ...entry, step: 'undo', failure: reportError(entry.step, error) };
  }
}

/** @returns what the journal says next; null when the package was refused for the first time */
async function takeStep(context: DeliveryContext, entry: JournalEntry): Promise<JournalEntry | null> {
  const { step } = entry;
  if (step === 'report') return entry;
  const progress: Progress = { at: step, entry };
  const { deliveryId } = entry.task;
  context.log('info', 'delivery step', { delivery: deliveryId, step });
  try {
    return await steps[step](context, entry, progress);
  } catch (error) {
    context.signal.throwIfAborted();
    if (!isUndoable(step)) return afterTheDecision(context, entry, error);
    if (error instanceof PackageRefused) {
      context.log('warn', 'the package is refused', { delivery: deliveryId, problem: error.message });
      return null;
    }
    if (error instanceof DeliveryDropped) return { ...progress.entry, step: 'undo' };
    const failure = reportError(progress.at, error);
    context.log('error', 'delivery failed', { delivery: deliveryId, ...failure });
    return { ...progress.entry, step: 'undo', failure };
  }
}

/** Something went wrong in a step that cannot be undone: what counts is decided, so the delivery ends as it is. */
async function afterTheDecision(
  context: DeliveryContext,
  entry: JournalEntry,
  error: unknown,
): Promise<JournalEntry> {
  const problem = messageOf(error);
  context.log('error', 'delivery step failed', {
    delivery: entry.task.deliveryId,
    step: entry.step,
    problem,
  });
  return entry.step === 'cleanup'
    ? { ...entry, step: 'report', report: await successReport(context, entry.task, problem) }
    : { ...entry, step: 'report', ...(await failureReport(context, entry, problem)) };
}

function isUndoable(step: JournalStep): boolean {
  return step !== 'undo' && step !== 'cleanup' && step !== 'report';
}
