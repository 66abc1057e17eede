/**
 * The one kind of tar header that a package holds: ustar (POSIX.1-1988), a regular file. It is written with owner 0 and
 * one fixed time, so that the same inputs give the same bytes; a reader leaves these alone.
 *
 * Read here and nowhere else: links, devices, sparse files, pax records and GNU's extensions are refused, each by its
 * own reason. General tar libraries skip or mend such entries silently.
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
  linkName: [157, 100],
  magic: [257, 8],
  prefix: [345, 155],
  reserved: [500, 12],
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

/** What an entry is that is no plain file, for people. */
const otherKinds: Readonly<Record<string, string>> = {
  '1': 'a hard link',
  '2': 'a symbolic link',
  '3': 'a character device',
  '4': 'a block device',
  '5': 'an entry for a directory',
  '6': 'a FIFO',
  g: 'pax records',
  x: 'pax records',
  K: "GNU's extensions",
  L: "GNU's extensions",
  S: "GNU's extensions",
};

/**
 * Reads a header block. Owner, group, their names, device numbers and time are the writer's own affair: nothing is made
 * of them. All that says what the entry is must be in order.
 *
 * @returns what is wrong with it when something is
 */
export function decodeUstarHeader(block: Uint8Array): UstarHeader | { readonly problem: string } {
  const kind = ascii(block, ...field.type);
  if (readOctal(block, field.checksum) !== checksumOf(block))
    return { problem: 'a header with a wrong checksum' };
  if (ascii(block, ...field.magic) !== 'ustar\u000000') {
    return { problem: otherKinds[kind] ?? 'a header of another format than ustar' };
  }
  // Writers of the old format left the kind of plain files out.
  if (kind !== '0' && kind !== '\u0000')
    return { problem: otherKinds[kind] ?? 'an entry of an unknown kind' };
  if (!isZero(block, field.linkName)) return { problem: 'a plain file that names a link' };
  if (!isZero(block, field.reserved)) return { problem: 'data in the reserved bytes of a header' };
  const mode = modes[readOctal(block, field.mode) ?? 0];
  if (mode === undefined) return { problem: 'a file of another mode than 0644 and 0755' };
  const size = readOctal(block, field.size);
  if (size === null) return { problem: 'a size that is no octal number' };
  const name = text(block, field.name);
  const prefix = text(block, field.prefix);
  if (name === null || prefix === null) return { problem: 'a name that is not plain UTF-8' };
  const path = prefix === '' ? name : `${prefix}/${name}`;
  if (splitUstarPath(path) === null) return { problem: 'a name that is empty or too long' };
  return { path, mode, size };
}

const modes: Readonly<Record<number, UstarHeader['mode']>> = { 0o644: '0644', 0o755: '0755' };

/** As written with spaces in its own place. */
function checksumOf(block: Uint8Array): number {
  const [offset, length] = field.checksum;
  const isOwn = (index: number): boolean => index >= offset && index < offset + length;
  return block.reduce((sum, byte, index) => sum + (isOwn(index) ? 0x20 : byte), 0);
}

/** Digits with spaces before them, and spaces or zeros after them; null for anything else, numbers of base 256 too. */
function readOctal(block: Uint8Array, [offset, length]: readonly [number, number]): number | null {
  const match = /^ *([0-7]+)[ \0]*$/.exec(ascii(block, offset, length));
  return match === null ? null : Number.parseInt(match[1] ?? '', 8);
}

function isZero(block: Uint8Array, [offset, length]: readonly [number, number]): boolean {
  return block.subarray(offset, offset + length).every((byte) => byte === 0);
}

function octal(value: number, digits: number): string {
  return `${value.toString(8).padStart(digits, '0')}\u0000`;
}

function ascii(block: Uint8Array, offset: number, length: number): string {
  return String.fromCharCode(...block.subarray(offset, offset + length));
}

/** Up to the first zero, behind which there is nothing else. */
function text(block: Uint8Array, [offset, length]: readonly [number, number]): string | null {
  const bytes = block.subarray(offset, offset + length);
  const end = bytes.indexOf(0);
  if (end !== -1 && !isZero(bytes, [end, length - end])) return null;
  try {
    return decoder.decode(end === -1 ? bytes : bytes.subarray(0, end));
  } catch {
    return null;
  }
}
