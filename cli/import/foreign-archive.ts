import { createReadStream, createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { unreadable } from '../../client/client-error.js';
import { LeonoreError } from '../../domain/errors.js';
import { limits } from '../../domain/limits.js';
import { arMagic, readArMembers } from './ar-archive.js';
import { decompressed } from './decompress.js';
import { entryPath, walkTar } from './walk-tar.js';

/** Opens one of the two archives that a package consists of; the end of its name says how it is compressed. */
export type OpenMember = () => { readonly name: string; readonly source: Readable };

/** A package of Debian or OpenWrt: what it says of itself, and its files. */
export interface ForeignArchive {
  readonly control: OpenMember;
  readonly data: OpenMember;
}

const gzipMagic = '\u001f\u008b';

/**
 * Finds the parts of a `.deb` (an ar archive) or an `.ipk` (the same, or a tar of the same members, compressed with gzip).
 * @param scratch a directory of the caller's, where members may be kept that can be reached no other way
 * @throws LeonoreError MALFORMED_INPUT, TOO_LARGE; ClientError UNREADABLE
 */
export async function openForeignArchive(path: string, scratch: string): Promise<ForeignArchive> {
  const magic = await firstBytes(path);
  const members = magic.startsWith(gzipMagic)
    ? await membersOfTar(path, scratch)
    : magic === arMagic
      ? await membersOfAr(path)
      : null;
  if (members === null) {
    throw new LeonoreError('MALFORMED_INPUT', `${path} is neither a .deb nor an .ipk`);
  }
  const named = (part: string): OpenMember => {
    const name = [...members.keys()].find((one) => one === part || one.startsWith(`${part}.`));
    const member = name === undefined ? undefined : members.get(name);
    if (name === undefined || member === undefined)
      throw new LeonoreError('MALFORMED_INPUT', `${path} has no member ${part}`);
    return () => ({ name, source: member() });
  };
  return { control: named('control.tar'), data: named('data.tar') };
}

async function firstBytes(path: string): Promise<string> {
  try {
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(arMagic.length), 0, arMagic.length, 0);
      return buffer.subarray(0, bytesRead).toString('latin1');
    } finally {
      await file.close();
    }
  } catch (error) {
    throw unreadable(
      `${path} cannot be read: ${(error as Error).message}`,
      'Name a file of a package.',
      error,
    );
  }
}

async function membersOfAr(path: string): Promise<Map<string, () => Readable>> {
  const file = await open(path);
  try {
    const members = await readArMembers(file, path);
    return new Map(
      members.map(({ name, offset, size }) => [
        name,
        () =>
          size === 0 ? Readable.from([]) : createReadStream(path, { start: offset, end: offset + size - 1 }),
      ]),
    );
  } finally {
    await file.close();
  }
}

/** Members of an outer tar cannot be reached one by one: they are laid down beside. */
async function membersOfTar(path: string, scratch: string): Promise<Map<string, () => Readable>> {
  const members = new Map<string, () => Readable>();
  const bytes = decompressed(createReadStream(path), `${path}.gz`, limits.artifactBytes);
  await walkTar(bytes, path, async (entry) => {
    const name = entryPath(entry.path);
    if (entry.type !== 'File' || !/^(?:control|data)\.tar[.\w]*$/u.test(name) || members.has(name)) {
      entry.resume();
      return;
    }
    const file = join(scratch, name);
    members.set(name, () => createReadStream(file));
    await pipeline(Readable.from(entry), createWriteStream(file, { flags: 'wx' }));
  });
  return members;
}
