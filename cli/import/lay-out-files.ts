import { createWriteStream } from 'node:fs';
import { chmod, constants, copyFile, mkdir } from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadEntry } from 'tar';
import { isSafePath } from '../../domain/artifact/safe-path.js';
import type { Loss } from '../../domain/distribution/loss.js';
import { LeonoreError } from '../../domain/errors.js';
import { limits } from '../../domain/limits.js';
import { pathProblem } from '../../domain/package-format/package-path.js';
import { decompressed } from './decompress.js';
import type { OpenMember } from './foreign-archive.js';
import { entryPath, walkTar } from './walk-tar.js';

/** A chain of links that is longer goes round in a circle. */
const longestChain = 32;
const permissions = 0o777;
const plainTypes: ReadonlySet<string> = new Set(['File', 'OldFile', 'ContiguousFile']);
/** What the system says where a file is in the place of a directory, or the other way round. */
const inTheWay: ReadonlySet<string> = new Set(['EEXIST', 'ENOTDIR', 'EISDIR']);

interface LaidOut {
  /** How many files there are. */
  readonly files: number;
  readonly losses: readonly Loss[];
}

/**
 * Lays the files of a package out in a directory that is the caller's alone. Nothing but plain files and directories is made
 * there, so no path leads out of it; links become copies of what they lead to.
 * @param below where the files will lie in a package, to know which paths fit there
 * @throws LeonoreError MALFORMED_INPUT when a path leads out of the package, or is there twice; TOO_LARGE; ClientError UNREADABLE
 */
export async function layOutFiles(open: OpenMember, directory: string, below: string): Promise<LaidOut> {
  const layout = new Layout(directory, below);
  const { name, source } = open();
  // Each entry has a head, and is padded.
  const mostBytes = 2 * limits.artifactBytes;
  await walkTar(decompressed(source, name, mostBytes), name, (entry) => layout.take(entry));
  return layout.finish();
}

class Layout {
  private readonly losses: Loss[] = [];
  /** Sizes of the files by their paths. */
  private readonly files = new Map<string, number>();
  private readonly names = new Set<string>();
  private readonly directories: string[] = [];
  private readonly links: { readonly path: string; readonly target: string }[] = [];
  private bytes = 0;

  constructor(
    private readonly directory: string,
    private readonly below: string,
  ) {}

  async take(entry: ReadEntry): Promise<void> {
    const path = entryPath(entry.path);
    refuseEscape(entry.path, path);
    if (entry.type === 'Directory') {
      if (path !== '') this.directories.push(path);
      entry.resume();
      return;
    }
    if (this.names.has(path)) throw malformed(`${JSON.stringify(path)} is in the package twice`);
    this.names.add(path);
    if (!this.fits(path)) {
      entry.resume();
      return;
    }
    if (plainTypes.has(entry.type)) return this.write(path, entry);
    const target = entry.linkpath ?? '';
    if (entry.type === 'SymbolicLink') this.links.push({ path, target: targetOf(path, target) });
    else if (entry.type === 'Link') this.links.push({ path, target: entryPath(target) });
    else this.losses.push({ kind: 'special', what: path });
    entry.resume();
  }

  /** Links come last: what they lead to may follow them in the archive. */
  async finish(): Promise<LaidOut> {
    const targets = new Map(this.links.map(({ path, target }) => [path, target]));
    for (const { path, target } of this.links) {
      const file = this.fileAtEnd(target, targets);
      if (file === null) {
        this.losses.push({ kind: 'dead-link', what: `${path} -> ${target}` });
        continue;
      }
      this.announce(path, this.files.get(file) ?? 0);
      await this.make(path, (to) => copyFile(join(this.directory, file), to, constants.COPYFILE_EXCL));
      this.losses.push({ kind: 'link', what: `${path} -> ${file}` });
    }
    const parents = new Set([...this.files.keys()].flatMap(parentsOf));
    for (const path of this.directories)
      if (!parents.has(path)) this.losses.push({ kind: 'directory', what: path });
    return { files: this.files.size, losses: this.losses };
  }

  private async write(path: string, entry: ReadEntry): Promise<void> {
    const { mode = 0, uid = 0, gid = 0, size } = entry;
    this.announce(path, size);
    if (uid !== 0 || gid !== 0 || (mode & ~permissions) !== 0) {
      this.losses.push({
        kind: 'attribute',
        what: `${path}: ${mode.toString(8).padStart(4, '0')} ${uid}:${gid}`,
      });
    }
    await this.make(path, async (file) => {
      await pipeline(Readable.from(entry), createWriteStream(file, { flags: 'wx' }));
      await chmod(file, (mode & 0o111) === 0 ? 0o644 : 0o755);
    });
  }

  private async make(path: string, write: (file: string) => Promise<void>): Promise<void> {
    const file = join(this.directory, path);
    try {
      await mkdir(dirname(file), { recursive: true });
      await write(file);
    } catch (error) {
      if (!inTheWay.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
      throw malformed(`${JSON.stringify(path)} is a file in the package, and a directory too`);
    }
  }

  private announce(path: string, size: number): void {
    this.files.set(path, size);
    this.bytes += size;
    if (this.files.size >= limits.artifactFiles || this.bytes > limits.artifactBytes) {
      throw new LeonoreError(
        'TOO_LARGE',
        `an artifact has at most ${limits.artifactFiles} files and ${limits.artifactBytes} bytes, links as copies among them`,
      );
    }
  }

  /** Names that are harmless, and that some gateway could not hold, are left out and told. */
  private fits(path: string): boolean {
    const fits =
      isSafePath(path) && !path.includes('\ufffd') && pathProblem(`${this.below}/${path}`) === null;
    if (!fits) this.losses.push({ kind: 'path', what: path });
    return fits;
  }

  private fileAtEnd(target: string, targets: ReadonlyMap<string, string>): string | null {
    let path: string | undefined = target;
    for (let steps = 0; path !== undefined && steps < longestChain; steps += 1) {
      if (this.files.has(path)) return path;
      path = targets.get(path);
    }
    return null;
  }
}

/** Where a link leads, from the root of the package; `..` above it stays there, as on a disk. */
function targetOf(path: string, target: string): string {
  return posix.resolve('/', posix.dirname(path), target).slice(1);
}

function refuseEscape(written: string, path: string): void {
  if (written.startsWith('/') || path.split('/').includes('..'))
    throw malformed(`${JSON.stringify(written.slice(0, 200))} leads out of the package`);
}

function parentsOf(path: string): string[] {
  const parent = posix.dirname(path);
  return parent === '.' ? [] : [parent, ...parentsOf(parent)];
}

function malformed(message: string): LeonoreError {
  return new LeonoreError('MALFORMED_INPUT', message);
}
