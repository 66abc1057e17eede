import { fork, type ChildProcess, type ForkOptions } from 'node:child_process';
import { join } from 'node:path';
import { LeonoreError } from '../domain/errors.js';
import { packageRoot } from '../process/package-root.js';
import type { Call, Said } from './messages.js';
import { ProcessClock } from './process-clock.js';
import type { Tasks } from './tasks.js';

/** A process that neither works nor ends is given up after so many times its limit. */
const wallFactor = 10;
/** Shortest time between two looks at a process's clock. */
const shortestLookMs = 20;
/** Characters kept of what a process prints while it dies. */
const lastWordsLength = 2_000;

type Output<Name extends keyof Tasks> = ReturnType<Tasks[Name]>;

export interface CallOptions {
  /** What the process is told to do, for the error when it is ended: `planning`. */
  readonly what: string;
  /** Milliseconds of work after which it is ended, from the call on or since it last told what it is at. */
  readonly limitMs: number;
  readonly signal: AbortSignal;
  /** Hears what it is at. */
  readonly onAt?: (at: string) => void;
}

interface Pending extends CallOptions {
  readonly resolve: (output: unknown) => void;
  readonly reject: (error: unknown) => void;
  readonly aborted: () => void;
  /** Clocks when its time began; null until the process has started. */
  since: { workedMs: number; wallMs: number } | null;
  look: NodeJS.Timeout | null;
}

/**
 * One process, seen from outside. It does one call at a time; a call that does not end in its time, or whose signal is
 * aborted, ends with the process.
 *
 * INVARIANTS
 * - A call is settled exactly once: `pending` is taken before it is settled.
 * - Nothing is heard of a process that was ended: `pending` is gone by then.
 */
export class ComputeProcess {
  private readonly child: ChildProcess;
  private readonly clock: ProcessClock;
  private readonly ended: Promise<void>;
  private pending: Pending | null = null;
  private isReady = false;
  private isOver = false;
  private lastWords = '';

  /** @param memoryMb MiB of heap that it may use; over that it dies */
  constructor(private readonly memoryMb: number) {
    const [file, options] = entry(memoryMb);
    this.child = fork(file, options);
    this.clock = new ProcessClock(this.child.pid ?? 0);
    this.child.on('message', (said: Said) => this.heard(said));
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.lastWords = (this.lastWords + text).slice(-lastWordsLength);
    });
    this.child.on('error', (error) => this.died(error));
    this.ended = new Promise((resolve) => {
      // Not `exit`: what it has printed comes before.
      this.child.on('close', (code, signal) => {
        this.died(this.causeOfDeath(code, signal));
        resolve();
      });
    });
  }

  /** True when it can be called: it lives and is not at work. */
  get isUsable(): boolean {
    return !this.isOver && this.pending === null;
  }

  /**
   * Does one task.
   * @throws LeonoreError what the task throws; COMPUTATION_TOO_HARD when it was ended over time or memory; the reason of
   *   the signal
   */
  call<Name extends keyof Tasks>(
    task: Name,
    input: Parameters<Tasks[Name]>[0],
    options: CallOptions,
  ): Promise<Output<Name>> {
    if (!this.isUsable) throw new Error('the process is at work or has ended');
    const { signal } = options;
    signal.throwIfAborted();
    return new Promise<unknown>((resolve, reject) => {
      const aborted = () => void this.end(signal.reason);
      this.pending = { ...options, resolve, reject, aborted, since: null, look: null };
      signal.addEventListener('abort', aborted, { once: true });
      // When it cannot be sent, the process is gone, and its end says so.
      this.child.send({ task, input } satisfies Call, () => undefined);
      this.beginTime();
    }) as Promise<Output<Name>>;
  }

  /** Ends it, whatever it is doing. */
  async end(reason: unknown): Promise<void> {
    this.isOver = true;
    this.settle()?.reject(reason);
    this.child.kill('SIGKILL');
    await this.ended;
  }

  private heard(said: Said): void {
    switch (said.kind) {
      case 'ready':
        this.isReady = true;
        this.beginTime();
        return;
      case 'at':
        this.beginTime();
        this.pending?.onAt?.(said.at);
        return;
      case 'done':
        this.settle()?.resolve(said.output);
        return;
      case 'refused':
        this.settle()?.reject(new LeonoreError(said.code, said.message, said.details));
        return;
      case 'failed':
        this.settle()?.reject(said.error);
    }
  }

  private died(error: unknown): void {
    this.isOver = true;
    this.settle()?.reject(error);
  }

  private causeOfDeath(code: number | null, signal: NodeJS.Signals | null): Error {
    // SIGABRT: the heap was full. SIGKILL, which is not ours then: the system had no memory left.
    if (signal === 'SIGABRT' || signal === 'SIGKILL')
      return tooHard(
        this.pending?.what ?? '',
        `more than the ${this.memoryMb} MiB of memory that there are for it`,
      );
    return new Error(`a computing process ended with ${String(signal ?? code)}: ${this.lastWords}`);
  }

  private settle(): Pending | null {
    const pending = this.pending;
    this.pending = null;
    if (pending === null) return null;
    if (pending.look !== null) clearTimeout(pending.look);
    pending.signal.removeEventListener('abort', pending.aborted);
    return pending;
  }

  /** The time of what is under way begins, or begins anew. Loading its code is not counted against a process. */
  private beginTime(): void {
    const { pending } = this;
    if (pending === null || !this.isReady) return;
    pending.since = { workedMs: this.clock.nowMs(), wallMs: performance.now() };
    if (pending.look === null) this.lookIn(pending, pending.limitMs);
  }

  private lookIn(pending: Pending, ms: number): void {
    pending.look = setTimeout(
      // What the process has said meanwhile is heard first.
      () => setImmediate(() => this.lookAt(pending)),
      Math.max(ms, shortestLookMs),
    );
  }

  private lookAt(pending: Pending): void {
    if (this.pending !== pending || pending.since === null) return;
    const { since, limitMs, what } = pending;
    const workedMs = this.clock.nowMs() - since.workedMs;
    const waitedMs = performance.now() - since.wallMs;
    if (workedMs < limitMs && waitedMs < limitMs * wallFactor) this.lookIn(pending, limitMs - workedMs);
    else
      void this.end(tooHard(what, `more than the ${limitMs / 1_000} s of computing that there are for it`));
  }
}

function tooHard(what: string, cost: string): LeonoreError {
  return new LeonoreError('COMPUTATION_TOO_HARD', `${what} takes ${cost}`);
}

/** What was built: also a test that runs from the sources computes as the product does. */
function entry(memoryMb: number): [file: string, options: ForkOptions] {
  const options: ForkOptions = {
    execArgv: [`--max-old-space-size=${memoryMb}`],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    // It is told all that it needs: no secret of the environment is any business of its.
    env: {},
  };
  return [join(packageRoot(), 'dist', 'compute', 'main.js'), options];
}
