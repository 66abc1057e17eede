/** Tar archives from raw bytes, for what no honest writer writes. */
import { gzipSync } from 'node:zlib';
import type { TestEntry } from './test-package.js';

/** Header fields as text or bytes; what is left out is as in an honest package. */
export interface RawHeader {
  readonly name?: string | Buffer;
  readonly mode?: string;
  readonly uid?: string;
  readonly size?: string | Buffer;
  readonly mtime?: string;
  readonly type?: string;
  readonly linkName?: string;
  readonly magic?: string;
  readonly device?: readonly [string, string];
  readonly prefix?: string;
  /** Instead of the right one. */
  readonly checksum?: string;
}

/** POSIX.1-1988, section 10.1.1. */
export function rawHeader(header: RawHeader): Buffer {
  const block = Buffer.alloc(512);
  const put = (offset: number, length: number, value: string | Buffer): void => {
    Buffer.from(value).copy(block, offset, 0, length);
  };
  put(0, 100, header.name ?? 'file');
  put(100, 8, header.mode ?? '0000644\0');
  put(108, 8, header.uid ?? '0000000\0');
  put(116, 8, '0000000\0');
  put(124, 12, header.size ?? '00000000000\0');
  put(136, 12, header.mtime ?? octal(946_684_800));
  put(156, 1, header.type ?? '0');
  put(157, 100, header.linkName ?? '');
  put(257, 8, header.magic ?? 'ustar\x0000');
  if (header.device !== undefined) {
    put(329, 8, header.device[0]);
    put(337, 8, header.device[1]);
  }
  put(345, 155, header.prefix ?? '');
  put(148, 8, '        ');
  const sum = block.reduce((total, byte) => total + byte, 0);
  put(148, 8, header.checksum ?? `${sum.toString(8).padStart(6, '0')}\0 `);
  return block;
}

export const octal = (size: number): string => `${size.toString(8).padStart(11, '0')}\0`;

/** GNU's form for numbers that octal digits cannot hold, and for those that they can. */
export function base256(size: number): Buffer {
  const bytes = Buffer.alloc(12);
  bytes.writeBigUInt64BE(BigInt(size), 4);
  bytes[0] = 0x80;
  return bytes;
}

export function padded(content: string | Buffer): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]);
}

/** A header and its content, with the right size unless told otherwise. */
export function rawEntry(header: RawHeader, content: string | Buffer = ''): Buffer {
  const size = octal(Buffer.from(content).length);
  return Buffer.concat([rawHeader({ size, ...header }), padded(content)]);
}

/** Records of a pax header (POSIX.1-2001): `LENGTH KEY=VALUE LF`, the length counting itself. */
export function paxRecords(records: Readonly<Record<string, string>>): string {
  return Object.entries(records)
    .map(([key, value]) => {
      const rest = ` ${key}=${value}\n`;
      const digits = String(Buffer.byteLength(rest) + 2).length;
      return `${Buffer.byteLength(rest) + digits}${rest}`;
    })
    .join('');
}

/** An honest entry as bytes. */
export function honest(entry: TestEntry): Buffer {
  return rawEntry({ name: entry.path, mode: `000${entry.mode}\0` }, entry.content);
}

export const endOfArchive = Buffer.alloc(1_024);

export function archiveOf(parts: readonly Buffer[]): Buffer {
  return gzipSync(Buffer.concat([...parts, endOfArchive]), { level: 1 });
}
