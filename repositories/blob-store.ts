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

/** A blob as a listing names it. */
export interface ListedBlob {
  readonly digest: string;
  readonly sizeBytes: number;
  /** When it was last committed: content that is there already counts as new when it is committed again. */
  readonly committedAt: Date;
}

export interface BlobRange {
  /** First byte. */
  readonly start: number;
  /** Last byte, inclusive. */
  readonly end: number;
}

/**
 * Content-addressed store of bytes; an S3 bucket can implement it as well as a directory. Each method throws LeonoreError
 * BLOBS_UNAVAILABLE while the store cannot serve and may again: waiting for it is worth while.
 */
export interface BlobStore {
  /**
   * Receives content without accepting it.
   * @throws LeonoreError TOO_LARGE when more than `maxBytes` arrive; the signal's reason when it is aborted. Nothing is
   *   left behind then
   */
  stage(content: Readable, maxBytes: number, signal?: AbortSignal): Promise<StagedBlob>;
  /** Size in bytes, or null when the store does not hold the content. */
  sizeOf(digest: string): Promise<number | null>;
  /**
   * The whole content, held in memory for those who want it next; null when it is too large for that, or not there.
   * Never to be written to. What is held may have been removed from the store meanwhile.
   */
  inMemory(digest: string): Promise<Buffer | null>;
  /** The stream fails with BLOBS_UNAVAILABLE, too, when the store falls away under it. @throws LeonoreError BLOB_MISSING */
  open(digest: string, range?: BlobRange): Promise<Readable>;
  /** The whole of it in memory: for what is small. @throws LeonoreError BLOB_MISSING */
  read(digest: string): Promise<Buffer>;
  /** Removes the content; does nothing when it is not there. */
  remove(digest: string): Promise<void>;
  /** Blobs in the order of their digests, from the one after `after` on. */
  list(after: string): AsyncIterable<ListedBlob>;
  /**
   * Removes content that nobody needs, while others may be committing the very same. It is taken away first, then
   * judged again: by when it was committed, and by the caller. Whoever reads it in between does not find it.
   * @param committedBefore content that was committed since stays
   * @param isNeeded asked when the content is out of reach already, so that nobody can come to rely on it unseen
   * @returns whether it was removed
   */
  removeUnneeded(
    digest: string,
    committedBefore: Date,
    isNeeded: (digest: string) => Promise<boolean>,
  ): Promise<boolean>;
  /**
   * Clears what a crash left: content that was received before a time and never accepted, and content that was being
   * removed (see removeUnneeded), which is judged anew.
   * @returns how many files are gone
   */
  clearLeftovers(receivedBefore: Date, isNeeded: (digest: string) => Promise<boolean>): Promise<number>;
}
