import { closeSync, mkdirSync, openSync, readFileSync, fstatSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/** A log file holds at most this much; the one before it is kept as `<name>.1`. */
const defaultMaxBytes = 8 * 1024 * 1024;

/**
 * The output of one child process in a file of bounded size. Appends across restarts of the child; when the file is
 * full it becomes `<path>.1` (replacing the one before) and a new one begins: at most twice `maxBytes` on disk.
 */
export class BoundedLog {
  private descriptor: number;
  private size: number;
  private isClosed = false;

  constructor(
    readonly path: string,
    private readonly maxBytes = defaultMaxBytes,
  ) {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    this.descriptor = openSync(path, 'a', 0o600);
    this.size = fstatSync(this.descriptor).size;
  }

  write(chunk: Buffer): void {
    // The last output of a process may arrive after its log was closed, when the descriptor is somebody else's.
    if (this.isClosed) return;
    if (this.size > 0 && this.size + chunk.length > this.maxBytes) this.rotate();
    // A full disk must not end the stack: what cannot be written is lost, the process goes on.
    try {
      this.size += writeSync(this.descriptor, chunk);
    } catch {
      return;
    }
  }

  /** The last lines, for an error message. */
  tail(lines = 15): string {
    const content = readFileSync(this.path, 'utf8').trimEnd();
    return content.split('\n').slice(-lines).join('\n');
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    closeSync(this.descriptor);
  }

  private rotate(): void {
    closeSync(this.descriptor);
    renameSync(this.path, `${this.path}.1`);
    this.descriptor = openSync(this.path, 'a', 0o600);
    this.size = 0;
  }
}
