/**
 * A started application under supervision.
 *
 * INVARIANTS
 *  - It is started anew only when all that it ever started is gone, detached processes too.
 *  - After `stop` has returned, nothing of it exists and nothing will be started.
 *  - Keeping it up needs no disk.
 */
import type { ChildProcess } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { Backoff } from '../connectivity/backoff.js';
import type { UnitNeeds } from '../isolation/unit-needs.js';
import type { UnitLimits } from '../isolation/control-groups.js';
import type { Launcher } from '../isolation/launcher.js';
import { messageOf } from '../state/system-error.js';
import { OutputLog } from './output-log.js';
import { endGroup } from './process-group.js';

/** An application that was up for so long gets quick restarts again. */
const steadyMs = 60_000;

/** What happens when it ends by itself. */
export interface RestartRule {
  /** `onFailure`: not when it ended with status 0. Default `always`. */
  readonly policy?: 'always' | 'onFailure' | 'never' | undefined;
  /** The longest pause before it is started again. */
  readonly mostBackoffSeconds?: number | undefined;
}

const firstRestartMs = 1_000;
const defaultMostBackoffSeconds = 60;

export interface ApplicationOptions {
  readonly name: string;
  /** `control/start` of its package. */
  readonly script: string;
  readonly cwd: string;
  /** That it is started in. */
  readonly environment: Readonly<Record<string, string>>;
  readonly limits?: UnitLimits | undefined;
  readonly needs?: UnitNeeds | undefined;
  readonly restart?: RestartRule | undefined;
  readonly logFile: string;
  readonly launcher: Launcher;
  readonly onExit: (how: string) => void;
}

/** What is known of an application while it is supervised. */
export interface ApplicationState {
  readonly isUp: boolean;
  readonly restarts: number;
  /** How it ended last; absent when it never did. */
  readonly lastExit?: string;
  /** How long it has been up or down. */
  readonly sinceMs: number;
}

export class Application {
  readonly #options: ApplicationOptions;
  readonly #unit: string;
  readonly #log: OutputLog;
  readonly #events = new EventEmitter();
  readonly #backoff: Backoff;
  /** That it is started in the next time. */
  environment: Readonly<Record<string, string>>;
  #child: ChildProcess | null = null;
  /** While it is being started: it is not down then. */
  #starting: Promise<void> | null = null;
  #restart: NodeJS.Timeout | null = null;
  #keepUp = false;
  #stopped = false;
  #restarts = 0;
  #lastExit: string | undefined;
  #endedWell = false;
  #isAbandoned = false;
  #changedAtMs = performance.now();
  /** Ending what the last run left behind; the next run waits for it. */
  #clearing: Promise<void> = Promise.resolve();

