/**
 * The one kind of tar header that a package holds: ustar (POSIX.1-1988), a regular file, owner 0, one fixed time.
 *
 * Written and read here, and nowhere else, because both ends must agree on more than tar asks for: a reader that
 * accepts exactly what the writer writes has no use for links, devices, sparse files, pax records or GNU's
 * extensions, and so cannot be tricked by them. General tar libraries skip or mend such entries silently.
 */
import { splitUstarPath } from './package-path.js';

export const blockSize = 512;

/** 2000-01-01: a time that GNU tar does not call implausible and that every device's clock can show. */
const entryTimeSeconds = 946_684_800;
/** 11 octal digits. */
const largestSize = 0o77777777777;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export interface UstarHeader {
  readonly path: string;
  readonly mode: '0644' | '0755';
  readonly size: number;
}

/** Offsets and lengths of the fields, in bytes (POSIX.1-1988, section 10.1.1). */
const field = {
  name: [0, 100],
  mode: [100, 8],
  uid: [108, 8],
  gid: [116, 8],
  size: [124, 12],
  mtime: [136, 12],
  checksum: [148, 8],
  type: [156, 1],
  magic: [257, 8],
  prefix: [345, 155],
} as const;

/**
 * Writes a header block of 512 bytes.
 *
 * @throws RangeError when path or size do not fit; pathProblem and limits keep callers from that
 */
export function encodeUstarHeader(header: UstarHeader): Uint8Array {
  const path = splitUstarPath(header.path);
  if (path === null || header.size > largestSize) {
    throw new RangeError(`${JSON.stringify(header.path)} does not fit into a ustar header`);
  }
  const block = new Uint8Array(blockSize);
  const put = ([offset]: readonly [number, number], text: string): void => {
    block.set(encoder.encode(text), offset);
  };
  put(field.name, path.name);
  put(field.mode, octal(Number.parseInt(header.mode, 8), 7));
  put(field.uid, octal(0, 7));
  put(field.gid, octal(0, 7));
  put(field.size, octal(header.size, 11));
  put(field.mtime, octal(entryTimeSeconds, 11));
  put(field.checksum, '        ');
  put(field.type, '0');
  put(field.magic, 'ustar\u000000');
  put(field.prefix, path.prefix);
  put(
    field.checksum,
    `${octal(
      block.reduce((sum, byte) => sum + byte, 0),
      6,
    )} `,
  );
  return block;
}

/**
 * Reads a header block; null when it is anything else than encodeUstarHeader writes for some path, mode and size.
 */
export function decodeUstarHeader(block: Uint8Array): UstarHeader | null {
  const mode = block[field.mode[0] + 4] === 0x37 ? '0755' : '0644';
  const size = Number.parseInt(ascii(block, field.size[0], 11), 8);
  let name: string;
  let prefix: string;
  try {
    name = text(block, field.name);
    prefix = text(block, field.prefix);
  } catch {
    return null;
  }
  const path = prefix === '' ? name : `${prefix}/${name}`;
  if (!Number.isSafeInteger(size) || splitUstarPath(path) === null) return null;
  // Comparing with what would have been written covers every field, reserved bytes and checksum included.
  const expected = encodeUstarHeader({ path, mode, size });
  return expected.every((byte, index) => byte === block[index]) ? { path, mode, size } : null;
}

function octal(value: number, digits: number): string {
  return `${value.toString(8).padStart(digits, '0')}\u0000`;
}

function ascii(block: Uint8Array, offset: number, length: number): string {
  return String.fromCharCode(...block.subarray(offset, offset + length));
}

function text(block: Uint8Array, [offset, length]: readonly [number, number]): string {
  const bytes = block.subarray(offset, offset + length);
  const end = bytes.indexOf(0);
  return decoder.decode(end === -1 ? bytes : bytes.subarray(0, end));
}
