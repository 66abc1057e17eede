import type { Readable } from 'node:stream';

/**
 * What a build script prints: all of it is read, the end of it is kept.
 * @param tooMuch called once, when it prints more than may be
 */
export class ScriptOutput {
  private readonly chunks: Buffer[] = [];
  private keptBytes = 0;
  private printedBytes = 0;

  constructor(
    private readonly limits: { readonly logBytes: number; readonly printedBytes: number },
    private readonly tooMuch: () => void,
  ) {}

  take(stream: Readable): void {
    stream.on('data', (chunk: Buffer) => {
      const within = this.printedBytes <= this.limits.printedBytes;
      this.printedBytes += chunk.length;
      this.keep(chunk);
      if (within && this.printedBytes > this.limits.printedBytes) this.tooMuch();
    });
    // A stream that breaks off ends with its process, which is what counts.
    stream.on('error', () => undefined);
  }

  /** As text that a database takes: no control characters but tab and line feed. */
  text(): string {
    const bytes = Buffer.concat(this.chunks).subarray(-this.limits.logBytes);
    const left = this.printedBytes - bytes.length;
    const text = bytes
      .toString('utf8')
      .replaceAll('\r\n', '\n')
      .replace(/[^\P{Cc}\t\n]/gu, '\u{FFFD}');
    return left > 0 ? `[${left} bytes before this are left out]\n${text}` : text;
  }

  private keep(chunk: Buffer): void {
    this.chunks.push(chunk);
    this.keptBytes += chunk.length;
    for (let first = this.chunks[0]; first !== undefined; first = this.chunks[0]) {
      if (this.keptBytes - first.length < this.limits.logBytes) return;
      this.chunks.shift();
      this.keptBytes -= first.length;
    }
  }
}
