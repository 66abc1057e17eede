/**
 * A package's files on the disk: into a directory that was made for it and holds nothing else.
 *
 * INVARIANTS
 *  - Files are written beside each other and beside the verification, each in the order of its bytes.
 *  - Bytes that wait to be written are bounded, whatever the disk and the package are like.
 *  - A failure is thrown by the next call, at the latest by `finish`; `close` leaves no file open.
 */
import { mkdir, open, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { PackageSink } from './verify-package.js';

/** Small files are written by one call. */
const gatheredBytes = 256 * 1024;
/** Bytes and files under way at once. */
const waitingBytes = 512 * 1024;
const waitingFiles = 8;

/** One file on its way to the disk. */
interface Target {
  readonly path: string;
  readonly mode: number;
  gathered: Uint8Array[];
  gatheredBytes: number;
  file: FileHandle | null;
  /** What has been begun for this file, done in order. */
  work: Promise<void>;
}

/** Writes what verifyPackage hands on below a directory, which must exist and be empty. */
export class DirectorySink implements PackageSink {
  #target: Target | null = null;
  readonly #underWay = new Set<Target>();
  /** Work that has not ended yet. */
  readonly #pending = new Set<Promise<void>>();
  #waitingBytes = 0;
  #failure: { readonly error: unknown } | null = null;
  readonly #made = new Set<string>();
  /** Modes that the process's mask takes bits from, as the first file of each shows. */
  readonly #maskedModes = new Map<number, boolean>();

  constructor(private readonly directory: string) {}

  async begin({ path, mode }: { readonly path: string; readonly mode: string }): Promise<void> {
    const target = join(this.directory, path);
    const parent = dirname(target);
    if (!this.#made.has(parent)) {
      await mkdir(parent, { recursive: true, mode: 0o755 });
      this.#made.add(parent);
    }
    this.#target = {
      path: target,
      mode: Number.parseInt(mode, 8),
      gathered: [],
      gatheredBytes: 0,
      file: null,
      work: Promise.resolve(),
    };
    this.#underWay.add(this.#target);
  }

  async write(bytes: Uint8Array): Promise<void> {
    const target = this.#present();
    target.gathered.push(bytes);
    target.gatheredBytes += bytes.length;
    if (target.gatheredBytes >= gatheredBytes) await this.#flush(target);
  }

  async end(): Promise<void> {
    const target = this.#present();
    this.#target = null;
    await this.#flush(target);
    this.#then(target, async () => {
      await closeFile(target);
      this.#underWay.delete(target);
    });
  }

  async finish(): Promise<void> {
    await Promise.all([...this.#underWay].map((target) => target.work));
    this.#throwFailure();
  }

  /** Ends what is under way, whatever becomes of it, and closes every file. */
  async close(): Promise<void> {
    this.#failure ??= { error: new Error('unpacking was ended') };
    for (const target of this.#underWay) {
      await target.work;
      await closeFile(target);
    }
    this.#underWay.clear();
  }

  /** Begins to write what was gathered, and waits while too much is under way. */
  async #flush(target: Target): Promise<void> {
    const { gathered, gatheredBytes: length } = target;
    target.gathered = [];
    target.gatheredBytes = 0;
    this.#waitingBytes += length;
    this.#then(target, async () => {
      target.file ??= await this.#create(target);
      if (length > 0) await writeAll(target.file, gathered, length);
      this.#waitingBytes -= length;
    });
    while (this.#failure === null && this.#isFull()) await Promise.race(this.#pending);
    this.#throwFailure();
  }

  #isFull(): boolean {
    return (
      this.#pending.size > 0 && (this.#waitingBytes > waitingBytes || this.#underWay.size > waitingFiles)
    );
  }

  #then(target: Target, work: () => Promise<void>): void {
    const done = target.work
      .then(() => (this.#failure === null ? work() : undefined))
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => this.#pending.delete(done));
    this.#pending.add(done);
    target.work = done;
  }

  /** `wx` creates or fails: it never writes through a link or onto another file. */
  async #create({ path, mode }: Target): Promise<FileHandle> {
    const file = await open(path, 'wx', mode);
    let isMasked = this.#maskedModes.get(mode);
    if (isMasked === undefined) {
      isMasked = ((await file.stat()).mode & 0o7777) !== mode;
      this.#maskedModes.set(mode, isMasked);
    }
    if (isMasked) await file.chmod(mode);
    return file;
  }

  #present(): Target {
    if (this.#target === null) throw new Error('No file was begun.');
    return this.#target;
  }

  #throwFailure(): void {
    if (this.#failure !== null) throw this.#failure.error;
  }
}

/** Writes pieces by one call, without copying them together first. */
async function writeAll(file: FileHandle, pieces: readonly Uint8Array[], length: number): Promise<void> {
  const { bytesWritten } = await file.writev(pieces);
  // A disk that fills takes a part; writing the rest tells why.
  if (bytesWritten < length) await file.writeFile(Buffer.concat(pieces).subarray(bytesWritten));
}

async function closeFile(target: Target): Promise<void> {
  const { file } = target;
  target.file = null;
  await file?.close();
}
