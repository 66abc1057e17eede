/** What a process of virtual gateways and its parent say to each other over IPC. */
import type { LevelOfTruth } from './options.js';
import type { FleetProgress } from './progress.js';

/** From the fleet. */
export type FleetMessage =
  | { readonly type: 'registering'; readonly progress: FleetProgress }
  /** All gateways that were asked for so far are registered. */
  | { readonly type: 'ready'; readonly level: LevelOfTruth; readonly progress: FleetProgress }
  | { readonly type: 'progress'; readonly progress: FleetProgress }
  /** All gateways have their package; when the last one was done, in milliseconds since 1970. */
  | { readonly type: 'fetched'; readonly endedAtMs: number }
  /** All gateways are as new, and their node knows. */
  | { readonly type: 'emptied' }
  /** How long the polls since the last question took, in the classes of latencies.ts. */
  | { readonly type: 'latencies'; readonly counts: readonly number[] }
  | { readonly type: 'failed'; readonly error: string };

/** To the fleet. */
export type FleetCommand =
  | { readonly type: 'add'; readonly count: number }
  | { readonly type: 'fetch'; readonly from: FetchTarget }
  | { readonly type: 'empty' }
  | { readonly type: 'takeLatencies' }
  | { readonly type: 'stop' };

/**
 * Servers that hold a package and nothing else: every gateway takes it from there at once, unasked, as it would take
 * it in a delivery. That is the floor which provisioning is compared with.
 */
export interface FetchTarget {
  /** Base addresses; the gateways are spread over them in turn. */
  readonly servers: readonly string[];
  readonly package: { readonly id: string; readonly digest: string; readonly sizeBytes: number };
  /** Gateways that fetch: the first so many. */
  readonly count: number;
}
