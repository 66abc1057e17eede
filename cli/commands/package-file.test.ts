import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { testPackage } from '../../agent/testing/test-package.js';
import { addPackageFileCommands } from './package-file.js';

const built = testPackage({ name: 'app', version: '1.0.0', files: { 'start.sh': 'exec sleep 1\n' } });
let directory: string;
let file: string;
let printed: string;
const write = jest.spyOn(process.stdout, 'write');

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'leonore-package-'));
  file = join(directory, 'package.tgz');
  await writeFile(file, built.archive);
  printed = '';
  write.mockImplementation((text) => {
    printed += String(text);
    return true;
  });
});
afterEach(async () => {
  write.mockReset();
  await rm(directory, { recursive: true });
});

async function run(...args: string[]): Promise<string> {
  const command = addPackageFileCommands(new Command('package').exitOverride());
  await command.parseAsync(args, { from: 'user' });
  return printed;
}

test('verify says what was verified', async () => {
  expect(JSON.parse(await run('verify', file, '--json'))).toMatchObject({
    id: built.id,
    digest: built.digest,
    sizeBytes: built.archive.length,
    artifacts: ['app@1.0.0'],
  });
});

test('inspect shows files and where they go', async () => {
  const text = await run('inspect', file);
  expect(text).toContain('app@1.0.0 (application, requested) -> store/app/1.0.0-');
  expect(text).toContain('binary/app-1.0.0/start.sh');
});

test('unpack leaves the files, and nothing when the package is refused', async () => {
  const into = join(directory, 'into');
  await run('unpack', file, '--into', into);
  expect((await readdir(into)).sort()).toEqual(['binary', 'control', 'id', 'manifest.json', 'path']);
  await expect(run('unpack', file, '--into', into)).rejects.toMatchObject({ code: 'MALFORMED_INPUT' });

  await writeFile(file, built.archive.subarray(0, -20));
  const other = join(directory, 'other');
  await mkdir(other);
  await expect(run('unpack', file, '--into', other)).rejects.toMatchObject({ code: 'MALFORMED_PACKAGE' });
  expect(await readdir(other)).toEqual([]);
  // A directory that was made for it goes with it, and those above.
  const deep = join(directory, 'a', 'b');
  await expect(run('unpack', file, '--into', deep)).rejects.toMatchObject({ code: 'MALFORMED_PACKAGE' });
  expect(await readdir(directory)).not.toContain('a');
});

test('a file that is not there is bad input', async () => {
  await expect(run('verify', join(directory, 'nothing'))).rejects.toMatchObject({ code: 'MALFORMED_INPUT' });
});
