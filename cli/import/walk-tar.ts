import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Parser, type ReadEntry } from 'tar';
import { LeonoreError } from '../../domain/errors.js';
import { withoutPadding } from '../../domain/package-format/tar-padding.js';

/** Files, directories and links of one archive: packages of some ten thousand files have been seen. */
const mostEntries = 100_000;

/**
 * Reads a tar archive, an entry after the other. Whatever its reader finds odd makes the whole archive unsound.
 * @param name of the archive, in errors only
 * @param take is given each entry, and reads it or lets it pass with `resume`; the first that it throws is thrown
 * @throws LeonoreError MALFORMED_INPUT
 */
export async function walkTar(
  bytes: AsyncIterable<Buffer>,
  name: string,
  take: (entry: ReadEntry) => Promise<void>,
): Promise<void> {
  const failures: unknown[] = [];
  const taken: Promise<void>[] = [];
  const open = new Set<ReadEntry>();
  const parser = new Parser({
    strict: true,
    onReadEntry: (entry) => {
      const failed = (error: unknown): void => {
        failures.push(error);
        entry.resume();
      };
      if (taken.length === mostEntries) failures.push(unsound(name, `more than ${mostEntries} entries`));
      // After a failure nothing more is looked at.
      if (failures.length > 0) entry.resume();
      else {
        open.add(entry);
        taken.push(
          take(entry)
            .catch(failed)
            .finally(() => open.delete(entry)),
        );
      }
    },
  });
  let isAtEnd = false;
  parser.once('eof', () => (isAtEnd = true));
  let ended: unknown;
  try {
    const tooMuch = (): Error => unsound(name, 'there is data after its end');
    const archive = withoutPadding(bytes, () => isAtEnd, tooMuch);
    await pipeline(Readable.from(archive), parser as unknown as NodeJS.WritableStream);
  } catch (error) {
    ended = error;
    // The parser does not tell whoever reads an entry that no more of it will come.
    for (const entry of open) if (entry.remain > 0) entry.destroy(error);
  }
  await Promise.all(taken);
  const [failure = ended] = failures;
  if (failure === undefined) return;
  if (failure instanceof Error && 'tarCode' in failure) throw unsound(name, failure.message, failure);
  throw failure instanceof Error ? failure : unsound(name, 'it cannot be read', failure);
}

function unsound(name: string, why: string, cause?: unknown): LeonoreError {
  return new LeonoreError('MALFORMED_INPUT', `${name} is no sound tar archive: ${why}`, {}, { cause });
}

/** An entry's path, without what says nothing: `./usr/bin/` is `usr/bin`, and `.` is empty. */
export function entryPath(path: string): string {
  return path
    .replace(/^(?:\.\/)+/u, '')
    .replace(/\/+$/u, '')
    .replace(/^\.$/u, '');
}
