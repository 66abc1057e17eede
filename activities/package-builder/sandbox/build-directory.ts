import { execFile } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { chmod, chown, lchown, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { mountBuildDisk, unmountBuildDisk } from './build-disk.js';
import { removeGroups } from './build-group.js';

const run = promisify(execFile);
const prefix = 'leonore-build-';
/** Users that no machine gives to anybody for good (systemd takes them for services that have none). */
const transientUsers = { first: 61_184, last: 65_519 };
/** The builds of this process that are under way. */
const own = new Set<string>();

/**
 * The directory of one build, for as long as it lasts:
 *
 *   empty/            may be mounted on
 *   disk              the file system that work/ is, where one can be mounted
 *   work/             all that the build script can write: source/, output/, home/, tmp/
 *
 * Its name tells the process that made it, so that what a killed one left behind can be told from what is in use.
 */
export class BuildDirectory {
  readonly empty: string;
  readonly work: string;

  private constructor(
    readonly path: string,
    /** User that the build runs as, another one each time; null when it is the node's own. */
    readonly uid: number | null,
    /** No more can be written than was said, also by who unlinks what he has open. */
    readonly isBounded: boolean,
  ) {
    this.empty = join(path, 'empty');
    this.work = join(path, 'work');
  }

  /** @param size of its file system; without one it has none of its own */
  static async create(
    ownUser: boolean,
    size?: { readonly bytes: number; readonly entries: number },
  ): Promise<BuildDirectory> {
    const path = await mkdtemp(join(tmpdir(), `${prefix}${process.pid}-`));
    own.add(path);
    const uid = ownUser ? randomInt(transientUsers.first, transientUsers.last + 1) : null;
    const work = join(path, 'work');
    await mkdir(work, { mode: 0o700 });
    const isBounded = size !== undefined && (await mountBuildDisk(join(path, 'disk'), work, size));
    const directory = new BuildDirectory(path, uid, isBounded);
    // Another user must be able to pass, not to look.
    if (ownUser) await chmod(path, 0o711);
    await mkdir(directory.empty);
    if (isBounded) await chmod(work, 0o700);
    for (const name of ['source', 'output', 'home', 'tmp']) await mkdir(join(directory.work, name));
    if (uid !== null) {
      await chown(directory.work, uid, uid);
      await directory.handOver(await readdir(directory.work));
    }
    return directory;
  }

  /** Gives files to the user of the build. @param paths below `work` */
  async handOver(paths: readonly string[]): Promise<void> {
    if (this.uid === null) return;
    for (const path of paths) await lchown(join(this.work, path), this.uid, this.uid);
  }

  /** Unique on this machine. */
  get name(): string {
    return basename(this.path);
  }

  /** Removes it, whatever the script made of it. */
  async remove(): Promise<void> {
    if (this.isBounded) await unmountBuildDisk(this.work);
    await removeTree(this.path);
    own.delete(this.path);
  }
}

/**
 * Removes the directories and groups of builds whose process was killed.
 * @param directory where builds have theirs
 * @returns how many
 */
export async function removeAbandonedBuilds(directory = tmpdir()): Promise<number> {
  let removed = 0;
  for (const name of await readdir(directory)) {
    if (!isAbandoned(name)) continue;
    const path = join(directory, name);
    await unmountBuildDisk(join(path, 'work'));
    await removeTree(path);
    removed += 1;
  }
  await removeGroups(isAbandoned);
  return removed;
}

function isAbandoned(name: string): boolean {
  const pid = new RegExp(`^${prefix}(\\d+)-`).exec(name)?.[1];
  if (pid === undefined || own.has(join(tmpdir(), name))) return false;
  return Number(pid) === process.pid || !isAlive(Number(pid));
}

/** The programs of the system walk with open directories: no path is too deep for them, as it would be for us. */
async function removeTree(path: string): Promise<void> {
  try {
    await run('rm', ['-rf', '--', path]);
  } catch {
    await run('chmod', ['-R', 'u+rwX', '--', path]).catch(() => undefined);
    await rm(path, { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
