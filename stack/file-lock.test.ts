import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { acquireFileLock, LockedError } from './file-lock.js';
import { isSameProcess, processIdentity } from './process-identity.js';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'leonore-lock-'));
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

test('one holder at a time; released, it leaves nothing behind', async () => {
  const path = join(directory, 'lock');
  const lock = await acquireFileLock(path);
  await expect(acquireFileLock(path)).rejects.toMatchObject({ holderPid: process.pid });
  await lock.release();
  const next = await acquireFileLock(path);
  await lock.release();
  await expect(acquireFileLock(path)).rejects.toThrow(LockedError);
  await next.release();
  expect(await readdir(directory)).toEqual([]);
});

test('waits for the holder as long as it is told to', async () => {
  const path = join(directory, 'lock');
  const lock = await acquireFileLock(path);
  const waiting = acquireFileLock(path, 10_000);
  await lock.release();
  await (await waiting).release();
});

test('of many that break the lock of a dead process, one gets it', async () => {
  const { pid } = spawnSync('true');
  const dead = JSON.stringify({ pid, identity: 'gone' });
  for (let round = 0; round < 30; round += 1) {
    const path = join(directory, `lock-${round}`);
    await writeFile(path, dead);
    // Even where an earlier breaker died at its work.
    if (round % 3 === 0) await writeFile(`${path}.breaking`, dead);
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => acquireFileLock(path)));
    expect(outcomes.filter((outcome) => outcome.status === 'fulfilled')).toHaveLength(1);
  }
});

test('a later process with the same pid does not hold the lock', async () => {
  const path = join(directory, 'lock');
  await writeFile(path, JSON.stringify({ pid: process.pid, identity: 'an earlier process' }));
  await (await acquireFileLock(path)).release();
});

test('a process is known by its start', () => {
  const own = processIdentity(process.pid);
  expect(own).toBeDefined();
  expect(isSameProcess(process.pid, own ?? '')).toBe(true);
  expect(processIdentity(spawnSync('true').pid)).toBeUndefined();
});
