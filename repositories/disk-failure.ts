import type { Readable } from 'node:stream';
import { LeonoreError } from '../domain/errors.js';

/** What the system says when a directory cannot serve now, and may again: full, read-only, broken, not mounted. */
const awayCodes: ReadonlySet<unknown> = new Set([
  'ENOSPC',
  'EDQUOT',
  'EROFS',
  'EIO',
  'EACCES',
  'EPERM',
  'ESTALE',
  'ENOTCONN',
  'EMFILE',
  'ENFILE',
]);

/** A failure of the disk under the blob store as BLOBS_UNAVAILABLE, which is waited for; any other as it is. */
export function asDiskFailure(error: unknown): unknown {
  if (typeof error !== 'object' || error === null || !('code' in error)) return error;
  if (!awayCodes.has(error.code)) return error;
  // The path belongs to this machine alone: the log has it with the cause.
  const message = `the blob store cannot be used now: ${String(error.code)}`;
  return new LeonoreError('BLOBS_UNAVAILABLE', message, {}, { cause: error });
}

/** A stream of a file that fails with {@link asDiskFailure} of what it fails with, also when half of it has been read. */
export function withDiskFailures<Stream extends Readable>(stream: Stream): Stream {
  // Everything that ends a stream goes through here, before anybody is told.
  const destroy = stream.destroy.bind(stream);
  stream.destroy = (error) => destroy(error === undefined ? undefined : (asDiskFailure(error) as Error));
  return stream;
}

/** @throws LeonoreError BLOBS_UNAVAILABLE, and what else `work` throws */
export async function onDisk<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw asDiskFailure(error);
  }
}
