/**
 * A started application under supervision.
 *
 * INVARIANTS
 *  - At most one process group of the application exists: a new one is started only when the old is gone.
 *  - After `stop` has returned, none exists and none will be started.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { closeSync, fstatSync, ftruncateSync, openSync } from 'node:fs';
import { Backoff } from '../connectivity/backoff.js';
import { endGroup, signalGroup } from './process-group.js';

/** What an application may print before its log starts over. */
const logBytes = 256 * 1024;
const logCheckMs = 10_000;
/** An application that was up for so long gets quick restarts again. */
const steadyMs = 60_000;

export interface ApplicationOptions {
  readonly name: string;
  /** `control/start` of its package. */
  readonly script: string;
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly logFile: string;
  readonly onExit: (how: string) => void;
}

export class Application {
  readonly #options: ApplicationOptions;
  readonly #events = new EventEmitter();
  readonly #backoff = new Backoff({ firstMs: 1_000, mostMs: 60_000 });
  #child: ChildProcess | null = null;
  #log: number | null = null;
  #restart: NodeJS.Timeout | null = null;
  #logCheck: NodeJS.Timeout | null = null;
  #keepUp = false;
  #stopped = false;
  #startedAtMs = 0;
  /** Ending what the last run left behind; the next run waits for it. */
  #clearing: Promise<void> = Promise.resolve();

  constructor(options: ApplicationOptions) {
    this.#options = options;
  }

  get name(): string {
    return this.#options.name;
  }

  /** Starts it. Until `superviseFromNowOn`, an end of it is final: that is what the health check wants to see. */
  start(): void {
    const { script, name, cwd, environment, logFile } = this.#options;
    this.#log ??= openSync(logFile, 'a', 0o640);
    this.#logCheck ??= setInterval(() => this.#capLog(), logCheckMs).unref();
    this.#capLog();
    this.#startedAtMs = performance.now();
    // Output goes to a file, not to a pipe: the application must not die of the agent's death.
    const child = spawn('sh', [script, name], {
      cwd,
      env: { ...environment },
      detached: true,
      stdio: ['ignore', this.#log, this.#log],
    });
    this.#child = child;
    child.once('error', (error) => this.#onEnd(child, error.message));
    child.once('exit', (code, signal) =>
      this.#onEnd(
        child,
        code === null ? `was ended by ${signal ?? 'a signal'}` : `ended with status ${code}`,
      ),
    );
  }

  /** From now on the application is started again whenever it ends. */
  superviseFromNowOn(): void {
    this.#keepUp = true;
    if (this.#child === null) this.#scheduleRestart();
  }

  get isUp(): boolean {
    return this.#child !== null;
  }

  /** Resolves with how it ended, once it does; at once when it is not up. */
  async ended(signal: AbortSignal): Promise<string> {
    if (this.#child === null) return 'is not running';
    const [how] = (await once(this.#events, 'end', { signal })) as [string];
    return how;
  }

  /** Ends it and all that it started. */
  async stop(graceMs: number): Promise<void> {
    this.#stopped = true;
    if (this.#restart !== null) clearTimeout(this.#restart);
    if (this.#logCheck !== null) clearInterval(this.#logCheck);
    const pid = this.#child?.pid;
    if (pid !== undefined) await endGroup(pid, graceMs);
    await this.#clearing;
    if (this.#log !== null) closeSync(this.#log);
    this.#log = null;
  }

  #onEnd(child: ChildProcess, how: string): void {
    if (this.#child !== child) return;
    this.#child = null;
    if (child.pid !== undefined && signalGroup(child.pid, 0)) this.#clearing = endGroup(child.pid, 1_000);
    this.#events.emit('end', how);
    if (this.#stopped) return;
    this.#options.onExit(how);
    if (performance.now() - this.#startedAtMs >= steadyMs) this.#backoff.reset();
    if (this.#keepUp) this.#scheduleRestart();
  }

  #scheduleRestart(): void {
    if (this.#restart !== null || this.#stopped) return;
    this.#restart = setTimeout(() => {
      this.#restart = null;
      void this.#clearing.then(() => {
        if (!this.#stopped) this.start();
      });
    }, this.#backoff.next());
  }

  /** The file is opened for appending, so cutting it off at its start is safe while the application writes. */
  #capLog(): void {
    if (this.#log !== null && fstatSync(this.#log).size > logBytes) ftruncateSync(this.#log, 0);
  }
}
