/** Virtual gateways in a process of their own, so that they do not take the processor of the one that measures. */
import { once } from 'node:events';
import { join } from 'node:path';
import { BoundedLog } from '../../stack/bounded-log.js';
import { describeExit, spawnGuarded, type GuardedProcess } from '../../stack/guarded-process.js';
import type { FleetMessage } from './messages.js';
import { defaultVirtualGatewayOptions, type VirtualGatewayOptions } from './options.js';
import type { PopulationName } from './population.js';
import { noProgress, type FleetProgress } from './progress.js';

/** Time in which a fleet closes its sockets. */
const graceMs = 5_000;

export type FleetProcessOptions = Pick<VirtualGatewayOptions, 'server' | 'enrolmentToken' | 'count'> &
  Partial<Omit<VirtualGatewayOptions, 'kinds'>> & {
    readonly population: PopulationName;
    readonly logPath: string;
  };

export class FleetProcess {
  private latest: FleetProgress = noProgress();

  private constructor(
    private readonly guarded: GuardedProcess,
    private readonly log: BoundedLog,
  ) {}

  /**
   * Starts the process; it cannot outlive this one.
   * @param script compiled `testbed/virtual-gateways/main.js`
   */
  static async start(options: FleetProcessOptions): Promise<FleetProcess> {
    const log = new BoundedLog(options.logPath);
    const guarded = await spawnGuarded({
      command: process.execPath,
      args: [join(import.meta.dirname, 'main.js'), ...argumentsOf(options)],
      env: { ...process.env, LEONORE_ENROLMENT_TOKEN: options.enrolmentToken },
      log,
      ipc: true,
      orphan: { signal: 'TERM', graceMs },
    });
    return new FleetProcess(guarded, log);
  }

  get pid(): number {
    return this.guarded.pid;
  }

  /** What the fleet told last: at most half a second old. */
  get progress(): FleetProgress {
    return this.latest;
  }

  /**
   * Resolves once all gateways are registered.
   * @throws Error with what the process said when it failed or ended
   */
  async ready(): Promise<void> {
    const { child } = this.guarded;
    await new Promise<void>((resolve, reject) => {
      child.on('message', (message: FleetMessage) => {
        if (message.type === 'failed') {
          reject(new Error(`the virtual gateways failed: ${message.error}`));
          return;
        }
        this.latest = message.progress;
        if (message.type === 'ready') resolve();
      });
      void this.guarded.exited.then((exit) =>
        reject(new Error(`the virtual gateways ended (${describeExit(exit)}): ${this.log.tail()}`)),
      );
    });
  }

  async stop(): Promise<void> {
    if (this.guarded.isRunning()) {
      const told = once(this.guarded.child, 'exit');
      await this.guarded.end('SIGTERM', graceMs);
      await told;
    }
    this.log.close();
  }
}

function argumentsOf(given: FleetProcessOptions): string[] {
  const options = { ...defaultVirtualGatewayOptions, ...given };
  const values: Record<string, string | number | null> = {
    server: options.server,
    count: options.count,
    prefix: options.prefix,
    seed: options.seed,
    strategy: options.strategy,
    population: options.population,
    interval: options.intervalSeconds,
    'failure-rate': options.failureRate,
    'silent-rate': options.silentRate,
    'think-time': options.thinkTimeMs,
    reports: options.reports,
    concurrency: options.concurrency,
  };
  const labels: Readonly<Record<string, string>> = given.labels ?? {};
  return [
    ...Object.entries(values).flatMap(([name, value]) =>
      value === null ? [] : [`--${name}`, String(value)],
    ),
    ...Object.entries(labels).flatMap(([key, value]) => ['--label', `${key}=${value}`]),
  ];
}
