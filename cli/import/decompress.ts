import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { unreadable } from '../../client/client-error.js';
import { LeonoreError } from '../../domain/errors.js';
import { bytesText } from '../output.js';

/** Programs for what Node.js does not read by itself, with the memory that they may take. */
const programs: Readonly<Record<string, readonly [string, ...string[]]>> = {
  '.xz': ['xz', '--decompress', '--stdout', '--quiet', '--memlimit-decompress=512MiB'],
  '.zst': ['zstd', '--decompress', '--stdout', '--quiet', '--memory=512MB'],
};

/**
 * Reads what may be compressed, as the end of its name says: `.gz`, `.xz` or `.zst`; anything else is plain. Whoever reads no
 * further ends all that was begun for it.
 * @param mostBytes that may come of it
 * @throws LeonoreError TOO_LARGE; MALFORMED_INPUT when it cannot be decompressed; ClientError UNREADABLE when the program for it
 *   is not on this machine
 */
export async function* decompressed(
  source: Readable,
  name: string,
  mostBytes: number,
): AsyncGenerator<Buffer, void, void> {
  let bytes = 0;
  for await (const chunk of plain(source, name)) {
    bytes += chunk.length;
    if (bytes > mostBytes)
      throw new LeonoreError('TOO_LARGE', `${name} has more than the ${bytesText(mostBytes)} that are read`);
    yield chunk;
  }
}

function plain(source: Readable, name: string): AsyncIterable<Buffer> {
  if (name.endsWith('.gz')) return gunzipped(source, name);
  const [, command] = Object.entries(programs).find(([ending]) => name.endsWith(ending)) ?? [];
  return command === undefined ? source : byProgram(source, name, command);
}

async function* gunzipped(source: Readable, name: string): AsyncGenerator<Buffer, void, void> {
  const gunzip = createGunzip();
  // What goes wrong is thrown below, where its result is read.
  pipeline(source, gunzip).catch(() => undefined);
  try {
    for await (const chunk of gunzip as AsyncIterable<Buffer>) yield chunk;
  } catch (error) {
    throw undecompressed(name, (error as Error).message, error);
  }
}

async function* byProgram(
  source: Readable,
  name: string,
  [program, ...options]: readonly [string, ...string[]],
): AsyncGenerator<Buffer, void, void> {
  // No more of the environment: both programs take options from it.
  const env = { PATH: process.env['PATH'], LC_ALL: 'C' };
  const child = spawn(program, options, { env, stdio: ['pipe', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said = `${said}${text}`.slice(0, 1_000)));
  const ended = new Promise<void>((resolve, reject) => {
    child.once('error', (error) => reject(missing(program, name, error)));
    child.once('close', (code) => {
      if (code === 0) resolve();
      else reject(undecompressed(name, said.trim() || `${program} ended with ${String(code)}`, undefined));
    });
  });
  // How either of them fails is told by the end of the program, or by the source itself.
  const fed = pipeline(source, child.stdin).catch(() => undefined);
  ended.catch(() => undefined);
  try {
    for await (const chunk of child.stdout as AsyncIterable<Buffer>) yield chunk;
    await ended;
  } catch (error) {
    const { errored } = source;
    if (errored !== null && isUnread(errored)) throw errored;
    child.kill();
    await ended;
    throw error;
  } finally {
    child.kill();
    source.destroy();
    await fed;
  }
}

/** Whether it is the source that failed, and not the program that took no more of it. */
function isUnread({ syscall }: NodeJS.ErrnoException): boolean {
  return syscall === 'open' || syscall === 'read';
}

function missing(program: string, name: string, cause: unknown): Error {
  return unreadable(
    `${name} is read by the program ${program}, which cannot be started on this machine`,
    `Install ${program}, or have the file compressed with gzip.`,
    cause,
  );
}

function undecompressed(name: string, why: string, cause: unknown): LeonoreError {
  return new LeonoreError('MALFORMED_INPUT', `${name} cannot be decompressed: ${why}`, {}, { cause });
}
