/** The applications of the container that are running, by name. */
import type { Log } from '../state/bounded-log.js';
import { Application } from './application.js';
import { isToRun, type InstalledArtifact } from './generation.js';
import { runScript } from './run-script.js';
import { scriptEnvironment, type EnvironmentFacts } from './script-environment.js';

export interface SupervisorOptions extends EnvironmentFacts {
  readonly log: Log;
  /** From asking an application to end until it is killed. */
  readonly graceMs: number;
}

interface Running {
  readonly application: Application;
  readonly installed: InstalledArtifact;
  readonly environment: Record<string, string>;
}

export class Supervisor {
  readonly #running = new Map<string, Running>();

  constructor(private readonly options: SupervisorOptions) {}

  /** Starts an application of the current generation, which may be running already. */
  async start(installed: InstalledArtifact): Promise<Application> {
    const { name } = installed.artifact;
    const before = this.#running.get(name);
    if (before !== undefined) return before.application;
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
      onExit: (how) => log('warn', 'application ended', { application: name, how }),
    });
    this.#running.set(name, { application, installed, environment });
    await application.start();
    log('info', 'application started', { application: name, version: installed.artifact.version });
    return application;
  }

  /** Starts what should run of the current generation and is not running, and keeps all of it up. */
  async bringUp(): Promise<void> {
    for (const installed of this.options.container.current.artifacts) {
      if (isToRun(installed)) (await this.start(installed)).superviseFromNowOn();
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

  get names(): string[] {
    return [...this.#running.keys()];
  }
}
