/** A package's files on the disk: into a directory that was made for it and holds nothing else. */
import { mkdir, open, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { PackageSink } from './verify-package.js';

/** Small files are written by one call. */
const gatheredBytes = 256 * 1024;

/** Writes what verifyPackage hands on below a directory, which must exist and be empty. */
export class DirectorySink implements PackageSink {
  #file: FileHandle | null = null;
  #gathered: Uint8Array[] = [];
  #gatheredBytes = 0;
  readonly #made = new Set<string>();

  constructor(private readonly directory: string) {}

  async begin({ path, mode }: { readonly path: string; readonly mode: string }): Promise<void> {
    const target = join(this.directory, path);
    const parent = dirname(target);
    if (!this.#made.has(parent)) {
      await mkdir(parent, { recursive: true, mode: 0o755 });
      this.#made.add(parent);
    }
    // `wx` creates or fails: it never writes through a link or onto another file.
    this.#file = await open(target, 'wx', 0o600);
    await this.#file.chmod(Number.parseInt(mode, 8));
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#gathered.push(bytes);
    this.#gatheredBytes += bytes.length;
    if (this.#gatheredBytes >= gatheredBytes) await this.#flush();
  }

  async end(): Promise<void> {
    try {
      await this.#flush();
    } finally {
      await this.close();
    }
  }

  /** Closes a file that was begun and not ended. */
  async close(): Promise<void> {
    const file = this.#file;
    this.#file = null;
    this.#gathered = [];
    this.#gatheredBytes = 0;
    await file?.close();
  }

  async #flush(): Promise<void> {
    if (this.#gatheredBytes === 0) return;
    await this.#file?.writeFile(Buffer.concat(this.#gathered));
    this.#gathered = [];
    this.#gatheredBytes = 0;
  }
}
