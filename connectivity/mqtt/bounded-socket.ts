import { Duplex } from 'node:stream';
import type { Socket } from 'node:net';

/** Bytes that the length of a packet may have (MQTT 3.1.1, section 2.2.3). */
const lengthBytes = 4;

/** A connection whose packets are bounded: one that announces more ends it before any of it is kept. */
export class BoundedSocket extends Duplex {
  private readonly guard: PacketGuard;

  /** @param mostBytes of a packet, without its header */
  constructor(
    private readonly socket: Socket,
    mostBytes: number,
  ) {
    super();
    this.guard = new PacketGuard(mostBytes);
    socket.on('data', (chunk: Buffer) => {
      if (!this.guard.takes(chunk)) this.destroy(new Error(`a packet of more than ${mostBytes} bytes`));
      else if (!this.push(chunk)) socket.pause();
    });
    socket.on('end', () => this.push(null));
    socket.on('error', (error) => this.destroy(error));
    socket.on('close', () => this.destroy());
  }

  override _read(): void {
    this.socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.socket.write(chunk, done);
  }

  override _final(done: () => void): void {
    this.socket.end(done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.socket.destroy();
    done(error);
  }
}

/** Follows the headers of packets in a stream of bytes. */
export class PacketGuard {
  /** Bytes of the present packet that are still to come; -1: its length is being read. */
  private left = 0;
  private length = 0;
  private read = 0;

  constructor(private readonly mostBytes: number) {}

  /** @returns false when a packet is too long, or its length cannot be read */
  takes(chunk: Uint8Array): boolean {
    for (let place = 0; place < chunk.length;) {
      if (this.left > 0) {
        const skipped = Math.min(this.left, chunk.length - place);
        this.left -= skipped;
        place += skipped;
        continue;
      }
      const byte = chunk[place] ?? 0;
      place += 1;
      if (this.left === 0) {
        // The first byte says what kind of packet it is.
        this.left = -1;
        this.length = 0;
        this.read = 0;
        continue;
      }
      this.length += (byte & 127) * 128 ** this.read;
      this.read += 1;
      if (this.length > this.mostBytes || this.read > lengthBytes) return false;
      if (byte < 128) this.left = this.length;
      else if (this.read === lengthBytes) return false;
    }
    return true;
  }
}
