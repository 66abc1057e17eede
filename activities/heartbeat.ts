import { Context } from '@temporalio/activity';

/** A quarter of the shortest heartbeat timeout: one lost heartbeat does not make the node suspect. */
const intervalMs = 2_500;

/**
 * Runs the work of an activity while telling Temporal that it is alive; `details` are shown in the UI. The signal
 * aborts when Temporal gives the activity up (cancelled, or timed out and running elsewhere).
 */
export async function withHeartbeat<T>(
  work: (signal: AbortSignal) => Promise<T>,
  details: () => unknown = () => undefined,
): Promise<T> {
  const context = Context.current();
  const ticker = setInterval(() => context.heartbeat(details()), intervalMs);
  try {
    context.heartbeat(details());
    return await work(context.cancellationSignal);
  } finally {
    clearInterval(ticker);
  }
}
