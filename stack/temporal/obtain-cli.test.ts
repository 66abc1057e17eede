import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { obtainTemporalCli } from './obtain-cli.js';

/** Programs that stand for the Temporal CLI and for Go: what is tested is the order and the cache. */
const temporal = '#!/bin/sh\necho "temporal version 9.9.9 (Server 9, UI 9)"\n';
const go = `#!/bin/sh
echo "$@" >> "$GO_CALLS"
cp "$GO_RESULT" "$GOBIN/temporal"
`;

let directory: string;
let env: NodeJS.ProcessEnv;
let lines: string[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'leonore-obtain-'));
  await mkdir(join(directory, 'bin'));
  env = {
    PATH: `${join(directory, 'bin')}:/usr/bin:/bin`,
    XDG_CACHE_HOME: join(directory, 'cache'),
    GO_CALLS: join(directory, 'calls'),
    GO_RESULT: join(directory, 'result'),
  };
  await program('result', temporal);
  lines = [];
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

async function program(path: string, script: string): Promise<string> {
  await writeFile(join(directory, path), script);
  await chmod(join(directory, path), 0o755);
  return join(directory, path);
}

const obtain = () =>
  obtainTemporalCli({ env, withoutDownload: true, onProgress: (line) => lines.push(line) });
const calls = async () => (await readFile(join(directory, 'calls'), 'utf8')).trim().split('\n');

describe('obtaining the Temporal CLI', () => {
  test('TEMPORAL_CLI comes first, and one that does not run is an error', async () => {
    await program('bin/temporal', temporal);
    env['TEMPORAL_CLI'] = await program('mine', temporal);
    expect(await obtain()).toBe(join(directory, 'mine'));
    env['TEMPORAL_CLI'] = await program('broken', '#!/bin/sh\necho something else\n');
    await expect(obtain()).rejects.toMatchObject({ code: 'TEMPORAL_UNAVAILABLE' });
  });

  test('then PATH; a program of the same name that is another one is passed over', async () => {
    await program('bin/go', go);
    await program('bin/temporal', '#!/bin/sh\nexit 1\n');
    expect(await obtain()).toContain(join('cache', 'leonore', 'temporal'));
    expect(lines).toContainEqual(expect.stringContaining('looking further'));
    expect(await program('bin/temporal', temporal)).toBe(await obtain());
  });

  test('is built once and then taken from the cache', async () => {
    await program('bin/go', go);
    const built = await obtain();
    expect(await obtain()).toBe(built);
    expect(await calls()).toEqual([expect.stringMatching(/^install .*cmd\/temporal@v/)]);
    expect(lines.at(-1)).toContain('from the cache');
  });

  test('is built once when two want it at the same time', async () => {
    await program('bin/go', go);
    const [one, two] = await Promise.all([obtain(), obtain()]);
    expect(one).toBe(two);
    expect(await calls()).toHaveLength(1);
  });

  test('a build that fails leaves nothing in the cache, and the error names all the ways', async () => {
    await program('bin/go', '#!/bin/sh\necho "no module found" >&2\nexit 1\n');
    const failure = expect(obtain()).rejects;
    await failure.toMatchObject({ code: 'TEMPORAL_UNAVAILABLE' });
    await failure.toThrow(/TEMPORAL_ADDRESS[^]*TEMPORAL_CLI[^]*download[^]*install Go[^]*no module found/);
    expect(await readdir(join(directory, 'cache', 'leonore', 'temporal'))).toEqual([]);
  });
});
