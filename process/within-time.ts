/**
 * Does something that is to end within a time, or when somebody gives it up. `AbortSignal.any` of an `AbortSignal.timeout` is no
 * such limit: Node.js 20 collects the one that only the other refers to, and its time is never up.
 * @param signal of whoever may give it up; absent: nobody does
 * @param work to be ended by the signal that it is given, whose reason is a `TimeoutError` when the time is up
 */
export async function withinTime<T>(
  ms: number,
  signal: AbortSignal | undefined,
  work: (limit: AbortSignal) => Promise<T>,
): Promise<T> {
  const over = new AbortController();
  const timer = setTimeout(() => over.abort(new DOMException(`not within ${ms} ms`, 'TimeoutError')), ms);
  try {
    return await work(signal === undefined ? over.signal : AbortSignal.any([signal, over.signal]));
  } finally {
    clearTimeout(timer);
  }
}
