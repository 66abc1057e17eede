import { LeonoreError } from '../domain/errors.js';
import { limits } from '../domain/limits.js';
import { ComputeProcess } from './compute-process.js';

export interface ComputePoolOptions {
  /** Processes that there are at most, 2 or more. */
  readonly processes: number;
  /** MiB of heap that each may use. */
  readonly memoryMb: number;
}

/** `short`: a moment's work. `long`: planning, which never takes the last process from what is short. */
export type Length = 'short' | 'long';

interface Waiting {
  readonly length: Length;
  readonly begin: (process: ComputeProcess) => void;
  readonly refuse: (error: Error) => void;
}

/**
 * Processes for work that computes, so that the thread which serves, sends heartbeats and keeps leases never waits for
 * it. Not threads: what fills a thread's memory, or its stack, can take the whole process with it. A process is started
 * when there is work for it, and kept for the next.
 *
 * INVARIANTS
 * - `busy` and `busyLong` count the lent processes; a process is lent, idle, or forgotten.
 * - Work waits only while no process may be lent to it: each return and each arrival looks at who waits.
 */
export class ComputePool {
  private readonly idle: ComputeProcess[] = [];
  private readonly lent = new Set<ComputeProcess>();
  private readonly waiting: Waiting[] = [];
  private busyLong = 0;
  private closed = false;

  constructor(private readonly options: ComputePoolOptions) {}

  /**
   * Lends a process to some work; what it leaves in it is of no use to the next.
   * @param signal ends the work, and the process when it is in the middle of a call
   * @throws LeonoreError TOO_MANY_REQUESTS when too much waits; whatever the work throws
   */
  async lend<T>(
    length: Length,
    signal: AbortSignal,
    work: (process: ComputeProcess) => Promise<T>,
  ): Promise<T> {
    const process = await this.borrow(length, signal);
    try {
      return await work(process);
    } finally {
      this.giveBack(process, length);
    }
  }

  /** Starts a process, so that the first work need not wait for its code to be loaded. */
  warmUp(): void {
    if (this.idle.length + this.lent.size === 0) this.idle.push(this.start());
  }

  /** Ends all processes; what is under way fails. */
  async close(): Promise<void> {
    this.closed = true;
    for (const { refuse } of this.waiting.splice(0)) refuse(ending());
    await Promise.all([...this.idle.splice(0), ...this.lent].map((process) => process.end(ending())));
  }

  private borrow(length: Length, signal: AbortSignal): Promise<ComputeProcess> {
    signal.throwIfAborted();
    if (this.closed) throw ending();
    return new Promise((resolve, reject) => {
      const aborted = () => {
        this.waiting.splice(this.waiting.indexOf(waiting), 1);
        reject(signal.reason as Error);
      };
      const settled = () => signal.removeEventListener('abort', aborted);
      const waiting: Waiting = {
        length,
        begin: (process) => (settled(), resolve(process)),
        refuse: (error) => (settled(), reject(error)),
      };
      signal.addEventListener('abort', aborted, { once: true });
      this.waiting.push(waiting);
      this.lendToWaiting();
      if (this.waiting.length > limits.waitingComputations) {
        this.waiting.splice(this.waiting.indexOf(waiting), 1);
        waiting.refuse(
          new LeonoreError('TOO_MANY_REQUESTS', `${limits.waitingComputations} computations wait already`),
        );
      }
    });
  }

  /** First come, first served, but that what is short need not wait for what is long. */
  private lendToWaiting(): void {
    for (;;) {
      const next = this.waiting.findIndex(({ length }) => this.mayLend(length));
      const [waiting] = next < 0 ? [] : this.waiting.splice(next, 1);
      if (waiting === undefined) return;
      let process = this.idle.pop();
      while (process?.isUsable === false) process = this.idle.pop();
      process ??= this.start();
      this.lent.add(process);
      if (waiting.length === 'long') this.busyLong += 1;
      waiting.begin(process);
    }
  }

  private mayLend(length: Length): boolean {
    const { processes } = this.options;
    return this.lent.size < processes && (length === 'short' || this.busyLong < processes - 1);
  }

  private giveBack(process: ComputeProcess, length: Length): void {
    this.lent.delete(process);
    if (length === 'long') this.busyLong -= 1;
    if (this.closed) return;
    if (process.isUsable) this.idle.push(process);
    else void process.end(new Error('the process was given back in the middle of a call'));
    this.lendToWaiting();
  }

  private start(): ComputeProcess {
    return new ComputeProcess(this.options.memoryMb);
  }
}

function ending(): LeonoreError {
  return new LeonoreError('NODE_UNAVAILABLE', 'the process is ending');
}
