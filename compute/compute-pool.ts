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
  /** Who wants it; null is LEONORE itself, which nothing is counted of. */
  readonly principal: string | null;
  readonly begin: (process: ComputeProcess) => void;
  readonly refuse: (error: Error) => void;
}

/**
 * Processes for work that computes, so that the thread which serves, sends heartbeats and keeps leases never waits for
 * it. Not threads: what fills a thread's memory, or its stack, can take the whole process with it. A process is started
 * when there is work for it, and kept for the next.
 *
 * INVARIANTS
 * - `lent` and `busyLong` count the lent processes; a process is lent, idle, or forgotten.
 * - Work waits only while no process may be lent to it: each return and each arrival looks at who waits.
 * - No principal has all processes, nor all that long work may have: whoever else asks need not wait for it to end.
 */
export class ComputePool {
  private readonly idle: ComputeProcess[] = [];
  private readonly lent = new Map<ComputeProcess, Pick<Waiting, 'length' | 'principal'>>();
  private readonly waiting: Waiting[] = [];
  private busyLong = 0;
  private closed = false;

  constructor(private readonly options: ComputePoolOptions) {}

  /**
   * Lends a process to some work; what it leaves in it is of no use to the next.
   * @param signal ends the work, and the process when it is in the middle of a call
   * @param principal whom it is for; who has much under way comes after who has little
   * @throws LeonoreError TOO_MANY_REQUESTS when too much waits, or the principal has too much already; whatever the work
   *   throws
   */
  async lend<T>(
    length: Length,
    signal: AbortSignal,
    work: (process: ComputeProcess) => Promise<T>,
    principal: string | null = null,
  ): Promise<T> {
    const process = await this.borrow(length, signal, principal);
    try {
      return await work(process);
    } finally {
      this.giveBack(process);
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
    await Promise.all([...this.idle.splice(0), ...this.lent.keys()].map((process) => process.end(ending())));
  }

  private borrow(length: Length, signal: AbortSignal, principal: string | null): Promise<ComputeProcess> {
    signal.throwIfAborted();
    if (this.closed) throw ending();
    this.refuseGreedy(principal);
    return new Promise((resolve, reject) => {
      const aborted = () => {
        this.waiting.splice(this.waiting.indexOf(waiting), 1);
        reject(signal.reason as Error);
      };
      const settled = () => signal.removeEventListener('abort', aborted);
      const waiting: Waiting = {
        length,
        principal,
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

  /** @throws LeonoreError TOO_MANY_REQUESTS */
  private refuseGreedy(principal: string | null): void {
    if (principal === null) return;
    const own = [...this.lent.values(), ...this.waiting].filter((one) => one.principal === principal);
    if (own.length < limits.computationsOfOne) return;
    throw new LeonoreError('TOO_MANY_REQUESTS', `${own.length} computations of this caller are not done yet`);
  }

  /**
   * First come, first served, but that what is short need not wait for what is long, nor who has little under way for who
   * has much.
   */
  private lendToWaiting(): void {
    for (;;) {
      let waiting: Waiting | undefined;
      for (const one of this.waiting) {
        if (!this.mayLend(one)) continue;
        if (waiting === undefined || this.lentTo(one) < this.lentTo(waiting)) waiting = one;
      }
      if (waiting === undefined) return;
      this.waiting.splice(this.waiting.indexOf(waiting), 1);
      let process = this.idle.pop();
      while (process?.isUsable === false) process = this.idle.pop();
      process ??= this.start();
      this.lent.set(process, waiting);
      if (waiting.length === 'long') this.busyLong += 1;
      waiting.begin(process);
    }
  }

  private mayLend({ length, principal }: Waiting): boolean {
    const { processes } = this.options;
    const isLong = length === 'long';
    if (this.lent.size >= processes || (isLong && this.busyLong >= processes - 1)) return false;
    if (principal === null) return true;
    const own = [...this.lent.values()].filter((one) => one.principal === principal);
    const ownLong = own.filter((one) => one.length === 'long').length;
    return own.length < Math.max(1, processes - 1) && (!isLong || ownLong < Math.max(1, processes - 2));
  }

  private lentTo({ principal }: Waiting): number {
    if (principal === null) return 0;
    return [...this.lent.values()].filter((one) => one.principal === principal).length;
  }

  private giveBack(process: ComputeProcess): void {
    if (this.lent.get(process)?.length === 'long') this.busyLong -= 1;
    this.lent.delete(process);
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
