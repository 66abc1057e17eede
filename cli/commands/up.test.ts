import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { packageRoot } from '../../process/package-root.js';
import { processIdentity } from '../../stack/process-identity.js';
import { readStackState } from '../../stack/state-file.js';

// Obtaining the Temporal server on a machine that never had it takes minutes.
jest.setTimeout(15 * 60_000);

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'leonore-up-'));
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

interface Line {
  readonly event: string;
  readonly line?: string;
  readonly api?: string;
}

async function up(...args: string[]): Promise<{ child: ChildProcess; lines: AsyncIterable<string> }> {
  const main = join(directory, 'main.mjs');
  const command = pathToFileURL(join(packageRoot(), 'dist', 'cli', 'commands', 'up.js')).href;
  await writeFile(
    main,
    `import { upCommand } from ${JSON.stringify(command)};
     await upCommand().parseAsync(process.argv.slice(2), { from: 'user' });`,
  );
  const child = spawn(process.execPath, [main, '--data', join(directory, 'data'), '--json', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, XDG_CONFIG_HOME: join(directory, 'config') },
  });
  return { child, lines: createInterface({ input: child.stdout }) };
}

async function until(lines: AsyncIterable<string>, wanted: (line: Line) => boolean): Promise<Line> {
  for await (const text of lines) {
    const line = JSON.parse(text) as Line;
    if (wanted(line)) return line;
  }
  throw new Error('the output ended before');
}

test('serves until SIGINT, then stops everything and exits with 0', async () => {
  const { child, lines } = await up('--nodes', '2');
  let started: Line | undefined;
  await until(lines, (line) => {
    if (line.event === 'started') started = line;
    return line.line === 'other verbs find it: context data';
  });
  const state = await readStackState(join(directory, 'data'));
  expect(started?.api).toBe(state?.api);
  expect(JSON.parse(await readFile(join(directory, 'config', 'leonore', 'contexts.json'), 'utf8'))).toEqual({
    current: 'data',
    contexts: { data: { stack: join(directory, 'data') } },
  });
  const pids = Object.values(state?.pids ?? {});
  expect(pids).toHaveLength(6);
  const gateways = await fetch(`${started?.api ?? ''}/api/v1/gateways`, {
    headers: { authorization: `Bearer ${state?.adminToken ?? ''}` },
  });
  expect(gateways.status).toBe(200);

  const exited = once(child, 'exit');
  child.kill('SIGINT');
  expect(await exited).toEqual([0, null]);
  expect(pids.filter((pid) => processIdentity(pid) !== undefined)).toEqual([]);
  expect(await readStackState(join(directory, 'data'))).toBeUndefined();
});

test('SIGTERM while it is starting ends it just as well', async () => {
  const { child, lines } = await up();
  await until(lines, (line) => line.line?.startsWith('postgres is ready') === true);
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  expect(await exited).toEqual([0, null]);
  expect(await readStackState(join(directory, 'data'))).toBeUndefined();
});
