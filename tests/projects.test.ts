/** Every test file is run, by one project of jest.config.mjs. */
import { execFile } from 'node:child_process';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { packageRoot } from '../process/package-root.js';
import { sourceFiles } from './support/source-files.js';

const projects = ['unit', 'database', 'workflow', 'agent', 'system'];

/** What Jest would run of a project, asked of Jest itself. */
async function filesOf(project: string): Promise<string[]> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [join('node_modules', 'jest', 'bin', 'jest.js'), '--listTests', '--json', '--selectProjects', project],
    { cwd: packageRoot() },
  );
  return (JSON.parse(stdout) as string[]).map((file) => relative(packageRoot(), file));
}

test('every test file is in one project', async () => {
  const run = (await Promise.all(projects.map(filesOf))).flat();
  expect(run.sort()).toEqual((await sourceFiles()).filter((file) => file.endsWith('.test.ts')));
}, 300_000);
