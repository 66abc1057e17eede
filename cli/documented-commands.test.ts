/** What README and docs tell people to type is there: verbs with their options, scripts, variables. */
import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Command } from 'commander';
import { packageRoot } from '../process/package-root.js';
import { shellBlocks } from '../tests/support/shell-blocks.js';
import { sourceFiles } from '../tests/support/source-files.js';
import { Cli } from './cli.js';
import { wholeProgram } from './deferred-commands.js';

const nowhere = { write: () => undefined };
const allVerbs = () => wholeProgram(new Cli({ stdout: nowhere, stderr: nowhere, env: {} }));
/** Options that all verbs take, and the help. */
const common = new Set(['--json', '--server', '--ca', '--token', '--help']);

let pages: ReadonlyMap<string, string>;
let sources: readonly string[];

beforeAll(async () => {
  const read = async (file: string) => [file, await readFile(join(packageRoot(), file), 'utf8')] as const;
  const files = await sourceFiles();
  pages = new Map(await Promise.all(files.filter((file) => extname(file) === '.md').map(read)));
  const code = files.filter((file) => /\.(ts|mjs|sh)$/.test(file));
  sources = (await Promise.all(code.map(read))).map(([, text]) => text);
});

interface Said {
  readonly page: string;
  readonly line: string;
}

