import { afterEach, beforeEach, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readStateFile, writeStateFile } from './state-file.js';

let directory: string;
let file: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'leonore-state-'));
  file = join(directory, 'state.json');
});
afterEach(() => rm(directory, { recursive: true }));

test('whatever happens to one copy, the other is read', async () => {
  const value = { token: 'a', nested: [1, 2, { three: true }] };
  await writeStateFile(file, value, { copied: true });
  const sound = await readFile(file);
  await fc.assert(
    fc.asyncProperty(fc.nat(sound.length - 1), fc.nat(255), fc.boolean(), async (at, byte, cut) => {
      const damaged = Buffer.from(sound);
      damaged[at] = byte;
      await writeFile(file, cut ? sound.subarray(0, at) : damaged);
      expect(await readStateFile(file)).toEqual(value);
    }),
    { numRuns: 60 },
  );
});

test('what is damaged in both copies counts as not there', async () => {
  await writeStateFile(file, { a: 1 }, { copied: true });
  for (const path of [file, `${file}.copy`]) await writeFile(path, '{"a":2}\nbad\n');
  expect(await readStateFile(file)).toBeUndefined();
});

test('what an earlier version wrote is read', async () => {
  await writeFile(file, '{"a":1}');
  expect(await readStateFile(file)).toEqual({ a: 1 });
});
