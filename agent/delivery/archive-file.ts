/** The archive of a package while it is downloaded, and after: `<digest>.part`, then `<digest>.tgz`; `<digest>.statements` beside it. */
import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readdir, rename, rm, stat, statfs, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { DownloadSink } from '../connectivity/connectivity.js';
import { isMissing, syncPath } from '../state/atomic-file.js';
import { MemoryRelief } from '../state/memory-relief.js';
import { SpaceError } from './delivery-failure.js';

/** Left free whatever is written: the journal and reports must still find room. */
const reserveBytes = 256 * 1024;

export class ArchiveFile implements DownloadSink {
  readonly path: string;
  readonly #part: string;
  #file: FileHandle | null = null;
  #hash: Hash = createHash('sha256');
  #received = 0;
  readonly #relief = new MemoryRelief();

  constructor(
    private readonly directory: string,
    digest: string,
  ) {
    this.path = join(directory, `${digest}.tgz`);
    this.#part = join(directory, `${digest}.part`);
  }

  /** True when the archive was downloaded whole and verified. */
  async isComplete(): Promise<boolean> {
    return isFile(this.path);
  }

  /** Opens the part for more; what is there already is digested again, so that nothing is downloaded twice. */
  async open(): Promise<void> {
    const file = await open(this.#part, 'a+', 0o600);
    this.#file = file;
    this.#hash = createHash('sha256');
    this.#received = 0;
    for await (const chunk of createReadStream(this.#part) as AsyncIterable<Buffer>) {
      this.#hash.update(chunk);
      this.#received += chunk.length;
      this.#relief.passed(chunk.length);
    }
  }

  get received(): number {
    return this.#received;
  }

  async write(chunk: Uint8Array): Promise<void> {
    let written = 0;
    while (written < chunk.length) {
      const { bytesWritten } = await this.handle.write(chunk, written);
      written += bytesWritten;
    }
    this.#hash.update(chunk);
    this.#received += chunk.length;
    this.#relief.passed(chunk.length);
  }

  async reset(): Promise<void> {
    await this.handle.truncate(0);
    this.#hash = createHash('sha256');
    this.#received = 0;
  }

  digest(): string {
    return this.#hash.copy().digest('hex');
  }

  /** Gives the verified archive its final name. */
  async complete(): Promise<void> {
    await this.handle.sync();
    await this.close();
    await rename(this.#part, this.path);
    await syncPath(this.directory);
  }

  async close(): Promise<void> {
    const file = this.#file;
    this.#file = null;
    await file?.close();
  }

  private get handle(): FileHandle {
    if (this.#file === null) throw new Error('The archive file is not open.');
    return this.#file;
  }
}

/** Removes all downloads but those of the given digests. */
export async function removeDownloads(directory: string, keep: readonly string[] = []): Promise<void> {
  for (const name of await readdir(directory)) {
    if (!keep.includes(name.replace(/\.(part|tgz|statements)$/, '')))
      await rm(join(directory, name), { force: true });
  }
}

/**
 * Makes sure that so many bytes fit onto the file system of a path, before they are written.
 *
 * @throws SpaceError with what is needed and what is there
 */
export async function ensureSpace(path: string, neededBytes: number): Promise<void> {
  const freeBytes = await freeSpace(path);
  if (freeBytes < neededBytes + reserveBytes) {
    throw new SpaceError(`${neededBytes + reserveBytes} bytes are needed and ${freeBytes} are free`);
  }
}

/** Bytes that the agent may still write on the file system of a path. */
export async function freeSpace(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(path);
  return bavail * bsize;
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}
