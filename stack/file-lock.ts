import { randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rename, rm, unlink, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isSameProcess, processIdentity } from './process-identity.js';

/**
 * A lock file that names the process that holds it.
 *
 * INVARIANTS
 * - The file appears complete or not at all: it is written under another name and then linked, and linking fails
 *   where a lock is.
 * - A lock is broken only when the process in it has ended (its start time tells it from a later one of the same
 *   pid). Breaking renames the lock first and looks at what was caught: a live lock that another process took in
 *   between is put back.
 */
export interface FileLock {
  release(): Promise<void>;
}

interface Holder {
  readonly pid: number;
  readonly identity: string;
}

/** Thrown by {@link acquireFileLock} when somebody else holds the lock. */
export class LockedError extends Error {
  override readonly name = 'LockedError';
  constructor(
    readonly path: string,
    readonly holderPid: number,
  ) {
    super(`${path} is held by process ${holderPid}`);
  }
}

/**
 * Takes the lock `path` for this process.
 * @param waitMs how long to wait for the present holder; default not at all
 * @throws LockedError when it is still held then
 */
export async function acquireFileLock(path: string, waitMs = 0): Promise<FileLock> {
  await mkdir(dirname(path), { recursive: true });
  const own = `${path}.${randomBytes(6).toString('hex')}`;
  const holder: Holder = { pid: process.pid, identity: processIdentity(process.pid) ?? 'unknown' };
  const deadlineMs = Date.now() + waitMs;
  await writeFile(own, JSON.stringify(holder), { mode: 0o600 });
  try {
    for (;;) {
      if (await linkNew(own, path)) break;
      const present = await readHolder(path);
      if (present === undefined) continue;
      if (!isSameProcess(present.pid, present.identity)) await breakLock(path);
      else if (Date.now() >= deadlineMs) throw new LockedError(path, present.pid);
      else await delay(200);
    }
  } finally {
    await unlink(own);
  }
  let isHeld = true;
  return {
    async release() {
      // Released a second time it would be somebody else's.
      if (!isHeld) return;
      isHeld = false;
      await rm(path, { force: true });
    },
  };
}

async function linkNew(existing: string, path: string): Promise<boolean> {
  try {
    await link(existing, path);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
}

/** Undefined when the lock has been given up meanwhile. */
async function readHolder(path: string): Promise<Holder | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Holder;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

async function breakLock(path: string): Promise<void> {
  const caught = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    await rename(path, caught);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return;
    throw error;
  }
  const holder = await readHolder(caught);
  if (holder !== undefined && isSameProcess(holder.pid, holder.identity)) await linkNew(caught, path);
  await unlink(caught);
}

function hasCode(error: unknown, code: string): boolean {
  // No instanceof: under Jest, errors of Node.js belong to another realm.
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}
