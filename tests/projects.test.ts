/** Every test file is run, by one project of jest.config.mjs. */
import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { packageRoot } from '../process/package-root.js';

const projects = ['unit', 'database', 'workflow', 'system'];

/** What Jest would run of a project, asked of Jest itself. */
async function filesOf(project: string): Promise<string[]> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [join('node_modules', 'jest', 'bin', 'jest.js'), '--listTests', '--json', '--selectProjects', project],
    { cwd: packageRoot() },
  );
  return (JSON.parse(stdout) as string[]).map((file) => relative(packageRoot(), file));
}

async function testFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const found = entries.map(async (entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory())
      return entry.name === 'node_modules' || path === join(packageRoot(), 'dist') ? [] : testFiles(path);
    return entry.name.endsWith('.test.ts') ? [relative(packageRoot(), path)] : [];
  });
  return (await Promise.all(found)).flat();
}

test('every test file is in one project', async () => {
  const run = (await Promise.all(projects.map(filesOf))).flat();
  expect(run.sort()).toEqual((await testFiles(packageRoot())).sort());
}, 60_000);
