import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { access, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { BoundedLog } from '../bounded-log.js';
import { acquireFileLock } from '../file-lock.js';
import { describeExit, spawnGuarded } from '../guarded-process.js';

/** Told what is being done, one line at a time. */
export type Progress = (line: string) => void;

/** How long another process that installs the same thing is awaited. */
const lockWaitMs = 15 * 60_000;
/** A long step says that it is still at work this often. */
const heartbeatMs = 15_000;

/**
 * Fills a folder of the cache, once. The folder appears complete or not at all, and when two processes want it at
 * the same time the second waits for the first.
 * @param install puts the files into the draft folder that it is given
 */
export async function installOnce(
  directory: string,
  install: (draft: string) => Promise<void>,
): Promise<void> {
  const lock = await acquireFileLock(`${directory}.lock`, lockWaitMs);
  try {
    if (await isPresent(directory)) return;
    await dropAbandonedDrafts(directory);
    const draft = `${directory}.${randomBytes(6).toString('hex')}.draft`;
    await mkdir(draft, { recursive: true });
    try {
      await install(draft);
      await rename(draft, directory);
    } finally {
      await rm(draft, { recursive: true, force: true });
    }
  } finally {
    await lock.release();
  }
}

/** Drafts of a process that was killed; only looked for under the lock, so they belong to nobody. */
async function dropAbandonedDrafts(directory: string): Promise<void> {
  const parent = dirname(directory);
  const names = await readdir(parent);
  const drafts = names.filter(
    (name) => join(parent, name).startsWith(`${directory}.`) && name.endsWith('.draft'),
  );
  await Promise.all(drafts.map((name) => rm(join(parent, name), { recursive: true, force: true })));
}

export interface Installer {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Folder whose growth shows that the installer gets on; its log lies there too. */
  readonly draft: string;
  /** At most this long in total. */
  readonly timeoutMs: number;
  /** At most this long without `draft` growing; absent: no such limit. */
  readonly stallMs?: number;
  readonly onHeartbeat: (elapsedMs: number) => void;
}

/**
 * Runs a program that downloads or builds, within bounds.
 * @throws Error with the end of its output
 */
export async function runInstaller(installer: Installer): Promise<void> {
  const log = new BoundedLog(join(installer.draft, 'install.log'));
  const startedMs = Date.now();
  let given: string | undefined;
  try {
    const child = await spawnGuarded({ ...installer, log, orphan: { signal: 'TERM', graceMs: 2_000 } });
    const giveUp = (reason: string): void => {
      given ??= reason;
      child.kill('SIGKILL');
    };
    const timeout = setTimeout(
      () => giveUp(`not done after ${installer.timeoutMs / 1000} s`),
      installer.timeoutMs,
    );
    const heartbeat = setInterval(() => installer.onHeartbeat(Date.now() - startedMs), heartbeatMs);
    const stall =
      installer.stallMs === undefined ? undefined : watchGrowth(installer.draft, installer.stallMs, giveUp);
    const exit = await child.exited;
    clearTimeout(timeout);
    clearInterval(heartbeat);
    clearInterval(stall);
    if (exit.code !== 0) throw new Error(given ?? `${describeExit(exit)}: ${log.tail(5)}`);
  } finally {
    log.close();
    await rm(log.path, { force: true });
  }
}

function watchGrowth(directory: string, stallMs: number, giveUp: (reason: string) => void): NodeJS.Timeout {
  let lastSize = -1;
  let grownMs = Date.now();
  return setInterval(() => {
    void folderSize(directory).then((size) => {
      if (size !== lastSize) {
        lastSize = size;
        grownMs = Date.now();
      } else if (Date.now() - grownMs > stallMs) {
        giveUp(`no progress for ${stallMs / 1000} s`);
      }
    });
  }, 1_000);
}

async function folderSize(directory: string): Promise<number> {
  const names = await readdir(directory).catch(() => []);
  const sizes = await Promise.all(
    names.map((name) =>
      stat(join(directory, name)).then(
        (found) => found.size,
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** Finds a program on PATH. */
export async function findOnPath(name: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  for (const directory of (env['PATH'] ?? '').split(delimiter)) {
    if (directory === '') continue;
    const path = join(directory, name);
    try {
      await access(path, constants.X_OK);
      if ((await stat(path)).isFile()) return path;
    } catch {
      continue;
    }
  }
  return undefined;
}

export async function isPresent(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch {
    return false;
  }
}
