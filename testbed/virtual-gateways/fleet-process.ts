/** Virtual gateways in a process of their own, so that they do not take the processor of the one that measures. */
import { EventEmitter, once } from 'node:events';
import { join } from 'node:path';
import { BoundedLog } from '../../stack/bounded-log.js';
import { describeExit, spawnGuarded, type GuardedProcess } from '../../stack/guarded-process.js';
import type { FetchTarget, FleetCommand, FleetMessage } from './messages.js';
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
  private readonly answers = new EventEmitter();
  private failure: Error | null = null;
  /** Asked for before the first message can come. */
  private readonly started: Promise<unknown>;

  private constructor(
    private readonly guarded: GuardedProcess,
    private readonly log: BoundedLog,
  ) {
    this.started = this.answer('ready');
    // Told to whoever waits for it, and to nobody when nobody does.
    this.started.catch(() => undefined);
    guarded.child.on('message', (message: FleetMessage) => this.take(message));
    void guarded.exited.then((exit) =>
      this.fail(new Error(`the virtual gateways ended (${describeExit(exit)}): ${this.log.tail()}`)),
    );
  }

  /** Starts the process; it cannot outlive this one. */
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
   * Resolves once all gateways that the process was started with are registered.
   * @throws Error with what the process said when it failed or ended
   */
  async ready(): Promise<void> {
    await this.started;
  }

  /** Starts further gateways, and resolves once they are registered. */
  async add(count: number): Promise<void> {
    await this.ask({ type: 'add', count }, 'ready');
  }

  /** Has gateways take a package from servers that do nothing else. @returns when the last had it, in ms since 1970 */
  async fetch(from: FetchTarget): Promise<number> {
    return (await this.ask({ type: 'fetch', from }, 'fetched')).endedAtMs;
  }

  /** Makes all gateways as new: they forget what was installed on them, and tell their node. */
  async empty(): Promise<void> {
    await this.ask({ type: 'empty' }, 'emptied');
  }

  /** How long the polls since the last question took, in the classes of latencies.ts. */
  async takeLatencies(): Promise<readonly number[]> {
    return (await this.ask({ type: 'takeLatencies' }, 'latencies')).counts;
  }

  async stop(): Promise<void> {
    if (this.guarded.isRunning()) {
      const told = once(this.guarded.child, 'exit');
      await this.guarded.end('SIGTERM', graceMs);
      await told;
    }
    this.log.close();
  }

  private async ask<Type extends FleetMessage['type']>(
    command: FleetCommand,
    type: Type,
  ): Promise<Extract<FleetMessage, { type: Type }>> {
    const answer = this.answer(type);
    this.guarded.child.send(command);
    return answer;
  }

  /** The next message of a type. @throws what the fleet failed by */
  private answer<Type extends FleetMessage['type']>(
    type: Type,
  ): Promise<Extract<FleetMessage, { type: Type }>> {
    return new Promise((resolve, reject) => {
      if (this.failure !== null) return reject(this.failure);
      const settle = (): void => {
        this.answers.off(type, arrived).off('failure', failed);
      };
      const arrived = (message: Extract<FleetMessage, { type: Type }>): void => {
        settle();
        resolve(message);
      };
      const failed = (error: Error): void => {
        settle();
        reject(error);
      };
      this.answers.on(type, arrived).on('failure', failed);
    });
  }

  private take(message: FleetMessage): void {
    if (message.type === 'failed') {
      this.fail(new Error(`the virtual gateways failed: ${message.error}`));
      return;
    }
    if ('progress' in message) this.latest = message.progress;
    this.answers.emit(message.type, message);
  }

  private fail(error: Error): void {
    this.failure ??= error;
    this.answers.emit('failure', this.failure);
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
    level: options.level,
    directory: options.directory,
    latency: options.latencyMs,
    bandwidth: options.bytesPerSecond,
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
