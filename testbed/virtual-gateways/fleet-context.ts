import type { DeviceClient } from '../../agent/connectivity/http/device-client.js';
import type { PushSubscription } from '../../agent/connectivity/http/push-listener.js';
import type { Limiter } from '../../domain/limiter.js';
import type { VirtualGatewayOptions } from './options.js';
import type { Latencies } from './latencies.js';
import type { PackageContents } from './package-contents.js';
import type { Population } from './population.js';
import type { FleetProgress } from './progress.js';

/** What all gateways of a process share. */
export interface FleetContext {
  readonly options: VirtualGatewayOptions;
  readonly population: Population;
  readonly client: DeviceClient;
  readonly contents: PackageContents;
  /** How long polls took, from the request to the answer. */
  readonly pollLatencies: Latencies;
  /** Bounds the requests under way, and with them the memory of the fleet. */
  readonly limiter: Limiter;
  readonly progress: FleetProgress;
  /** True once the fleet is being stopped: nothing new is begun. */
  readonly stopped: boolean;
  /** Aborted when the fleet is being stopped. */
  readonly signal: AbortSignal;
  /** Jitter; its order depends on the network, so nothing that must be reproducible uses it. */
  random(): number;
  /** Resolves after the time, or at once when the fleet is stopped. */
  sleep(durationMs: number): Promise<void>;
  strategiesOf(index: number): readonly string[];
  /** Where the fleet listens for notices for one more gateway. */
  subscribe(onNotice: () => void): PushSubscription;
  /** An error that no gateway should meet; kept for the report of the process. */
  unexpected(error: unknown): void;
}
