/** Artifacts that are tried: what goes well, what goes back, and that nothing is left of it. */
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { tryArtifact, type TryOptions } from './try-artifact.js';

let directory: string;
const steps: string[] = [];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'leonore-trial-test-'));
  // What is tried runs as another user, who has to get through.
  await chmod(directory, 0o755);
  process.env['TMPDIR'] = directory;
});

afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

const start = '#!/bin/sh\necho "hello from $LEONORE_NAME"\nwhile :; do sleep 1; done\n';

async function artifact(name: string, files: Readonly<Record<string, string>>, more = ''): Promise<string> {
  const root = join(directory, name);
  const all = { 'artifact.yaml': `name: ${name}\nversion: 1.0.0\n${more}`, ...files };
  for (const [path, text] of Object.entries(all)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
    await chmod(join(root, path), 0o755);
  }
  return root;
}

async function tried(path: string, over: Partial<TryOptions> = {}) {
  steps.length = 0;
  const result = await tryArtifact({
    directory: path,
    needed: [],
    values: {},
    checkWithinMs: 1_000,
    onStep: (step) => steps.push(step),
    signal: new AbortController().signal,
    ...over,
  });
  expect((await readdir(directory)).filter((name) => name.startsWith('leonore-try-'))).toEqual([]);
  return result;
}

test('what works is installed, started, checked and uninstalled', async () => {
  const path = await artifact('well', { start }, 'kind: application\ncontrol: { start: start }\n');
  expect(await tried(path)).toMatchObject({
    artifact: 'well@1.0.0',
    install: { failure: null, printed: { well: 'hello from well\n' } },
    uninstall: { failure: null, detail: null },
    dataLeft: [],
  });
  expect(steps).toEqual([
    ...['build', 'download', 'install', 'switch', 'start', 'cleanup', 'report'],
    ...['change', 'switch', 'start', 'cleanup', 'report'],
  ]);
});

describe('what fails goes back, and says at which step', () => {
  test.each([
    ['ends', { start: '#!/bin/sh\necho almost\nexit 3\n' }, 'control: { start: start }', 'health'],
    ['unfit', { start, check: 'exit 1\n' }, 'control: { start: start }\nhealth: { check: check }', 'health'],
    ['uninstallable', { install: 'echo no room >&2; exit 4\n' }, 'control: { install: install }', 'install'],
  ])('%s', async (name, files, more, step) => {
    const path = await artifact(name, files, `kind: application\n${more}\n`);
    const { install, uninstall, dataLeft } = await tried(path);
    expect(install.failure).toMatchObject({ step });
    expect({ uninstall, dataLeft }).toEqual({ uninstall: null, dataLeft: [] });
    expect(steps.slice(-2)).toEqual(['undo', 'report']);
  });

  test('what an application printed before it ended is told', async () => {
    const path = await artifact(
      'last-words',
      { start: '#!/bin/sh\necho almost\nexit 3\n' },
      'kind: application\ncontrol: { start: start }\n',
    );
    expect((await tried(path)).install.printed).toEqual({ 'last-words': 'almost\n' });
  });
});

test('data that the policy keeps is told', async () => {
  const more = 'kind: application\ncontrol: { start: start }\npolicies: { keepData: true }\n';
  expect(await tried(await artifact('keeper', { start }, more))).toMatchObject({ dataLeft: ['keeper'] });
});

test('what it needs comes along, and goes again', async () => {
  const library = await artifact('words', { 'words.sh': 'word=borrowed\n' }, 'kind: library\n');
  const uses = '#!/bin/sh\n. "$LEONORE_ACTIVE/words/words.sh"\necho "$word"\nwhile :; do sleep 1; done\n';
  const path = await artifact('borrower', { start: uses }, 'kind: application\ncontrol: { start: start }\n');
  expect(await tried(path, { needed: [library] })).toMatchObject({
    install: { failure: null, printed: { borrower: 'borrowed\n' } },
    uninstall: { failure: null },
    dataLeft: [],
  });
});

describe('what cannot be tried', () => {
  test('a value without a default, and one that nobody declares', async () => {
    const path = await artifact(
      'asks',
      { start },
      'kind: application\nvalues: [{ key: secret }]\ncontrol: { start: start }\n',
    );
    await expect(tried(path)).rejects.toThrow('give --value secret=');
    await expect(tried(path, { values: { secret: 'x', other: 'y' } })).rejects.toThrow('"other"');
  });

  test('no variant for this machine', async () => {
    const path = await artifact(
      'elsewhere',
      { 'z80/start': start },
      'kind: application\nvariants: [{ platform: { arch: z80 }, directory: z80 }]\n',
    );
    await expect(tried(path)).rejects.toThrow(
      /no variant of elsewhere@1\.0\.0 runs on this machine .*: there are z80$/,
    );
  });

  test('a build that fails', async () => {
    const path = await artifact(
      'unbuilt',
      { 'source/build.sh': 'echo broken; exit 1\n' },
      'kind: tool\nvariants: [{ source: { directory: source, build: build.sh } }]\n',
    );
    await expect(tried(path)).rejects.toMatchObject({ code: 'BUILD_FAILED' });
  });
});
