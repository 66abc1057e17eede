import { EventEmitter } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { LeonoreError } from '../domain/errors.js';
import { describeExit, type Exit, type GuardedProcess } from './guarded-process.js';

/**
 * One process of the stack, kept running.
 *
 * INVARIANTS
 * - At most one process of a part exists: a launch begins only after the one before has ended.
 * - After `halt` nothing is launched until `start`: every step of a revival looks at `wanted` again.
 * - A part that keeps ending is given up after `maxFailures` in a row; a run of `stableMs` starts the count anew.
 */

/**
 * - `stopped`: not wanted
 * - `starting`: launched, or about to be launched again
 * - `ready`: serves
 * - `failed`: wanted, but given up
 */
export type PartState = 'stopped' | 'starting' | 'ready' | 'failed';

/**
 * Starts the process of a part.
 * @param spawned to be told of the process as soon as it exists
 * @returns when it serves; rejects when it does not come to that, its process having ended
 */
export type Launch = (spawned: (process: GuardedProcess) => void) => Promise<void>;

export interface PartOptions {
  readonly name: string;
  readonly launch: Launch;
  /** How it is asked to end. */
  readonly stopSignal: NodeJS.Signals;
  /** How long it may take to end before SIGKILL. */
  readonly graceMs: number;
  /** Told what happens to the part, in a line. */
  readonly onProgress: (line: string) => void;
  /** Called whenever its state or its pid has changed. */
  readonly onChange: () => void;
  /** Called when the part is given up. */
  readonly onFailed: (error: LeonoreError) => void;
  /** First wait between two attempts; it doubles up to {@link maxBackoffMs}. Default 100 ms. */
  readonly firstBackoffMs?: number;
}

const maxFailures = 10;
const stableMs = 30_000;
const defaultFirstBackoffMs = 100;
const maxBackoffMs = 5_000;

export class SupervisedPart {
  private readonly events = new EventEmitter();
  private process: GuardedProcess | undefined;
  private current: PartState = 'stopped';
  private wanted = false;
  private failures = 0;
  private readyMs = 0;
  private pause = new AbortController();
  /** The launch or revival at work; settled when none is. Never rejects. */
  private attempt: Promise<void> = Promise.resolve();

  constructor(private readonly options: PartOptions) {
    // Every waitFor adds a listener; their number is no sign of a leak.
    this.events.setMaxListeners(0);
  }

  get name(): string {
    return this.options.name;
  }

  get state(): PartState {
    return this.current;
  }

  /** Pid of the running process; undefined between two. */
  get pid(): number | undefined {
    return this.process?.isRunning() === true ? this.process.pid : undefined;
  }

  /**
   * Starts the part for the first time.
   * @throws LeonoreError when it does not come up; it is not tried again then
   */
  async startOnce(): Promise<void> {
    this.begin();
    const launched = this.launch();
    this.attempt = launched.catch(() => undefined);
    try {
      await launched;
    } catch (error) {
      this.wanted = false;
      this.set('stopped');
      throw error;
    }
  }

  /**
   * Starts the part again after {@link halt}, trying as often as after a crash. Does nothing when it runs.
   * @throws LeonoreError when it is given up
   */
  async start(): Promise<void> {
    await this.attempt;
    if (!this.wanted || this.current === 'failed') {
      this.begin();
      this.attempt = this.revive();
      await this.attempt;
    }
    await this.waitFor('ready');
  }

  /** Ends the part and leaves it down. */
  async halt(signal: NodeJS.Signals = this.options.stopSignal): Promise<void> {
    this.wanted = false;
    this.pause.abort();
    if (this.process?.isRunning() === true) await this.process.end(signal, this.options.graceMs);
    await this.attempt;
    this.set('stopped');
  }

  /**
   * Sends a signal as if from outside and waits for the process to end; the supervisor then does what it does after
   * a crash.
   */
  async kill(signal: NodeJS.Signals): Promise<void> {
    const { process } = this;
    if (process?.isRunning() !== true) return;
    process.kill(signal);
    await process.exited;
  }

  /**
   * Waits for a state.
   * @param timeoutMs at most this long
   * @throws LeonoreError when the part is given up or the time is over
   */
  waitFor(state: PartState, timeoutMs = 60_000): Promise<void> {
    return new Promise((resolve, reject) => {
      const done = (error?: LeonoreError): void => {
        clearTimeout(timer);
        this.events.off('change', look);
        if (error === undefined) resolve();
        else reject(error);
      };
      const look = (): void => {
        if (this.current === state) done();
        else if (this.current === 'failed')
          done(new LeonoreError('INTERNAL', `${this.name} does not stay up`));
      };
      const timer = setTimeout(
        () =>
          done(
            new LeonoreError(
              'INTERNAL',
              `${this.name} is ${this.current} and not ${state} after ${timeoutMs / 1000} s`,
            ),
          ),
        timeoutMs,
      );
      this.events.on('change', look);
      look();
    });
  }

  private begin(): void {
    this.wanted = true;
    this.failures = 0;
    this.pause = new AbortController();
    this.set('starting');
  }

  private async launch(): Promise<void> {
    await this.options.launch((process) => {
      this.process = process;
      this.options.onChange();
      // Halted between the decision to launch and now.
      if (!this.wanted) void process.end(this.options.stopSignal, this.options.graceMs);
    });
    const { process } = this;
    if (process === undefined) return;
    this.readyMs = Date.now();
    this.set('ready');
    void process.exited.then((exit) => this.ended(process, exit));
  }

  private async ended(process: GuardedProcess, exit: Exit): Promise<void> {
    this.options.onChange();
    // A part that was halted and started again meanwhile has another process by now.
    if (!this.wanted || this.process !== process) return;
    this.set('starting');
    if (Date.now() - this.readyMs > stableMs) this.failures = 0;
    this.options.onProgress(`${this.name} ended (${describeExit(exit)}), starting it again`);
    this.attempt = this.revive();
    await this.attempt;
  }

  private async revive(): Promise<void> {
    const firstBackoffMs = this.options.firstBackoffMs ?? defaultFirstBackoffMs;
    while (this.wanted && this.failures < maxFailures) {
      const backoffMs = Math.min(maxBackoffMs, firstBackoffMs * 2 ** this.failures);
      this.failures += 1;
      if (this.failures > 1)
        await delay(backoffMs, undefined, { signal: this.pause.signal }).catch(() => undefined);
      if (!this.stillWanted()) return;
      try {
        await this.launch();
        return;
      } catch (error) {
        if (!this.stillWanted()) return;
        this.options.onProgress(
          `${this.name} did not start: ${error instanceof Error ? error.message : String(error)}`,
        );
      }
    }
    if (!this.wanted) return;
    this.set('failed');
    this.options.onFailed(
      new LeonoreError('INTERNAL', `${this.name} does not stay up: given up after ${maxFailures} attempts`),
    );
  }

  /** Asked again after every wait, in which `halt` may have been called. */
  private stillWanted(): boolean {
    return this.wanted;
  }

  private set(state: PartState): void {
    this.current = state;
    this.options.onChange();
    this.events.emit('change');
  }
}