  constructor(options: ApplicationOptions) {
    this.#options = options;
    this.environment = options.environment;
    this.#unit = `app.${options.name}`;
    this.#log = new OutputLog(options.logFile);
    const mostSeconds = options.restart?.mostBackoffSeconds ?? defaultMostBackoffSeconds;
    this.#backoff = new Backoff({
      firstMs: firstRestartMs,
      mostMs: Math.max(firstRestartMs, mostSeconds * 1_000),
    });
  }

  get name(): string {
    return this.#options.name;
  }

  /** Starts it. Until `superviseFromNowOn`, an end of it is final: that is what the health check wants to see. */
  async start(): Promise<void> {
    this.#starting = this.#spawn().finally(() => {
      this.#starting = null;
    });
    await this.#starting;
  }

  async #spawn(): Promise<void> {
    const { script, name, cwd, limits, needs, launcher } = this.#options;
    this.#changedAtMs = performance.now();
    let child: ChildProcess;
    try {
      const stdio = ['ignore', 'pipe', 'pipe'] as const;
      child = await launcher.spawn({
        unit: this.#unit,
        script,
        args: [name],
        cwd,
        environment: this.environment,
        limits,
        needs,
        stdio: [...stdio],
      });
    } catch (error) {
      return this.#ended(messageOf(error), false);
    }
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) if (stream !== null) this.#log.follow(stream);
    child.once('error', (error) => this.#onEnd(child, error.message, false));
    child.once('exit', (code, signal) =>
      this.#onEnd(
        child,
        code === null ? `was ended by ${signal ?? 'a signal'}` : `ended with status ${code}`,
        code === 0,
      ),
    );
  }

  /** From now on the application is started again whenever it ends. */
  superviseFromNowOn(): void {
    this.#keepUp = true;
    if (this.#child === null && this.#isToRestart) this.#scheduleRestart();
  }

  /** Ends one that works no more; its restart policy says what comes then. */
  async abandon(graceMs: number): Promise<void> {
    this.#isAbandoned = true;
    if (this.#child?.pid !== undefined) await endGroup(this.#child.pid, graceMs);
  }

  /** True once it has ended well and is not to be started again: it has done what it was for. */
  get isDone(): boolean {
    return this.#child === null && this.#endedWell && !this.#isToRestart;
  }

  /** Whether one that is ended for failing its checks comes back. */
  get isRestarted(): boolean {
    return this.#options.restart?.policy !== 'never';
  }

  get #isToRestart(): boolean {
    const { policy = 'always' } = this.#options.restart ?? {};
    // One that was never up yet has not ended by itself.
    if (this.#lastExit === undefined || policy === 'always') return true;
    return policy === 'onFailure' && !this.#endedWell;
  }

  get isUp(): boolean {
    return this.#child !== null || this.#starting !== null;
  }

  get state(): ApplicationState {
    return {
      isUp: this.isUp,
      restarts: this.#restarts,
      ...(this.#lastExit === undefined ? {} : { lastExit: this.#lastExit }),
      sinceMs: performance.now() - this.#changedAtMs,
    };
  }

  /** Resolves with how it ended, once it does; at once when it is not up. */
  async ended(signal: AbortSignal): Promise<string> {
    if (this.#child === null) return this.#lastExit ?? 'is not running';
    const [how] = (await once(this.#events, 'end', { signal })) as [string];
    return how;
  }

  /** Ends it and all that it ever started. */
  async stop(graceMs: number): Promise<void> {
    this.#stopped = true;
    if (this.#restart !== null) clearTimeout(this.#restart);
    await this.#starting;
    const pid = this.#child?.pid;
    if (pid !== undefined) await endGroup(pid, graceMs);
    await this.#clearing;
    await this.#options.launcher.end(this.#unit);
  }

  #onEnd(child: ChildProcess, how: string, isGood: boolean): void {
    if (this.#child !== child) return;
    this.#child = null;
    // Whoever holds the pipe is about to be ended; one that cannot be must not hold the agent.
    this.#clearing = this.#clear(child);
    if (performance.now() - this.#changedAtMs >= steadyMs) this.#backoff.reset();
    this.#ended(how, isGood);
  }

  #ended(how: string, isGood: boolean): void {
    this.#lastExit = how;
    this.#endedWell = isGood && !this.#isAbandoned;
    this.#isAbandoned = false;
    this.#changedAtMs = performance.now();
    this.#events.emit('end', how);
    if (this.#stopped) return;
    this.#options.onExit(how);
    if (this.#keepUp && this.#isToRestart) this.#scheduleRestart();
  }

  async #clear(child: ChildProcess): Promise<void> {
    if (child.pid !== undefined) await endGroup(child.pid, 1_000);
    await this.#options.launcher.end(this.#unit);
    child.stdout?.destroy();
    child.stderr?.destroy();
  }

  #scheduleRestart(): void {
    if (this.#restart !== null || this.#stopped) return;
    this.#restart = setTimeout(() => {
      this.#restart = null;
      void this.#clearing.then(async () => {
        if (this.#stopped) return;
        this.#restarts += 1;
        await this.start();
      });
    }, this.#backoff.next());
  }
}
