/** `artifact init | check | diff`, from the command line to files and back. */
import { appendFile, chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { testApi, testTokens, type TestApi } from '../../tests/support/test-api.js';
import type { CliEnvironment } from '../cli.js';
import { runCli } from '../run-cli.js';

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'leonore-author-test-'));
});

afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

async function leonore(args: readonly string[], over: Partial<CliEnvironment> = {}) {
  const written = { stdout: '', stderr: '' };
  const exitCode = await runCli(args, {
    stdout: { write: (text: string) => (written.stdout += text) },
    stderr: { write: (text: string) => (written.stderr += text) },
    env: { XDG_DATA_HOME: directory, XDG_CONFIG_HOME: directory },
    ...over,
  });
  return { exitCode, ...written };
}

async function begun(name: string, ...options: readonly string[]): Promise<string> {
  const path = join(directory, name);
  expect(await leonore(['artifact', 'init', path, ...options])).toMatchObject({ exitCode: 0, stderr: '' });
  return path;
}

describe('init', () => {
  test.each(['application', 'library', 'tool'])('a new %s has nothing to be warned of', async (kind) => {
    const path = await begun(`new-${kind}`, '--kind', kind, '--description', 'with: a "colon"');
    expect(await leonore(['artifact', 'check', '--strict', path])).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(
        new RegExp(`^new-${kind}@0\\.1\\.0  ${kind}, .*: no warnings\n$`),
      ) as unknown,
    });
  });

  test('writes over nothing', async () => {
    const path = join(directory, 'taken');
    await mkdir(path);
    await writeFile(join(path, 'artifact.yaml'), 'mine');
    expect(await leonore(['artifact', 'init', path])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('there is a file artifact.yaml') as unknown,
    });
    expect(await readFile(join(path, 'artifact.yaml'), 'utf8')).toBe('mine');
  });

  test('a name that no artifact can have is refused before anything is written', async () => {
    const path = join(directory, 'never');
    expect(await leonore(['artifact', 'init', path, '--name', 'Ä b'])).toMatchObject({ exitCode: 2 });
    await expect(readFile(join(path, 'artifact.yaml'))).rejects.toThrow('ENOENT');
  });

  test('asks on a terminal for what no option says', async () => {
    const stdin = Object.assign(new PassThrough(), { isTTY: true });
    const path = join(directory, 'asked');
    const asked: string[] = [];
    const answers: Readonly<Record<string, string>> = { name: 'meter\n', description: 'Reads it.\n' };
    const stderr = {
      write: (text: string) => {
        asked.push(text);
        stdin.write(answers[text.split(/[ :]/)[0] ?? ''] ?? '\n');
      },
    };
    const { exitCode } = await leonore(['artifact', 'init', path, '--kind', 'library'], { stdin, stderr });
    expect({ exitCode, asked }).toEqual({ exitCode: 0, asked: ['name [asked]: ', 'description: '] });
    expect(await readFile(join(path, 'artifact.yaml'), 'utf8')).toMatch(/^name: meter\n[^]*Reads it\./);
  });
});

