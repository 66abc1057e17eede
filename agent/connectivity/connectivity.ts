/**
 * The seam of the connectivity layer (paper, section III-B 4): what an agent needs of a protocol. Each protocol has its
 * folder here and one line in registry.ts, and the agent does not notice.
 */
import type {
  PushNotice,
  RegisterRequest,
  RegisterResponse,
  Report,
  ReportsResponse,
  TasksResponse,
  ToldEndpoint,
} from '../../domain/agent-protocol/messages.js';
import type { GatewayProfile } from '../../domain/gateway/profile.js';
import type { PackageStatements } from '../../domain/trust/statement.js';
import type { GatewayKey } from '../state/gateway-key.js';

/** What a gateway needs to talk to its node. */
export interface DeviceSession {
  /** Where packages and metadata are had, whatever the channel is. */
  readonly nodeAddress: string;
  readonly token: string;
  /** The channel that is used now; absent: the node told none, and is asked at its own address. */
  readonly endpoint?: ToldEndpoint | undefined;
}

/** What a gateway proves itself by when it registers. */
export interface RegistrationProof {
  /** Its own token, or what it enrols with. */
  readonly token: string | undefined;
  readonly key: Pick<GatewayKey, 'prove'> | undefined;
}

export type TasksAnswer = {
  /** Names the answer: nothing is sent when nothing has changed since. */
  readonly etag: string | undefined;
  /** When the node says that it is, in milliseconds since 1970; undefined when it does not say. */
  readonly dateMs: number | undefined;
} & ({ readonly changed: false } | { readonly changed: true; readonly response: TasksResponse });

/** Where the bytes of a download go. */
export interface DownloadSink {
  /** Bytes held so far. */
  readonly received: number;
  write(chunk: Uint8Array): Promise<void> | void;
  /** Forgets all bytes. */
  reset(): Promise<void> | void;
  /** sha256 of all bytes so far, lower case hex. */
  digest(): string;
}

/** What goes between a gateway and its node over one protocol. Every method throws a DeviceError, or an AbortError. */
export interface NodeChannel {
  /** Its name in profile, registration and endpoints. */
  readonly protocol: string;
  /** Called for each notice that comes in, and when whoever would bring them is lost. */
  onNotice(listener: (notice: PushNotice | null) => void): void;
  pollTasks(session: DeviceSession, etag: string | undefined, signal: AbortSignal): Promise<TasksAnswer>;
  sendReports(
    session: DeviceSession,
    reports: readonly Report[],
    signal: AbortSignal,
  ): Promise<ReportsResponse>;
  sendProfile(session: DeviceSession, profile: GatewayProfile, signal: AbortSignal): Promise<void>;
  /** Fetches a package into a sink, which may hold its beginning; absent where packages come over HTTP. */
  download?(
    session: DeviceSession,
    wanted: { readonly digest: string; readonly sizeBytes: number },
    sink: DownloadSink,
    signal: AbortSignal,
  ): Promise<void>;
  /** Where it listens for notices; absent when it does not. */
  readonly pushAddress?: string | undefined;
  close(): Promise<void>;
}

/** With what goes to the same place whatever the channel is: registration, metadata, and packages mostly. */
export interface Connectivity extends Omit<NodeChannel, 'protocol' | 'download' | 'pushAddress'> {
  /** Names of the protocols that are spoken, in order of preference. */
  readonly protocols: readonly string[];
  /** Where notices come in; undefined when push over a protocol that needs an address is not offered. */
  readonly pushAddress: string | undefined;
  register(body: RegisterRequest, by: RegistrationProof, signal: AbortSignal): Promise<RegisterResponse>;
  download: NonNullable<NodeChannel['download']>;
  /** A file of trust metadata; null when there is none of that name. */
  fetchMetadata(session: DeviceSession, name: string, signal: AbortSignal): Promise<string | null>;
  fetchStatements(session: DeviceSession, digest: string, signal: AbortSignal): Promise<PackageStatements>;
}