/** Lines of blocks that are to be typed as they are, those that go on in the next put together. */
function typed(): Said[] {
  return [...pages].flatMap(([page, text]) =>
    shellBlocks(text).flatMap((block) =>
      block
        .replace(/\\\n\s*/g, ' ')
        .split('\n')
        .map((line) => ({ page, line: line.replace(/\s+# .*$/, '').replace(/\bPORT\b/, '8480') })),
    ),
  );
}

/** What is spoken of within a sentence; capitals stand for what somebody puts in. */
function spokenOf(): Said[] {
  return [...pages].flatMap(([page, text]) =>
    [...text.matchAll(/`((?:npx )?leonore [^`]+)`/g)].map(([, line = '']) => ({ page, line })),
  );
}

/** The words behind `leonore`, as a shell would make them; null when it is no such line. */
function wordsOf(line: string): string[] | null {
  const [, rest] = /^(?:[A-Z_]+=\S+ )*(?:npx )?leonore (.*)$/s.exec(line.replace(/\n/g, ' ')) ?? [];
  if (rest === undefined) return null;
  const [command = ''] = rest.split(/ [<>|] /);
  return [...command.matchAll(/(?:[^\s'"]+|'[^']*'|"[^"]*")+/g)].map(([word]) => word.replace(/['"]/g, ''));
}

/** The verbs that words name, `a|b` being both of them, and the words behind. @throws Error when there is none */
function verbsIn(program: Command, words: readonly string[]): { verbs: Command[]; rest: readonly string[] } {
  let verbs = [program];
  for (const [at, word] of words.entries()) {
    const [group = program] = verbs;
    if (group.commands.length === 0 || /^(?:-|…|\.\.\.|VERB)/.test(word))
      return { verbs, rest: words.slice(at) };
    verbs = word.split('|').map((name) => {
      const found = group.commands.find((one) => one.name() === name);
      if (found === undefined) throw new Error(`${group.name()} has no verb "${name}"`);
      return found;
    });
  }
  return { verbs, rest: [] };
}

function optionsOf(verb: Command): string[] {
  return verb.options.flatMap(({ long, hidden }) => (long == null || hidden ? [] : [long]));
}

async function faultsOf(said: readonly Said[], judge: (words: string[]) => Promise<void>): Promise<string[]> {
  const faults: string[] = [];
  for (const { page, line } of said) {
    const words = wordsOf(line);
    if (words === null) continue;
    await judge(words).catch((error: unknown) => faults.push(`${page}: ${line}: ${String(error)}`));
  }
  return faults;
}

test('every command line that is to be typed is one', async () => {
  const lines = typed().filter(({ line }) => wordsOf(line) !== null);
  expect(lines.length).toBeGreaterThan(25);
  const faults = await faultsOf(lines, async (words) => {
    const program = await allVerbs();
    doNothing(program);
    await program.parseAsync(words, { from: 'user' });
  });
  expect(faults).toEqual([]);
});

/** Reads its command line, and does nothing. */
function doNothing(command: Command): void {
  command.exitOverride().configureOutput({ writeErr: () => undefined, outputError: () => undefined });
  if (command.commands.length === 0) command.action(() => undefined);
  for (const below of command.commands) doNothing(below);
}

test('every verb and option that is spoken of is there', async () => {
  const program = await allVerbs();
  const faults = await faultsOf(spokenOf(), async (words) => {
    const { verbs, rest } = verbsIn(program, words);
    const known = new Set([...common, ...verbs.flatMap(optionsOf)]);
    const unknown = rest
      .flatMap((word) => /^--[a-z-]+/.exec(word)?.[0] ?? [])
      .filter((one) => !known.has(one));
    if (unknown.length > 0) throw new Error(`no option ${unknown.join(', ')}`);
  });
  expect(faults).toEqual([]);
});

describe('docs/cli.md', () => {
  /** First column of the table of verbs: each verb whole, with what is said of its options. */
  function rows(program: Command): Map<string, string> {
    const found = new Map<string, string>();
    for (const [, cell = ''] of (pages.get('docs/cli.md') ?? '').matchAll(/^\| (`.*?) (?<!\\)\| /gm)) {
      let group: string[] = [];
      for (const [, synopsis = ''] of cell.matchAll(/`([^`]+)`/g)) {
        const words = synopsis.replaceAll('\\|', '|').split(' ');
        const isWhole = program.commands.some((one) => one.name() === words[0]);
        if (!isWhole) words.unshift(...group);
        const top = program.commands.find((one) => one.name() === words[0]);
        group = top === undefined || top.commands.length === 0 ? [] : words.slice(0, 1);
        const { verbs, rest } = verbsIn(program, words);
        for (const verb of verbs) found.set(pathOf(verb), rest.join(' '));
      }
    }
    return found;
  }

  function leaves(command: Command): Command[] {
    return command.commands.length === 0 ? [command] : command.commands.flatMap(leaves);
  }

  function pathOf(command: Command): string {
    const { parent } = command;
    return parent?.parent == null ? command.name() : `${pathOf(parent)} ${command.name()}`;
  }

  test('has every verb, with no option that it has not', async () => {
    const program = await allVerbs();
    const told = rows(program);
    expect(
      leaves(program)
        .map(pathOf)
        .filter((path) => !told.has(path)),
    ).toEqual([]);
    const unknown = leaves(program).flatMap((verb) => {
      const known = new Set([...common, ...optionsOf(verb)]);
      const named = (told.get(pathOf(verb)) ?? '').match(/--[a-z-]+/g) ?? [];
      return named.filter((one) => !known.has(one)).map((one) => `${pathOf(verb)} ${one}`);
    });
    expect(unknown).toEqual([]);
  });

  test('or another page names every option', async () => {
    const named = new Set([...pages.values()].flatMap((text) => text.match(/--[a-z][a-z-]*/g) ?? []));
    const missing = leaves(await allVerbs()).flatMap((verb) =>
      optionsOf(verb)
        .filter((one) => !common.has(one) && !named.has(one))
        .map((one) => `${pathOf(verb)} ${one}`),
    );
    expect(missing).toEqual([]);
  });
});

test('every script that is to be run is in package.json', async () => {
  const { scripts } = JSON.parse(await readFile(join(packageRoot(), 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const missing = [...pages].flatMap(([page, text]) =>
    [...text.matchAll(/npm run (?:-s )?([a-z:-]+)/g)].flatMap(([, name = '']) =>
      Object.hasOwn(scripts, name) ? [] : [`${page}: ${name}`],
    ),
  );
  expect(missing).toEqual([]);
});

test('every variable of the environment is read somewhere', () => {
  const known = new Set(sources.flatMap((text) => text.match(/LEONORE_[A-Z0-9_]+/g) ?? []));
  const unknown = [...pages].flatMap(([page, text]) =>
    // Those of values are named as the values are.
    (text.match(/LEONORE_(?!VALUE_)[A-Z0-9_]+(?![A-Z0-9_*])/g) ?? []).flatMap((name) =>
      known.has(name) ? [] : [`${page}: ${name}`],
    ),
  );
  expect(unknown).toEqual([]);
});
