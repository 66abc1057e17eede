/** What a shell offers behind some words, and that the help of all verbs says what each says of itself. */
import { execFileSync } from 'node:child_process';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { runCli } from './run-cli.js';

async function leonore(...args: string[]): Promise<string> {
  let printed = '';
  const stream = { write: (text: string) => (printed += text) };
  expect(await runCli(args, { stdout: stream, stderr: stream, env: {} })).toBe(0);
  return printed;
}

describe('bash', () => {
  let script: string;

  beforeAll(async () => {
    script = await leonore('completion', 'bash');
  });

  /** What is offered with the cursor behind the last word. */
  function offered(...words: readonly string[]): string[] {
    const ask = `${script}\nCOMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _leonore; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return execFileSync('bash', ['-c', ask, 'bash', ...words], { encoding: 'utf8', cwd: '/' })
      .trim()
      .split('\n');
  }

  test.each([
    [['leonore', 'art'], ['artifact']],
    [
      ['leonore', 'artifact', 'd'],
      ['dependents', 'diff'],
    ],
    [['leonore', '--json', 'gateway', 'sh'], ['show']],
    [['leonore', 'gateway', 'list', '--unw'], ['--unwell']],
    [
      ['leonore', 'artifact', 'init', '--kind', ''],
      ['application', 'library', 'tool'],
    ],
    [['leonore', 'completion', 'fish', '/etc/passw'], ['/etc/passwd']],
  ])('%j: %j', (words, wanted) => {
    expect(offered(...words).filter((word) => !word.endsWith('-'))).toEqual(wanted);
  });

  test('every verb is offered', async () => {
    const help = await leonore('--help');
    const verbs = [...help.matchAll(/^ {2}([a-z]+) .*\[options\]/gm)].map(([, name]) => name);
    expect(verbs.length).toBeGreaterThan(12);
    expect(
      offered('leonore', '')
        .filter((word) => !word.startsWith('-'))
        .sort(),
    ).toEqual(verbs.sort());
  });
});

test.each(['zsh', 'fish'])('%s: verbs and options stand in the script', async (shell) => {
  const script = await leonore('completion', shell);
  expect(script).toContain('gateway list');
  expect(script).toContain('unwell');
});

test('the help of all verbs says of each what it says of itself', async () => {
  const flat = (text: string): string => text.replace(/\s+/g, ' ');
  const all = flat(await leonore('--help'));
  const verbs = [...(await leonore('--help')).matchAll(/^ {2}([a-z]+) \[options\]/gm)].map(
    ([, name = '']) => name,
  );
  for (const verb of verbs) {
    const [, own = ''] = /^Usage: [^\n]*\n\n([^]*?)\n\n/.exec(await leonore(verb, '--help')) ?? [];
    expect(all).toContain(flat(`${verb} [options] ${own}`));
  }
});
