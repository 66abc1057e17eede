/**
 * Undoes what was done, last first, however a run ends: by itself, by a failure, or by Ctrl-C.
 *
 * INVARIANTS
 * - Each undoing runs at most once; one that fails does not keep the others from running.
 * - After `interrupted` is aborted nothing new may be begun; what is under way rejects and reaches `undoAll`.
 */
export class Cleanups {
  private readonly undoings: (() => Promise<void> | void)[] = [];
  private readonly interruption = new AbortController();

  /** Aborted by SIGINT, SIGTERM or SIGHUP. */
  get interrupted(): AbortSignal {
    return this.interruption.signal;
  }

  /** From now on a signal interrupts the run instead of ending the process on the spot. */
  listenToSignals(): void {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => this.interruption.abort(new Error(`stopped by ${signal}`)));
    }
  }

  /** Remembers how to undo something that has just been done. */
  add(undo: () => Promise<void> | void): void {
    this.undoings.push(undo);
  }

  /**
   * Waits for work, but not past an interruption.
   * @throws the reason of the interruption
   */
  async unlessInterrupted<T>(work: Promise<T>): Promise<T> {
    const { signal } = this.interruption;
    signal.throwIfAborted();
    let stop: () => void = () => undefined;
    const interruption = new Promise<never>((_resolve, reject) => {
      stop = () => reject(signal.reason as Error);
      signal.addEventListener('abort', stop, { once: true });
    });
    try {
      return await Promise.race([work, interruption]);
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  /** Resolves when the run is interrupted. */
  async untilInterrupted(): Promise<void> {
    const { signal } = this.interruption;
    if (signal.aborted) return;
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  }

  /** Undoes everything, last first. @returns what could not be undone */
  async undoAll(): Promise<unknown[]> {
    const failures: unknown[] = [];
    for (let undo = this.undoings.pop(); undo !== undefined; undo = this.undoings.pop()) {
      try {
        await undo();
      } catch (error) {
        failures.push(error);
      }
    }
    return failures;
  }
}
