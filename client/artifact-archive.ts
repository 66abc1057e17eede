import { lstat, readdir } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { Readable } from 'node:stream';
import { create } from 'tar';
import { ClientError, unreadable } from './client-error.js';

const manifestName = 'artifact.yaml';

/**
 * The directory of an artifact as the tar stream that the API takes: artifact.yaml first, then the other files by
 * name, with relative paths and without anything of this machine (owners, times). Nothing is read before the stream is.
 * @throws ClientError UNREADABLE when there is no such directory; MALFORMED_ARTIFACT when it has no artifact.yaml or
 * something that is neither file nor directory: links are not followed, since they may lead anywhere
 */
export async function archiveArtifact(directory: string): Promise<Readable> {
  const files = await artifactFiles(directory);
  const others = files.filter((file) => file !== manifestName).sort();
  // With `./` in front no name is taken for an option of the archiver.
  const entries = [manifestName, ...others].map((file) => `./${file}`);
  return Readable.from(
    create({ cwd: directory, portable: true, noMtime: true, noDirRecurse: true }, entries),
  );
}

/**
 * The files of an artifact by their names, artifact.yaml among them.
 * @throws ClientError as archiveArtifact does
 */
export async function artifactFiles(directory: string): Promise<string[]> {
  const files = await plainFilesBelow(directory);
  if (!files.includes(manifestName)) throw malformed(`${directory} has no ${manifestName}`);
  return files;
}

async function plainFilesBelow(directory: string): Promise<string[]> {
  const files: string[] = [];
  const pending = [directory];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    for (const entry of await entriesOf(next)) {
      const path = join(next, entry.name);
      const name = relative(directory, path).split(sep).join('/');
      if (entry.isDirectory()) pending.push(path);
      else if (entry.isFile()) files.push(name);
      else throw malformed(`"${name}" is neither a file nor a directory; only plain files are taken`);
    }
  }
  return files;
}

async function entriesOf(directory: string) {
  try {
    if (!(await lstat(directory)).isDirectory()) throw new Error('not a directory');
    return await readdir(directory, { withFileTypes: true });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const advice = `Name the directory that holds the artifact's ${manifestName}.`;
    throw unreadable(`${directory} cannot be read: ${reason}`, advice, error);
  }
}

function malformed(detail: string): ClientError {
  return new ClientError({
    code: 'MALFORMED_ARTIFACT',
    detail,
    actor: 'caller',
    advice: 'Correct the artifact at the place that the detail names and add it again.',
    status: 0,
    retryable: false,
  });
}
