/** Options of an agent, with their defaults. `leonore agent --help` explains the same to people. */
import { totalmem } from 'node:os';
import type { UnitLimits } from './isolation/control-groups.js';
import type { IsolationLevel } from '../domain/gateway/isolation.js';
import type { Facts } from './profiler/facts.js';
import type { Log } from './state/bounded-log.js';

export interface AgentOptions {
  /** Base URL of the API, where gateways register. */
  readonly server: string;
  /** Directory that is the agent's alone; everything it does stays below it. */
  readonly root: string;
  /** Needed until LEONORE knows the gateway by its key. */
  readonly enrolmentToken?: string | undefined;
  /** A file that holds it, and is removed once it is needed no more. */
  readonly enrolmentTokenFile?: string | undefined;
  /** PEM of the authority that LEONORE's certificates are of; pinned at the enrolment. */
  readonly authority?: string | undefined;
  /** What the gateway shows where servers want a certificate of it, PEM. */
  readonly clientCertificate?: { readonly cert: string; readonly key: string } | undefined;
  /** Text of the root that came with the device; without one the first that LEONORE has is believed. */
  readonly trustRoot?: string | undefined;
  /** Nothing is installed that is unsigned, whatever LEONORE allows. */
  readonly requireSignatures?: boolean | undefined;
  /** Default: that of the earlier run, else made from the mac. */
  readonly id?: string | undefined;
  readonly mac?: string | undefined;
  /** `push` includes pull: what is not notified is collected all the same. */
  readonly strategy?: 'pull' | 'push' | undefined;
  /** Push over HTTP by a connection that the gateway holds open, in place of listening. */
  readonly holds?: boolean | undefined;
  /** Names of protocols to speak, in order of preference (connectivity/registry.ts); default: HTTP. */
  readonly protocols?: readonly string[] | undefined;
  /** Seconds between polls; default: what LEONORE says. */
  readonly intervalSeconds?: number | undefined;
  /** Seconds between looks for a change of the profile. */
  readonly profileIntervalSeconds?: number | undefined;
  /** Seconds between two verifications of what is installed. */
  readonly verifyIntervalSeconds?: number | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** Laid over the measured profile: simulated hardware for test beds. */
  readonly profileOverlay?: Facts | undefined;
  /** The most isolation that is tried; less is taken where the kernel gives less. */
  readonly isolation?: IsolationLevel | undefined;
  /** Number of the user that applications are. */
  readonly applicationUser?: number | undefined;
  /** For applications and scripts whose manifest says nothing. */
  readonly applicationLimits?: UnitLimits | undefined;
  readonly pushHost?: string | undefined;
  readonly pushPort?: number | undefined;
  /** Receives the lines of the agent's log, too. */
  readonly log?: Log | undefined;
  readonly times?: Partial<AgentTimes> | undefined;
}

/** Times in milliseconds; tests shorten them. */
export interface AgentTimes {
  /** For a control script of an artifact. */
  readonly scriptTimeoutMs: number;
  /** For a health check script to succeed. */
  readonly checkWithinMs: number;
  /** How long an application must stay up when its manifest does not say. */
  readonly staysUpMs: number;
  /** From asking an application to end until it is killed. */
  readonly graceMs: number;
  readonly requestTimeoutMs: number;
  readonly firstRetryMs: number;
  readonly mostRetryMs: number;
  /** How long a report of progress waits for what comes next, so that a quick delivery costs one request. */
  readonly gatherMs: number;
}

export const defaultTimes: AgentTimes = {
  scriptTimeoutMs: 5 * 60_000,
  checkWithinMs: 60_000,
  staysUpMs: 1_000,
  graceMs: 5_000,
  requestTimeoutMs: 30_000,
  firstRetryMs: 500,
  mostRetryMs: 60_000,
  gatherMs: 1_000,
};

/** An application that takes more than half of the memory, or forks without end, is its own problem only. */
export const defaultApplicationLimits: UnitLimits = {
  memoryBytes: Math.floor(totalmem() / 2),
  processes: 256,
};

export const defaultProfileIntervalSeconds = 300;
export const defaultVerifyIntervalSeconds = 3_600;
export const agentVersion = '0.1.0';
