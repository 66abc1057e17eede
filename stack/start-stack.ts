import { EmbeddedStack } from './embedded-stack.js';
import type { PartState } from './supervised-part.js';

/** The scripts of LEONORE's own processes. */
export interface EntryPoints {
  readonly api: string;
  readonly coordinator: string;
  readonly node: string;
}

export interface StackOptions {
  /** Holds all that the stack keeps; created when missing. One stack at a time. */
  readonly dataDir: string;
  /** Port of the API; default the one it had before on this data directory, or any free one. */
  readonly port?: number;
  /** Nodes to start, `node-1` and so on; default 1. */
  readonly nodes?: number;
  /** Nodes that there may be: beyond `nodes` they are launched when all are full; default none is. */
  readonly maxNodes?: number;
  /** Gateways that fill a node; default 500. */
  readonly threshold?: number;
  /** How the balancer chooses a node: `load`, `least-loaded` or `location`; default `load`. */
  readonly balancer?: string;
  /** Seconds for which the load must be low before a launched node goes; default 60. */
  readonly settleSeconds?: number;
  /** Api and nodes serve over TLS, certified by an authority of this data directory. */
  readonly tls?: boolean;
  /** Told what happens, one line at a time; never a secret. */
  readonly onProgress?: (line: string) => void;
  /** Added to the environment of this process. DATABASE_URL and TEMPORAL_ADDRESS make these parts external ones. */
  readonly env?: NodeJS.ProcessEnv;
  /** Gives up starting; what has been started is stopped. */
  readonly signal?: AbortSignal;
  /** Scripts in place of those in dist/, for tests. */
  readonly entryPoints?: Partial<EntryPoints>;
}

/**
 * A running stack. Parts go by name: `postgres`, `temporal`, `api`, `coordinator`, `node-1`, ...; an external part
 * is not among them.
 */
export interface Stack {
  readonly dataDir: string;
  /** URL of the management API. */
  readonly api: string;
  /** PEM file of the authority that api and nodes are certified by; null without TLS. */
  readonly ca: string | null;
  /** `host:port` of the Temporal server. */
  readonly temporal: string;
  /** URL of Temporal's web UI; null when an external server names none. */
  readonly temporalUi: string | null;
  /** Connection URL of the database; holds its password. */
  readonly database: string;
  /** Secret. */
  readonly adminToken: string;
  /** Secret. */
  readonly enrolmentToken: string;
  /** Resolves with the reason when a part is given up; the stack should be stopped then. */
  readonly failed: Promise<Error>;
  /** Names of the parts that there are now. */
  parts(): string[];
  /** Pid of a part, or undefined when it is down. */
  pid(name: string): number | undefined;
  /** Waits for a state of a part; rejects after `timeoutMs` (default 60 s) or when the part is given up. */
  waitFor(name: string, state: PartState, timeoutMs?: number): Promise<void>;
  /** Sends a signal and waits for the process to end; it is then started again, as after a crash. */
  kill(name: string, signal: NodeJS.Signals): Promise<void>;
  /** Ends a part and leaves it down. */
  halt(name: string, signal?: NodeJS.Signals): Promise<void>;
  /** Starts a part that was halted and waits until it is ready. */
  start(name: string): Promise<void>;
  /** Ends a part and starts it again. */
  restart(name: string): Promise<void>;
  /** Adds a node and waits until it is ready. */
  startNode(id: string): Promise<void>;
  /** Ends a node and forgets it. */
  stopNode(id: string): Promise<void>;
  /** Stops everything in order; the data stays. */
  stop(): Promise<void>;
}

/**
 * Starts the embedded stack: PostgreSQL and Temporal (side by side), then api, coordinator and nodes.
 * @returns when all of it serves
 * @throws LeonoreError MALFORMED_INPUT when another stack runs on the data directory or the port is in use;
 *   DATABASE_UNAVAILABLE, TEMPORAL_UNAVAILABLE or INTERNAL when a part does not start. Nothing is left running then.
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  return EmbeddedStack.start(options);
}
