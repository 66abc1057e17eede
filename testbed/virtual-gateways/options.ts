import type { HardwareKind } from './population.js';

/**
 * How much of a real gateway a virtual one is.
 * - `protocol`: all messages and all bytes; the archive's digest is checked, nothing is written.
 * - `full`: the archive is kept on disk and unpacked into a container by the agent's own code, every file checked;
 *   no script is run and nothing is started. The container is removed again once the delivery has ended.
 */
export const levelsOfTruth = ['protocol', 'full'] as const;
export type LevelOfTruth = (typeof levelsOfTruth)[number];

export const strategyChoices = ['pull', 'push', 'mixed'] as const;
export type StrategyChoice = (typeof strategyChoices)[number];

/**
 * - `queued`: as the agent does: progress waits a second for what comes next, the end is sent at once with it
 * - `each`: one request a state, and the work waits for its answer
 * - `one`: all states of a delivery in one request at its end
 */
export const reportModes = ['queued', 'each', 'one'] as const;
export type ReportMode = (typeof reportModes)[number];

export interface VirtualGatewayOptions {
  /** Registration address: the api. */
  readonly server: string;
  readonly enrolmentToken: string;
  readonly count: number;
  /** Ids are `<prefix>-0` to `<prefix>-<count-1>`. */
  readonly prefix: string;
  readonly seed: number;
  /** What each gateway offers at its registration; `mixed`: every second one pull, the others push. */
  readonly strategy: StrategyChoice;
  readonly kinds: readonly HardwareKind[];
  readonly labels: Readonly<Record<string, string>>;
  /** Seconds between two polls of a pull gateway; null: what the node asks for. */
  readonly intervalSeconds: number | null;
  /** Share (0 to 1) of the gateways whose installation fails. */
  readonly failureRate: number;
  /** Share (0 to 1) of the gateways that fall silent after their registration. */
  readonly silentRate: number;
  /** Milliseconds between the download and the end of the installation: what a real gateway needs to unpack. */
  readonly thinkTimeMs: number;
  readonly reports: ReportMode;
  readonly level: LevelOfTruth;
  /** Where the containers of level `full` lie, one directory a gateway. */
  readonly directory: string | null;
  /** Network shaping: milliseconds before each request leaves. */
  readonly latencyMs: number;
  /** Network shaping: bytes of a package that one gateway takes in a second; null: as many as come. */
  readonly bytesPerSecond: number | null;
  /** Connections to each server, and gateways at work at the same time. */
  readonly concurrency: number;
}

export const defaultVirtualGatewayOptions = {
  prefix: 'virtual',
  seed: 1,
  strategy: 'mixed',
  labels: {},
  intervalSeconds: null,
  failureRate: 0,
  silentRate: 0,
  thinkTimeMs: 0,
  reports: 'queued',
  level: 'protocol',
  directory: null,
  latencyMs: 0,
  bytesPerSecond: null,
  concurrency: 64,
} as const satisfies Partial<VirtualGatewayOptions>;
