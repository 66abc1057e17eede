import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Command } from 'commander';
import type { Resolution } from '../../domain/plan/plan.js';
import { Cli } from '../cli.js';
import { exitCodeOf } from '../exit-code.js';
import { resolveCommand } from './resolve.js';

const catalog = `artifacts:
  - name: thermometer
    version: 1.2.0
    kind: application
    requires:
      - { name: vm, version: ">=1.2.28 <2" }
      - { name: logger, version: "^2", optional: true }
    conflicts: [ { name: old-thermometer, version: "*" } ]
    variants:
      - { platform: { arch: armv7, os: linux }, size: 120000, installedSize: 310000 }
  - { name: vm, version: 1.3.0, kind: tool, requires: [ { name: gpio } ] }
  - { name: gpio, version: 1.0.0, kind: hardware }
gateway:
  id: gw-1
  hardware: { arch: armv7, components: [ { name: gpio, version: 1.0.0 } ] }
  software: { os: linux }
  installed: [ { name: old-thermometer, version: 0.9.0, installedSize: 4096, requested: true } ]
`;

let directory = '';

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'leonore-resolve-'));
  await writeFile(join(directory, 'catalog.yaml'), catalog);
  await writeFile(
    join(directory, 'other.json'),
    JSON.stringify({ id: 'gw-2', hardware: { arch: 'mips' }, software: { os: 'linux' } }),
  );
  await writeFile(join(directory, 'broken.yaml'), 'artifacts: [ { name: a, version: one, kind: tool } ]\n');
});

afterAll(async () => {
  await rm(directory, { recursive: true });
});

async function leonore(...words: string[]): Promise<{ exitCode: number; stdout: string; error: string }> {
  let stdout = '';
  const silent = { write: () => true };
  const cli = new Cli({ stdout: { write: (text) => (stdout += text) }, stderr: silent, env: {} });
  const program = new Command().exitOverride();
  program.addCommand(
    resolveCommand(cli)
      .exitOverride()
      .configureOutput({ writeErr: () => undefined }),
  );
  const inDirectory = words.map((word) => (/\.(yaml|json)$/u.test(word) ? join(directory, word) : word));
  try {
    await program.parseAsync(['resolve', ...inDirectory], { from: 'user' });
    return { exitCode: cli.exitCode, stdout, error: '' };
  } catch (error) {
    return { exitCode: exitCodeOf(error), stdout, error: (error as Error).message };
  }
}

describe('leonore resolve', () => {
  test('prints the contract', async () => {
    const { exitCode, stdout } = await leonore('--catalog', 'catalog.yaml', 'thermometer@^1', '--json');
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      explanation: null,
      plans: [
        {
          artifacts: [
            { name: 'thermometer', version: '1.2.0', variant: 'armv7-linux', requiredBy: ['request'] },
            { name: 'vm', version: '1.3.0', variant: 'any', requiredBy: ['thermometer'] },
          ],
          install: ['vm@1.3.0', 'thermometer@1.2.0'],
          remove: ['old-thermometer@0.9.0'],
          keep: [],
          downloadSize: 120000,
          installedSize: 310000,
          peakDisk: 430000,
        },
      ],
    });
  });

  test('draws a tree for people', async () => {
    const { stdout } = await leonore('--catalog', 'catalog.yaml', 'thermometer');
    expect(stdout).toBe(`
plan 1
  install  vm@1.3.0 thermometer@1.2.0
  remove   old-thermometer@0.9.0 (was asked for)
  download 117.2 KiB, at most 419.9 KiB more on the disk
  thermometer 1.2.0 [armv7-linux]
  └─ vm 1.3.0
     └─ gpio 1.0.0 (part of the gateway)
`);
  });

  test('exits 3 with the explanation when there is no plan', async () => {
    const { exitCode, stdout } = await leonore(
      '--catalog',
      'catalog.yaml',
      '--gateway',
      'other.json',
      'thermometer',
      '--json',
    );
    expect(exitCode).toBe(3);
    const resolution = JSON.parse(stdout) as Resolution;
    expect(resolution.plans).toEqual([]);
    expect(resolution.explanation).toContain('thermometer 1.2.0 has no variant for mips-linux');
    expect((await leonore('--catalog', 'catalog.yaml', 'unheard-of')).exitCode).toBe(3);
  });

  test.each([
    [['--catalog', 'catalog.yaml', 'a', '--budget', '0'], 'A budget must be more than 0'],
    [['--catalog', 'catalog.yaml', 'a', '--budget', '0ms'], 'A budget must be more than 0'],
    [['--catalog', 'catalog.yaml', 'a', '--budget', '9'.repeat(10)], 'It must be a time'],
    [['--catalog', 'catalog.yaml', 'a', '--budget', 'soon'], 'It must be a time'],
    [['--catalog', 'catalog.yaml', 'a', '--budget', '-1s'], 'It must be a time'],
    [['--catalog', 'broken.yaml', 'a'], 'broken.yaml:1:34: artifacts[0].version: "one"'],
    [['--catalog', 'absent.yaml', 'a'], 'cannot be read'],
    [['--catalog', 'catalog.yaml'], 'missing required argument'],
    [['a'], 'required option'],
    [['--catalog', 'catalog.yaml', 'a@nope'], 'is not a version range'],
    [['--catalog', 'catalog.yaml', '../a'], 'does not start with the name'],
    [['--catalog', 'catalog.yaml', 'a', '--plans', '0'], 'whole number'],
    [['--catalog', 'catalog.yaml', 'a', '--unknown'], 'unknown option'],
    [['--catalog', 'catalog.yaml', '--gateway', 'catalog.yaml', 'a'], 'unknown field'],
  ])('exits 2 for %j', async (words, expected) => {
    const { exitCode, stdout, error } = await leonore(...words);
    expect(exitCode).toBe(2);
    expect(stdout).toBe('');
    expect(error).toContain(expected);
  });
});
