/** The last report of a delivery: what came of it, and what the container holds now. */
import type { Order, Report, Task } from '../../domain/agent-protocol/messages.js';
import { installedFacts } from '../container/generation.js';
import type { JournalEntry } from '../state/journal.js';
import type { DeliveryContext } from './delivery-context.js';

/** Reports of a delivery count on from what LEONORE has: 1 downloading, 2 installing, 3 the end. */
const finalSequence = 3;

export async function successReport(
  context: DeliveryContext,
  task: Task | Order,
  detail?: string,
): Promise<Report> {
  return {
    deliveryId: task.deliveryId,
    sequence: task.lastSequence + finalSequence,
    state: 'succeeded',
    at: new Date().toISOString(),
    ...(detail === undefined || detail === '' ? {} : { detail }),
    ...(await digestFor(context, task)),
    installed: context.container.current.artifacts.map(installedFacts),
  };
}

/** Nothing to report when LEONORE has ended the delivery itself. */
export async function failureReport(
  context: DeliveryContext,
  entry: JournalEntry,
  detail?: string,
): Promise<{ report?: Report }> {
  const { task, failure } = entry;
  if (failure === undefined) return {};
  return {
    report: {
      deliveryId: task.deliveryId,
      sequence: task.lastSequence + finalSequence,
      state: 'failed',
      at: new Date().toISOString(),
      ...(detail === undefined || detail === '' ? {} : { detail }),
      error: failure,
      ...(await digestFor(context, task)),
      installed: context.container.current.artifacts.map(installedFacts),
    },
  };
}

/** A LEONORE that names no state does not know the word. */
async function digestFor(
  { stateDigest }: DeliveryContext,
  { startState }: Task | Order,
): Promise<{ stateDigest?: string }> {
  return startState === undefined ? {} : { stateDigest: await stateDigest() };
}
