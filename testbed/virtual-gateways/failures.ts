/** What went wrong at a virtual gateway, by what it does about it: as the agent does. */
import { DeviceError, IntegrityError } from '../../agent/connectivity/device-error.js';
import { messageOf } from '../../agent/state/system-error.js';
import type { ReportError } from '../../domain/agent-protocol/messages.js';
import type { ErrorCode } from '../../domain/error-kinds.js';
import { LeonoreError } from '../../domain/errors.js';

/** How the server says that no report of a delivery is of use any more. */
const overCodes: readonly string[] = ['DELIVERY_ENDED', 'DELIVERY_NOT_FOUND'] satisfies ErrorCode[];

/** The node does not give the package away: the delivery may have ended, which the next poll tells. */
export class DownloadRefused extends Error {
  override readonly name = 'DownloadRefused';
}

/** What a gateway reports as the end of its delivery, as the agent does; null when trying again may help. */
export function failureOfInstallation(error: unknown): ReportError | null {
  const message = messageOf(error);
  if (
    error instanceof IntegrityError ||
    (error instanceof LeonoreError && error.code === 'MALFORMED_PACKAGE')
  )
    return { class: 'integrity', step: 'verify', message };
  if (error instanceof DownloadRefused) return { class: 'network', step: 'download', message };
  return null;
}

/** The server says that the delivery has ended, or that it never had it, as after a database was set back. */
export function isOver(error: unknown): boolean {
  return error instanceof DeviceError && overCodes.includes(error.code ?? '');
}

/** Tells the refusal of a download from that of a report. @throws DownloadRefused, or what the download threw */
export function downloadFailed(error: unknown): never {
  if (failureOf(error) === 'refused') throw new DownloadRefused(messageOf(error), { cause: error });
  throw error;
}

function failureOf(error: unknown): DeviceError['failure'] | undefined {
  return error instanceof DeviceError ? error.failure : undefined;
}

/** True when trying again may help: the server is away or busy, or the gateway must register again. */
export function isPassing(error: unknown): boolean {
  const failure = failureOf(error);
  return error instanceof DownloadRefused || (failure !== undefined && failure !== 'refused');
}

/** The node does not know the gateway (any more), or is not there. */
export function needsRegistration(error: unknown): boolean {
  const failure = failureOf(error);
  return failure === 'wrongNode' || failure === 'unauthenticated' || failure === 'unreachable';
}
