/** The check of an application that runs, again and again with the period of its manifest. */
import { setTimeout as sleep } from 'node:timers/promises';
import { jittered } from '../connectivity/backoff.js';
import { timerMs } from '../state/timer.js';
import type { HealthProbe } from './health-probe.js';

/** One that fails so often in a row works no more. */
const mostFailures = 3;

export interface HealthWatchOptions {
  readonly probe: HealthProbe;
  readonly periodMs: number;
  readonly timeoutMs: number;
  /** One that is down is not asked: that it is down is known. */
  readonly isUp: () => boolean;
  /** Called when a check fails that passed before, and the other way round. */
  readonly onChange: () => void;
  /** Called after three failures in a row. */
  readonly onFailed: (problem: string) => void;
}

export class HealthWatch {
  readonly #stop = new AbortController();
  #problem: string | undefined;

  constructor(private readonly options: HealthWatchOptions) {
    void this.#run().catch(() => undefined);
  }

  /** What the last check said; absent when it passed. */
  get problem(): string | undefined {
    return this.#problem;
  }

  stop(): void {
    this.#stop.abort();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    let failures = 0;
    for (;;) {
      await sleep(timerMs(jittered(this.options.periodMs)), undefined, { signal });
      if (!this.options.isUp()) {
        failures = 0;
        continue;
      }
      const problem = await this.#look(signal);
      failures = problem === undefined ? 0 : failures + 1;
      const isNews = (problem === undefined) !== (this.#problem === undefined);
      this.#problem = problem;
      if (isNews) this.options.onChange();
      if (problem === undefined || failures < mostFailures) continue;
      failures = 0;
      this.options.onFailed(problem);
    }
  }

  async #look(signal: AbortSignal): Promise<string | undefined> {
    const { probe, timeoutMs } = this.options;
    try {
      return (await probe(timeoutMs, signal)) ?? undefined;
    } catch {
      signal.throwIfAborted();
      // A check that cannot be carried out, for want of disk or memory, says nothing of the application.
      return this.#problem;
    }
  }
}
