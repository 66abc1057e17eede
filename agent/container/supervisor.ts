/** The applications of the container that are running, by name. */
import type { Log } from '../state/bounded-log.js';
import { Application, type ApplicationState } from './application.js';
import { healthProbe } from './health-probe.js';
import { HealthWatch } from './health-watch.js';
import { checkPeriodSeconds, isToRun, type InstalledArtifact } from './generation.js';
import { runScript } from './run-script.js';
import { artifactEnvironment, scriptEnvironment, type EnvironmentFacts } from './script-environment.js';

export interface SupervisorOptions extends EnvironmentFacts {
  readonly log: Log;
  /** Called when something happens to an application that somebody should know: a crash loop, a check that fails. */
  readonly onNews: () => void;
  /** For a check to pass. */
  readonly checkWithinMs: number;
  /** From asking an application to end until it is killed. */
  readonly graceMs: number;
}

/** After so many restarts it is no accident. */
const crashLoopRestarts = 3;

interface Running {
  readonly application: Application;
  readonly installed: InstalledArtifact;
  environment: Record<string, string>;
  /** Null when its manifest names no check or no period. */
  readonly watch: HealthWatch | null;
}

/** What is known of an application, and what its last check said if it failed. */
export type WatchedState = ApplicationState & { readonly check?: string };

export class Supervisor {
  readonly #running = new Map<string, Running>();

  constructor(private readonly options: SupervisorOptions) {}

  /** Starts an application of the current generation, unless it is up: one that waits for its next try begins anew. */
  async start(installed: InstalledArtifact): Promise<Application> {
    const { name } = installed.artifact;
    const before = this.#running.get(name);
    if (before?.application.isUp === true) return before.application;
    await this.stop(name);
    const { container, log, launcher } = this.options;
    const directory = container.packagePath(installed.packageId);
    const environment = await this.#environment(installed);
    const application = new Application({
      name,
      script: `${directory}/control/start`,
      cwd: container.root,
      environment,
      limits: installed.artifact.limits,
      needs: installed.artifact.needs,
      restart: installed.artifact.restart,
      launcher,
      logFile: container.path('log', `${name}.log`),
      onExit: (how) => {
        log('warn', 'application ended', { application: name, how });
        if (this.#running.get(name)?.application.state.restarts === crashLoopRestarts) this.options.onNews();
      },
    });
    const watch = this.#watch(installed, application);
    this.#running.set(name, { application, installed, environment, watch });
    await application.start();
    log('info', 'application started', { application: name, version: installed.artifact.version });
    return application;
  }

  async #environment({ packageId }: InstalledArtifact): Promise<Record<string, string>> {
    const { container } = this.options;
    const generation = container.current.name;
    const values = await container.readValues(generation, packageId);
    return scriptEnvironment(this.options, container.packagePath(packageId), packageId, generation, values);
  }

  /**
   * Has a running application take over the values of the current generation by its reload script.
   *
   * @throws ScriptError; the signal's reason when it was aborted
   */
  async reload(installed: InstalledArtifact, timeoutMs: number, signal: AbortSignal): Promise<void> {
    const { artifact, home } = installed;
    const running = this.#running.get(artifact.name);
    const { reload } = artifact.control;
    if (running === undefined || reload === undefined) return;
    const { container, launcher, log } = this.options;
    const environment = await this.#environment(installed);
    await runScript({
      launcher,
      script: container.path(home, reload),
      cwd: container.path(home),
      environment: { ...environment, ...artifactEnvironment(container, artifact, home) },
      timeoutMs,
      limits: artifact.limits,
      needs: artifact.needs,
      signal,
    });
    // With them it is started again, too, should it end.
    running.environment = environment;
    running.application.environment = environment;
    log('info', 'application reloaded', { application: artifact.name });
  }

  #watch(installed: InstalledArtifact, application: Application): HealthWatch | null {
    const { log, onNews, checkWithinMs, graceMs } = this.options;
    const { name } = installed.artifact;
    const probe = healthProbe(this.options, installed);
    const periodSeconds = checkPeriodSeconds(installed);
    if (probe === null || periodSeconds === undefined) return null;
    return new HealthWatch({
      probe,
      periodMs: periodSeconds * 1_000,
      timeoutMs: checkWithinMs,
      isUp: () => application.isUp,
      onChange: onNews,
      onFailed: (problem) => {
        log('warn', 'application works no more', { application: name, problem });
        if (application.isRestarted) void application.abandon(graceMs);
      },
    });
  }

  /** Starts what should run of the current generation and is not running, and keeps all of it up. */
  async bringUp(): Promise<void> {
    for (const installed of this.options.container.current.artifacts) {
      if (!isToRun(installed)) continue;
      const known = this.#running.get(installed.artifact.name);
      (known?.application ?? (await this.start(installed))).superviseFromNowOn();
    }
  }

  /** Stops an application: its own stop script first, then its processes. No error when it is not running. */
  async stop(name: string): Promise<void> {
    const running = this.#running.get(name);
    if (running === undefined) return;
    running.watch?.stop();
    const { log, graceMs, container, launcher } = this.options;
    if (running.application.isUp && running.installed.artifact.control.stop !== undefined) {
      await runScript({
        launcher,
        script: `${container.packagePath(running.installed.packageId)}/control/stop`,
        args: [name],
        cwd: container.root,
        environment: running.environment,
        timeoutMs: graceMs,
        signal: new AbortController().signal,
      }).catch((error: unknown) =>
        log('warn', 'stop script failed', { application: name, error: String(error) }),
      );
    }
    await running.application.stop(graceMs);
    this.#running.delete(name);
    log('info', 'application stopped', { application: name });
  }

  async stopAll(): Promise<void> {
    await Promise.all([...this.#running.keys()].map((name) => this.stop(name)));
  }

  isUp(name: string): boolean {
    return this.#running.get(name)?.application.isUp === true;
  }

  /** What is known of each application, by name. */
  get states(): ReadonlyMap<string, WatchedState> {
    return new Map(
      [...this.#running].map(([name, { application, watch }]) => {
        const check = watch?.problem;
        return [name, { ...application.state, ...(check === undefined ? {} : { check }) }];
      }),
    );
  }

  get names(): string[] {
    return [...this.#running.keys()];
  }
}
