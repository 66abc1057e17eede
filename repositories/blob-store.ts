import type { Readable } from 'node:stream';

/** Content that has been received but not yet accepted. */
export interface StagedBlob {
  /** sha256 of the content, hex. */
  readonly digest: string;
  readonly sizeBytes: number;
  /** Makes it part of the store; durable when the promise resolves. Does nothing when the content is there already. */
  commit(): Promise<void>;
  /** Forgets it. */
  discard(): Promise<void>;
}

export interface BlobRange {
  /** First byte. */
  readonly start: number;
  /** Last byte, inclusive. */
  readonly end: number;
}

/** Content-addressed store of bytes; an S3 bucket can implement it as well as a directory. */
export interface BlobStore {
  /**
   * Receives content without accepting it.
   * @throws LeonoreError TOO_LARGE when more than `maxBytes` arrive; the signal's reason when it is aborted. Nothing is
   *   left behind then
   */
  stage(content: Readable, maxBytes: number, signal?: AbortSignal): Promise<StagedBlob>;
  /** Size in bytes, or null when the store does not hold the content. */
  sizeOf(digest: string): Promise<number | null>;
  /** @throws LeonoreError BLOB_MISSING */
  open(digest: string, range?: BlobRange): Promise<Readable>;
  /** Removes the content; does nothing when it is not there. */
  remove(digest: string): Promise<void>;
}
