/** The applications of the container that are running, by name. */
import type { Log } from '../state/bounded-log.js';
import { Application, type ApplicationState } from './application.js';
import { isToRun, type InstalledArtifact } from './generation.js';
import { runScript } from './run-script.js';
import { scriptEnvironment, type EnvironmentFacts } from './script-environment.js';

export interface SupervisorOptions extends EnvironmentFacts {
  readonly log: Log;
  /** Called when an application has ended so often that somebody should know. */
  readonly onCrashLoop: () => void;
  /** From asking an application to end until it is killed. */
  readonly graceMs: number;
}

/** After so many restarts it is no accident. */
const crashLoopRestarts = 3;

interface Running {
  readonly application: Application;
  readonly installed: InstalledArtifact;
  readonly environment: Record<string, string>;
}

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
    const { packageId } = installed;
    const generation = container.current.name;
    const values = await container.readValues(generation, packageId);
    const directory = container.packagePath(packageId);
    const environment = scriptEnvironment(this.options, directory, packageId, generation, values);
    const application = new Application({
      name,
      script: `${directory}/control/start`,
      cwd: container.root,
      environment,
      limits: installed.artifact.limits,
      launcher,
      logFile: container.path('log', `${name}.log`),
      onExit: (how) => {
        log('warn', 'application ended', { application: name, how });
        if (this.#running.get(name)?.application.state.restarts === crashLoopRestarts)
          this.options.onCrashLoop();
      },
    });
    this.#running.set(name, { application, installed, environment });
    await application.start();
    log('info', 'application started', { application: name, version: installed.artifact.version });
    return application;
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
  get states(): ReadonlyMap<string, ApplicationState> {
    return new Map([...this.#running].map(([name, { application }]) => [name, application.state]));
  }

  get names(): string[] {
    return [...this.#running.keys()];
  }
}