describe('check', () => {
  test('warns with rule and place, and --strict makes that a failure', async () => {
    const path = await begun('warned');
    const manifest = (await readFile(join(path, 'artifact.yaml'), 'utf8'))
      .replace('0.1.0', '0.1.0+7')
      .replace(/ +stop: .*\n/, '');
    await writeFile(join(path, 'artifact.yaml'), manifest);
    await appendFile(join(path, 'bin/start'), '[[ a ]] && echo b\n');
    await appendFile(join(path, 'bin/check'), 'if\n');
    const { exitCode, stdout } = await leonore(['artifact', 'check', path, '--json']);
    expect(exitCode).toBe(0);
    expect((JSON.parse(stdout) as { warnings: object[] }).warnings).toMatchObject([
      { rule: 'build-metadata', file: 'artifact.yaml', line: 2, column: 10 },
      { rule: 'no-stop-script', file: 'artifact.yaml' },
      { rule: 'not-posix-sh', file: 'bin/start', line: 10 },
      { rule: 'sh-syntax', file: 'bin/check' },
    ]);
    expect(await leonore(['artifact', 'check', path, '--strict'])).toMatchObject({
      exitCode: 1,
      stdout: expect.stringContaining(
        'bin/start:10: warning: [[ ]] is of bash: use [ ] (not-posix-sh)',
      ) as unknown,
    });
  });

  test.each([
    ['an unknown field', 'requirs: []\n', 'did you mean "requires"?'],
    ['a script that is not there', 'health: { check: bin/none }\n', 'bin/none'],
    [
      'a path that ustar cannot hold',
      `control: { stop: ${'d'.repeat(99)}/${'e'.repeat(99)}/f }\n`,
      'once it lies in a package',
    ],
  ])('%s is refused as add would', async (_, more, detail) => {
    const path = join(directory, `refused-${detail.length}`);
    await mkdir(path);
    await writeFile(join(path, 'artifact.yaml'), `name: refused\nversion: 1.0.0\nkind: library\n${more}`);
    if (more.includes('ddd')) {
      await mkdir(join(path, 'd'.repeat(99), 'e'.repeat(99)), { recursive: true });
      await writeFile(join(path, 'd'.repeat(99), 'e'.repeat(99), 'f'), '');
    }
    expect(await leonore(['artifact', 'check', path])).toMatchObject({
      exitCode: 2,
      stdout: '',
      stderr: expect.stringContaining(detail) as unknown,
    });
  });

  test('a directory that is no artifact', async () => {
    expect(await leonore(['artifact', 'check', join(directory, 'nowhere')])).toMatchObject({ exitCode: 2 });
  });
});

describe('diff', () => {
  let api: TestApi;

  beforeAll(async () => {
    // Nothing listens there: artifacts need no Temporal.
    api = await testApi('127.0.0.1:1');
  }, 60_000);

  afterAll(async () => {
    await api.close();
  });

  test('two directories: fields, and files by content and mode', async () => {
    const [a, b] = [await begun('a', '--name', 'same'), await begun('b', '--name', 'same')];
    expect(await leonore(['artifact', 'diff', a, b])).toMatchObject({
      exitCode: 0,
      stdout: 'no difference\n',
    });
    await writeFile(
      join(b, 'artifact.yaml'),
      (await readFile(join(b, 'artifact.yaml'), 'utf8')).replace('0.1.0', '0.2.0'),
    );
    await writeFile(join(b, 'bin/more'), '');
    await chmod(join(b, 'bin/check'), 0o644);
    const { stdout } = await leonore(['artifact', 'diff', a, b]);
    expect(stdout).toContain('- version: "0.1.0"\n+ version: "0.2.0"\n');
    expect(stdout).toContain('changed  bin/check\nadded    bin/more\n');
  });

  test('two versions on the server', async () => {
    const env = { LEONORE_SERVER: api.address, LEONORE_TOKEN: testTokens.admin };
    const path = await begun('served', '--kind', 'library');
    expect(await leonore(['artifact', 'add', path], { env })).toMatchObject({ exitCode: 0 });
    await writeFile(
      join(path, 'artifact.yaml'),
      (await readFile(join(path, 'artifact.yaml'), 'utf8')).replace('0.1.0', '0.2.0'),
    );
    expect(await leonore(['artifact', 'add', path], { env })).toMatchObject({ exitCode: 0 });
    const { stdout } = await leonore(['artifact', 'diff', 'served@0.1.0', 'served@0.2.0', '--json'], { env });
    expect(JSON.parse(stdout)).toEqual({
      fields: [{ path: 'version', before: '0.1.0', after: '0.2.0' }],
      files: null,
    });
  });

  test('what is neither a directory nor a version', async () => {
    expect(await leonore(['artifact', 'diff', 'x', 'y'])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('neither a directory nor NAME@VERSION') as unknown,
    });
  });
});
