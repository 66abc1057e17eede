/** A fleet of virtual gateways in this process. */
import { setMaxListeners } from 'node:events';
import { Agent } from 'undici';
import { DeviceClient } from '../../agent/connectivity/http/device-client.js';
import { PushListener, type PushSubscription } from '../../agent/connectivity/http/push-listener.js';
import { createRandom, seedOf } from '../random.js';
import { Limiter } from '../../domain/limiter.js';
import type { FleetContext } from './fleet-context.js';
import type { FetchTarget } from './messages.js';
import { defaultVirtualGatewayOptions, type VirtualGatewayOptions } from './options.js';
import { Latencies } from './latencies.js';
import { PackageContents } from './package-contents.js';
import { gatewayId, populations, type Population } from './population.js';
import { noProgress, type FleetProgress } from './progress.js';
import { VirtualGateway } from './virtual-gateway.js';

/** Errors kept for the report: the first few tell what is wrong, thousands of the same do not. */
const keptErrors = 20;

export interface VirtualGatewayFleet {
  /** Starts further gateways, and resolves once they are registered. */
  add(count: number): Promise<void>;
  /** Has the first gateways take a package from servers that do nothing else. @returns when the last one had it, in ms since 1970 */
  fetch(from: FetchTarget): Promise<number>;
  /** Makes all gateways as new: they forget what was installed on them, and tell their node. */
  empty(): Promise<void>;
  /** How long the polls since the last question took. */
  takeLatencies(): readonly number[];
  /** A copy of what has been done so far. */
  snapshot(): FleetProgress;
  /** Errors that no gateway should meet, the first few. */
  errors(): readonly string[];
  /** Stops all gateways and closes all sockets. */
  stop(): Promise<void>;
}

type Given = Pick<VirtualGatewayOptions, 'server' | 'enrolmentToken' | 'count'> &
  Partial<VirtualGatewayOptions> & {
    /** Called twice a second until all are registered. */
    readonly onRegistering?: (progress: FleetProgress) => void;
  };

/**
 * Starts virtual gateways that speak the agent protocol over real sockets, and resolves once all are registered.
 * What they do with a package depends on the level of truth; see options.ts.
 * @throws what the registration answered when it is refused for good, such as a wrong enrolment token
 */
export async function startVirtualGateways(given: Given): Promise<VirtualGatewayFleet> {
  const { onRegistering, ...chosen } = given;
  const fleet = new Fleet({ ...defaultVirtualGatewayOptions, kinds: populations.mixed, ...chosen });
  const ticks = setInterval(() => onRegistering?.(fleet.snapshot()), 500);
  try {
    await fleet.start();
  } catch (error) {
    await fleet.stop();
    throw error;
  } finally {
    clearInterval(ticks);
  }
  return fleet;
}

class Fleet implements VirtualGatewayFleet, FleetContext {
  readonly population: Population;
  readonly client: DeviceClient;
  readonly contents = new PackageContents();
  readonly pollLatencies = new Latencies();
  readonly limiter: Limiter;
  readonly random: () => number;
  readonly progress: FleetProgress = noProgress();
  private readonly kept: string[] = [];
  private readonly stopping = new AbortController();
  private readonly gateways: VirtualGateway[] = [];
  /** Bounded: all gateways of the fleet share these. */
  private readonly connections: Agent;
  private listener: PushListener | null = null;

  constructor(readonly options: VirtualGatewayOptions) {
    const { kinds, seed, prefix, labels } = options;
    this.population = { kinds, seed, prefix, labels };
    this.connections = new Agent({
      connections: options.concurrency,
      pipelining: 1,
      keepAliveTimeout: 30_000,
    });
    this.client = new DeviceClient({
      registrationAddress: options.server,
      dispatcher: this.connections,
      timeoutMs: 60_000,
      userAgent: 'leonore-virtual-gateway',
    });
    this.limiter = new Limiter(options.concurrency);
    this.random = createRandom(seedOf(seed, prefix, 'jitter'));
    // One listener a gateway that sleeps or waits for an answer: many are meant, not a leak.
    setMaxListeners(0, this.stopping.signal);
  }

  get signal(): AbortSignal {
    return this.stopping.signal;
  }

  get stopped(): boolean {
    return this.stopping.signal.aborted;
  }

  async start(): Promise<void> {
    this.listener = await PushListener.listen();
    await this.add(this.options.count);
  }

  async add(count: number): Promise<void> {
    const added = Array.from({ length: count }, () => this.addGateway(this.gateways.length));
    await Promise.all(added.map((gateway) => gateway.start()));
  }

  async fetch(from: FetchTarget): Promise<number> {
    await Promise.all(this.gateways.slice(0, from.count).map((gateway) => gateway.fetchFrom(from)));
    return Date.now();
  }

  takeLatencies(): readonly number[] {
    return this.pollLatencies.take();
  }

  async empty(): Promise<void> {
    await Promise.all(this.gateways.map((gateway) => gateway.empty()));
  }

  snapshot(): FleetProgress {
    return { ...this.progress };
  }

  errors(): readonly string[] {
    return [...this.kept];
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    for (const gateway of this.gateways) gateway.stop();
    await this.listener?.close();
    await this.connections.destroy();
  }

  sleep(durationMs: number): Promise<void> {
    const { signal } = this.stopping;
    return new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const done = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, durationMs);
      signal.addEventListener('abort', done);
    });
  }

  strategiesOf(index: number): readonly string[] {
    const { strategy } = this.options;
    if (strategy !== 'mixed') return [strategy];
    return [index % 2 === 0 ? 'pull' : 'push'];
  }

  subscribe(onNotice: () => void): PushSubscription {
    if (this.listener === null) throw new Error('the fleet has not been started');
    return this.listener.subscribe(onNotice);
  }

  unexpected(error: unknown): void {
    if (this.kept.length < keptErrors) this.kept.push(String(error));
  }

  private addGateway(index: number): VirtualGateway {
    const { seed, silentRate, failureRate } = this.options;
    const id = gatewayId(this.population, index);
    const fate = createRandom(seedOf(seed, id, 'fate'));
    const silent = fate() < silentRate;
    const gateway = new VirtualGateway(this, index, id, silent, fate() < failureRate);
    if (silent) this.progress.silent++;
    this.gateways.push(gateway);
    return gateway;
  }
}
