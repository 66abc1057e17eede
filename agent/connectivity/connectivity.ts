/**
 * The seam of the connectivity layer (paper, section III-B 4): what an agent needs of a protocol. http/ is one
 * implementation; another protocol brings its own folder, and the agent does not notice.
 */
import type {
  PushNotice,
  RegisterRequest,
  RegisterResponse,
  Report,
  ReportsResponse,
} from '../../domain/agent-protocol/messages.js';
import type { GatewayProfile } from '../../domain/gateway/profile.js';
import type { DeviceSession, RegistrationProof, TasksAnswer } from './http/device-client.js';
import type { PackageStatements } from '../../domain/trust/statement.js';
import type { DownloadSink } from './http/download.js';

export interface Connectivity {
  /** Name of the protocol in profile and registration. */
  readonly protocol: string;
  /** Where notices come in; undefined when push is not offered. */
  readonly pushAddress: string | undefined;
  onNotice(listener: (notice: PushNotice) => void): void;
  register(body: RegisterRequest, by: RegistrationProof, signal: AbortSignal): Promise<RegisterResponse>;
  pollTasks(session: DeviceSession, etag: string | undefined, signal: AbortSignal): Promise<TasksAnswer>;
  sendReports(
    session: DeviceSession,
    reports: readonly Report[],
    signal: AbortSignal,
  ): Promise<ReportsResponse>;
  sendProfile(session: DeviceSession, profile: GatewayProfile, signal: AbortSignal): Promise<void>;
  download(
    session: DeviceSession,
    wanted: { readonly digest: string; readonly sizeBytes: number },
    sink: DownloadSink,
    signal: AbortSignal,
  ): Promise<void>;
  /** A file of trust metadata; null when there is none of that name. */
  fetchMetadata(session: DeviceSession, name: string, signal: AbortSignal): Promise<string | null>;
  fetchStatements(session: DeviceSession, digest: string, signal: AbortSignal): Promise<PackageStatements>;
  close(): Promise<void>;
}
