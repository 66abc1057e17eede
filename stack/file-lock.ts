import { randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rm, unlink, writeFile } from 'node:fs/promises';
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
 *   pid), and only by the process that holds `<path>.breaking`. So between looking at a dead lock and removing it
 *   nobody can have replaced it: it cannot be linked over, and its owner cannot release it any more.
 * - A breaker that died within the few system calls of its work is removed without such care; that takes a crash and a
 *   race of three processes at once to go wrong.
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
      if (isDead(present)) await breakLock(path, own);
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

/** Removes a dead lock, or waits a moment for somebody else who does. */
async function breakLock(path: string, own: string): Promise<void> {
  const breaking = `${path}.breaking`;
  if (!(await linkNew(own, breaking))) {
    const breaker = await readHolder(breaking);
    if (breaker !== undefined && isDead(breaker)) await rm(breaking, { force: true });
    else await delay(20);
    return;
  }
  try {
    const present = await readHolder(path);
    if (present !== undefined && isDead(present)) await unlink(path);
  } finally {
    await unlink(breaking);
  }
}

function isDead(holder: Holder): boolean {
  return !isSameProcess(holder.pid, holder.identity);
}

function hasCode(error: unknown, code: string): boolean {
  // No instanceof: under Jest, errors of Node.js belong to another realm.
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}
