import { execFile } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { chmod, chown, lchown, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

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
  ) {
    this.empty = join(path, 'empty');
    this.work = join(path, 'work');
  }

  static async create(ownUser: boolean): Promise<BuildDirectory> {
    const path = await mkdtemp(join(tmpdir(), `${prefix}${process.pid}-`));
    own.add(path);
    const uid = ownUser ? randomInt(transientUsers.first, transientUsers.last + 1) : null;
    const directory = new BuildDirectory(path, uid);
    // Another user must be able to pass, not to look.
    if (ownUser) await chmod(path, 0o711);
    await mkdir(directory.empty);
    await mkdir(directory.work, { mode: 0o700 });
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

  /** Removes it, whatever the script made of it. */
  async remove(): Promise<void> {
    await removeTree(this.path);
    own.delete(this.path);
  }
}

/**
 * Removes the directories of builds whose process was killed.
 * @returns how many
 */
export async function removeAbandonedBuilds(): Promise<number> {
  let removed = 0;
  for (const name of await readdir(tmpdir())) {
    const pid = new RegExp(`^${prefix}(\\d+)-`).exec(name)?.[1];
    const path = join(tmpdir(), name);
    if (pid === undefined || own.has(path) || (Number(pid) !== process.pid && isAlive(Number(pid)))) continue;
    await removeTree(path);
    removed += 1;
  }
  return removed;
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
