import type { PackageName } from '../packages/package-kind.js';
import type { LevelOfTruth } from '../virtual-gateways/options.js';

/** What is held fixed in an experiment. */
export interface ExperimentOptions {
  readonly package: PackageName;
  readonly strategy: 'pull' | 'push';
  readonly level: LevelOfTruth;
  /** LEONORE nodes at the start. */
  readonly nodes: number;
  /** Nodes that there may be; beyond `nodes` the balancer launches them when all are full. */
  readonly maxNodes?: number;
  /** Gateways that fill a node. */
  readonly threshold?: number;
  /** Processes that the virtual gateways are spread over. */
  readonly clients: number;
  /** Connections of each client process to each server. */
  readonly concurrency: number;
  /** Seconds between two polls, of gateways that pull. */
  readonly intervalSeconds: number;
  /** Nothing may take longer. */
  readonly timeoutMs: number;
  /** Further environment of LEONORE's processes. */
  readonly env?: NodeJS.ProcessEnv;
}

/** As in the paper: each gateway that pulls polls each second. */
export const experimentDefaults = {
  package: 'svm',
  strategy: 'push',
  level: 'protocol',
  nodes: 2,
  clients: 2,
  concurrency: 64,
  intervalSeconds: 1,
  timeoutMs: 15 * 60_000,
} as const satisfies ExperimentOptions;
