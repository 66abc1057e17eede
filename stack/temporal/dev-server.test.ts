/** How the start of Temporal goes wrong; programs that end at once stand in for it. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { BoundedLog } from '../bounded-log.js';
import { startDevServer } from './dev-server.js';

let folder: string;
let log: BoundedLog;
const port = 41_999;
const taken = (of: number) => `listen tcp 127.0.0.1:${of}: bind: address already in use`;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'leonore-dev-server-'));
  log = new BoundedLog(join(folder, 'log'));
});

afterEach(async () => {
  log.close();
  await rm(folder, { recursive: true, force: true });
});

/** @param says what each start says before it ends, the last of all that follow. @returns the error, and how many starts there were */
async function failing(...says: string[]): Promise<{ message: string; starts: number }> {
  const cli = join(folder, 'temporal');
  const starts = join(folder, 'starts');
  const words = says.map((text, index) => `${index + 1}) echo '${text}' ;;`).slice(0, -1);
  const script = ['#!/bin/sh', `echo x >> ${starts}`, `case $(wc -l < ${starts}) in`]
    .concat(words, [`*) echo '${says.at(-1) ?? ''}' ;;`, 'esac', 'exit 2', ''])
    .join('\n');
  await writeFile(cli, script, { mode: 0o700 });
  const orphan = { signal: 'TERM', graceMs: 1_000 } as const;
  const error: unknown = await startDevServer({ cli, port, log, orphan }).catch((thrown: unknown) => thrown);
  if (!(error instanceof Error)) throw new Error('it did not fail');
  const lines = (await readFile(starts, 'utf8')).trim().split('\n');
  return { message: error.message, starts: lines.length };
}

test('a port that somebody else took from one of its services is looked for anew, and what is wrong then is said', async () => {
  const { message, starts } = await failing(taken(43_047), 'the store is broken');
  expect(starts).toBe(2);
  expect(message).toContain('Temporal did not start (exit code 2)');
  expect(message).toContain('the store is broken');
});

test('it is not looked for without end', async () => {
  expect((await failing(taken(43_047))).starts).toBe(3);
});

test.each([
  ['a port that it was told to take', taken(port)],
  ['anything else', 'the store is broken'],
])('%s is not tried again', async (_what, words) => {
  expect((await failing(words)).starts).toBe(1);
});
