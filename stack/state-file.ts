import { randomBytes } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LeonoreError } from '../domain/errors.js';
import { isSameProcess } from './process-identity.js';
import { dataDirectory } from './xdg.js';

/** What DIR/stack.json says. Holds secrets: mode 0600, never logged. */
export interface StackState {
  /** URL of the management API. */
  readonly api: string;
  /** PEM file of the authority that api and nodes are certified by; absent without TLS. */
  readonly ca?: string;
  /** `host:port` of the Temporal server. */
  readonly temporal: string;
  /** URL of Temporal's web UI; null when the server is an external one that names none. */
  readonly temporalUi: string | null;
  /** Connection URL of the database. */
  readonly database: string;
  /** Bearer token with the role admin; stays the same across restarts. */
  readonly adminToken: string;
  /** What gateways enrol with; stays the same across restarts. */
  readonly enrolmentToken: string;
  /** URL of each node. */
  readonly nodes: Readonly<Record<string, string>>;
  /** The processes that run now, by name: postgres, temporal, api, coordinator, node-1, ... */
  readonly pids: Readonly<Record<string, number>>;
  /** The process that holds them together. */
  readonly stackPid: number;
  /** Tells each process from a later one with the same pid; keys as in `pids`, and `stack`. */
  readonly identities: Readonly<Record<string, string>>;
  /** Nodes that the balancer had launched, with their labels: the next start brings them back. */
  readonly launched?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Ports to use again at the next start, by name. */
  readonly ports: Readonly<Record<string, number>>;
}

/** Where `leonore up` keeps everything unless told otherwise. */
export function defaultDataDir(env: NodeJS.ProcessEnv = process.env): string {
  return dataDirectory(env);
}

/**
 * The state of the stack that runs on a data directory.
 * @returns undefined when none does
 */
export async function readStackState(dataDir: string = defaultDataDir()): Promise<StackState | undefined> {
  const state = await readSavedState(dataDir);
  const identity = state?.identities['stack'];
  if (state === undefined || identity === undefined) return undefined;
  return isSameProcess(state.stackPid, identity) ? state : undefined;
}

/**
 * What the last stack on a data directory left, whether it runs or not.
 * @throws LeonoreError MALFORMED_INPUT when the file was damaged
 */
export async function readSavedState(dataDir: string): Promise<StackState | undefined> {
  let text: string;
  try {
    text = await readFile(stateFile(dataDir), 'utf8');
  } catch {
    return undefined;
  }
  try {
    return JSON.parse(text) as StackState;
  } catch (cause) {
    const advice = 'remove it to have a new one written; gateways then need the new enrolment token';
    throw new LeonoreError('MALFORMED_INPUT', `${stateFile(dataDir)} is not JSON: ${advice}`, {}, { cause });
  }
}

/** Replaces the state file: readers see the old one or the new one, never a part. */
export async function writeStackState(dataDir: string, state: StackState): Promise<void> {
  const draft = `${stateFile(dataDir)}.${randomBytes(6).toString('hex')}`;
  try {
    await writeFile(draft, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600, flush: true });
    await rename(draft, stateFile(dataDir));
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

function stateFile(dataDir: string): string {
  return join(dataDir, 'stack.json');
}
