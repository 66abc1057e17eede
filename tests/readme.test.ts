/** The quick start of README.md, typed as it is printed there: one terminal for the stack, one for the gateway, one for the rest. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { packageRoot } from '../process/package-root.js';
import { cacheDirectory } from '../stack/xdg.js';
import { readStackState, type StackState } from '../stack/state-file.js';
import { shellBlocks } from './support/shell-blocks.js';

const run = promisify(execFile);
// Obtaining the Temporal server on a machine that never had it takes minutes.
jest.setTimeout(15 * 60_000);

let home: string;
/** What stays until somebody ends it: the stack, and the agent. */
let inForeground: ChildProcess[];

beforeEach(async () => {
  inForeground = [];
  home = await mkdtemp(join(tmpdir(), 'leonore-readme-'));
  // As npx does it in a checkout, but for looking whether the checkout has to be built.
  const npx = `#!/bin/sh\nshift\nexec '${process.execPath}' '${join(packageRoot(), 'dist/cli/main.js')}' "$@"\n`;
  await writeFile(join(home, 'npx'), npx, { mode: 0o755 });
});

afterEach(async () => {
  for (const child of inForeground.reverse()) {
    const exit = once(child, 'exit');
    if (child.exitCode === null && child.kill('SIGINT')) await exit;
  }
  await rm(home, { recursive: true, force: true });
});

const environment = (): NodeJS.ProcessEnv => ({
  PATH: `${home}:${process.env['PATH'] ?? ''}`,
  HOME: home,
  XDG_CACHE_HOME: join(cacheDirectory(), '..'),
});

/** Types a line that does not end by itself. @returns when it has printed what is waited for */
async function begin(line: string, waitedFor: RegExp): Promise<void> {
  const child = spawn('sh', ['-c', `exec ${line} 2>&1`], { cwd: packageRoot(), env: environment() });
  inForeground.push(child);
  const printed: string[] = [];
  for await (const text of createInterface({ input: child.stdout })) {
    printed.push(`${text}\n`);
    if (waitedFor.test(text)) {
      child.stdout.resume();
      return;
    }
  }
  throw new Error(`it ended before:\n${printed.join('')}`);
}

/** The commands of the quick start, without what is said of them. */
async function quickStart(): Promise<string[]> {
  const readme = await readFile(join(packageRoot(), 'README.md'), 'utf8');
  const [, section = ''] = /^## Quick start.*\n([\s\S]*?)^## /m.exec(readme) ?? [];
  return shellBlocks(section).flatMap((block) =>
    block
      .split('\n')
      .map((line) => line.replace(/(?:^|\s+)#.*$/, ''))
      .filter((line) => line !== ''),
  );
}

/** What a reader puts in for the words in capitals, and a directory of the test's own for the gateway. */
const filledIn = (line: string, { api, enrolmentToken }: StackState): string =>
  line
    .replace('http://127.0.0.1:PORT', api)
    .replace('TOKEN', enrolmentToken)
    .replace('/tmp/gw-1', join(home, 'gw-1'));

test('every command of the quick start does what it is there for', async () => {
  const [up = '', ...commands] = await quickStart();
  expect(up).toMatch(/^npx leonore up /);
  await begin(up, /\bCtrl-C\b/);
  const state = await readStackState(join(home, '.local/share/leonore'));
  if (state === undefined) throw new Error('the stack has not said where it is');
  const printed = new Map<string, string>();
  for (const command of commands.map((line) => filledIn(line, state))) {
    const [, verb = ''] = /^npx leonore (\w+(?: (?:add|list|create|show))?) /.exec(`${command} `) ?? [];
    if (verb === 'agent') await begin(command, /registered/);
    else
      printed.set(
        verb,
        (await run('sh', ['-euc', command], { cwd: packageRoot(), env: environment() })).stdout,
      );
  }
  expect([...printed.keys()]).toEqual([
    'artifact add',
    'artifact list',
    'deployment create',
    'plan',
    'provision',
    'gateway show',
  ]);
  expect(printed.get('artifact list')).toMatch(/sh-decimal +1\.0\.0/);
  expect(printed.get('plan')).toContain('sh-decimal@1.0.0');
  expect(printed.get('provision')).toContain('succeeded');
  expect(printed.get('gateway show')).toMatch(/sh-decimal +1\.0\.0/);
});
