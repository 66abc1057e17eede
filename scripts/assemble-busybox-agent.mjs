/**
 * Makes the one file of the BusyBox agent, dist/agent/leonore-agent.sh, of its parts in agent/sh/parts/. What only
 * people need is left out: comments, indentation, and long names.
 */
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
/** In this order: the first sets up what all others use, the last runs. */
const parts = [
  'surroundings',
  'asking',
  'profile',
  'reporting',
  'running',
  'isolation',
  'applications',
  'container',
  'packages',
  'generations',
  'delivery',
  'memory',
  'tasks',
  'main',
];

const source = parts.map((name) => readFileSync(join(root, 'agent/sh/parts', `${name}.sh`), 'utf8')).join('');
const functions = [...source.matchAll(/^([a-z]\w*)\(\) /gm)].map((match) => match[1]);
/** Where the shell takes a word for a command: words of messages, of awk and of JSON stay. */
const commands =
  /(?<=^|[;&|(){!] ?|\b(?:if|then|else|elif|while|until|do|in_time|trap|limited \S+) )[a-z]\w*(?=[\s;)&|<>]|\(\) |$)/gm;

const lines = source
  .split('\n')
  .map((line) => line.replace(/^\t+/, ''))
  .filter((line) => line !== '' && !line.startsWith('#'))
  // Not where it is part of a variable's name, or a value.
  .map((line) => (line.includes('read -r') ? line.replace(/ _[a-z]+\b/g, ' _') : line))
  .map((line) => line.replace(/ (&&|\|\|) /g, '$1'))
  .join('\n');
const text = tightened(withShortVariables(withShortFunctions(lines)));
const disabled = source.match(/^# shellcheck disable=\S+/m)?.[0] ?? '';
const head = [
  '#!/bin/sh',
  '# The gateway agent for BusyBox, made of agent/sh/parts: see docs/gateway.md.',
  disabled,
];

const target = join(root, 'dist/agent/leonore-agent.sh');
mkdirSync(dirname(target), { recursive: true });
writeFileSync(target, `${head.join('\n')}\n${text}\n`);
chmodSync(target, 0o755);

/** Gives functions short names, the most used the shortest; no command begins with a capital. */
function withShortFunctions(script) {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
  const names = [
    ...letters,
    ...[...letters].flatMap((first) => [...'abcdeg'].map((second) => first + second)),
  ];
  const uses = new Map(functions.map((name) => [name, 0]));
  for (const [name] of script.matchAll(commands)) if (uses.has(name)) uses.set(name, uses.get(name) + 1);
  const ordered = [...uses].sort(([, left], [, right]) => right - left);
  const short = new Map(ordered.map(([name], index) => [name, names[index]]));
  return script.replace(commands, (name) => short.get(name) ?? name);
}

/**
 * Gives the shell's variables short names, the most used the shortest. Only where the shell itself reads a name: words of
 * messages and names of awk's own (`-v name=`) stay.
 */
function withShortVariables(script) {
  const given = [
    /(?<=(?:^|[\s;&|(){`])(?<!-[vo] ))[a-z]\w*(?==)/gm,
    /(?<=\bread -r (?:\w+ )*)[a-z]\w*/g,
    /(?<=\bfor )[a-z]\w*(?= in\b)/g,
  ];
  const read = [/(?<=\$\{?)[a-z]\w*/g, /(?<=\$\(\((?:(?!\)\)).)*)(?<![\w$])(?<!\$\()[a-z]\w*/g];
  const uses = new Map();
  for (const place of given) for (const [name] of script.matchAll(place)) uses.set(name, 0);
  // Those are dd's.
  for (const operand of ['count', 'seek']) uses.delete(operand);
  for (const place of [...given, ...read]) {
    for (const [name] of script.matchAll(place)) if (uses.has(name)) uses.set(name, uses.get(name) + 1);
  }
  const letters = 'abcdefghijklmnopqrstuvwxyz';
  const free = [...letters, ...[...letters].flatMap((first) => [...letters].map((second) => first + second))];
  // What is named by one letter or two already keeps its name, and so do the shell's own words.
  const taken = new Set([...uses.keys()].filter((name) => name.length < 3).concat('do', 'fi', 'if', 'in'));
  const names = free.filter((name) => !taken.has(name));
  const renamed = new Map();
  for (const [name] of [...uses].sort(([, left], [, right]) => right - left)) {
    if (name.length < 3) continue;
    const candidate = names.shift();
    renamed.set(name, candidate.length < name.length ? candidate : name);
  }
  return [...given, ...read].reduce(
    (text, place) => text.replace(place, (name) => renamed.get(name) ?? name),
    script,
  );
}

/** Without the spaces that only people need: in arithmetic, between commands, and in awk outside of its texts. */
function tightened(script) {
  return script
    .replace(/\$\(\((?:(?!\)\)|\$\(|").)*\)\)/g, (sum) => sum.replace(/ /g, ''))
    .replace(/ \| /g, '|')
    .replace(/(?<=\b(?:awk|[A-Z][a-g]?)\b[^'\n]* ')[^']*(?=')/g, tightAwk);
}

/** Lines with a slash are left as they are: it may begin a pattern. */
function tightAwk(program) {
  if (!/[{}]/.test(program)) return program;
  return program
    .split('\n')
    .map((line) =>
      line.includes('/')
        ? line
        : line
            .split(/("(?:[^"\\]|\\.)*")/)
            .map((part, index) => (index % 2 === 1 ? part : part.replace(/ ?([=<>?:{};,&|!*+]) ?/g, '$1')))
            .join(''),
    )
    .join('\n');
}
