/**
 * What an application prints, kept up to a limit: the newest in `<name>.log`, and what was before it in
 * `<name>.log.1`. It goes through the agent, so not even one that prints for ever takes more of the disk, and one that
 * prints faster than anybody reads has to wait.
 */
import { appendFileSync, renameSync, statSync } from 'node:fs';
import type { Readable } from 'node:stream';

const fileBytes = 128 * 1024;
/** A second's worth; after it the application waits for the next one. */
const bytesASecond = 512 * 1024;

export class OutputLog {
  #size: number;

  constructor(private readonly file: string) {
    this.#size = sizeOf(file);
  }

  /** Takes all that comes out of a stream, until its end. */
  follow(stream: Readable): void {
    let left = bytesASecond;
    stream.on('error', () => undefined);
    stream.on('data', (chunk: Buffer) => {
      this.#write(chunk);
      left -= chunk.length;
      if (left > 0) return;
      left = bytesASecond;
      stream.pause();
      setTimeout(() => stream.resume(), 1_000).unref();
    });
  }

  /** On a full disk what is printed is lost: an application must not end for that. */
  #write(chunk: Buffer): void {
    try {
      if (this.#size + chunk.length > fileBytes) {
        renameSync(this.file, `${this.file}.1`);
        this.#size = 0;
      }
      appendFileSync(this.file, chunk.subarray(-fileBytes), { mode: 0o640 });
      this.#size += chunk.length;
    } catch {
      this.#size = sizeOf(this.file);
    }
  }
}

function sizeOf(path: string): number {
  try {
    return statSync(path).size;
  } catch {
    return 0;
  }
}
