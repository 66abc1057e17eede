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
const functions = [...source.matchAll(/^([a-z]+_[a-z_]+)\(\) /gm)].map((match) => match[1]);
const short = new Map(functions.map((name, index) => [name, `_${index.toString(36)}`]));

const lines = source
  .split('\n')
  .map((line) => line.replace(/^\t+/, ''))
  .filter((line) => line !== '' && !line.startsWith('#'))
  // Not where it is part of a variable's name, or a value.
  .map((line) => (line.includes('read -r') ? line.replace(/ _[a-z]+\b/g, ' _') : line))
  .map((line) => line.replace(/ (&&|\|\|) /g, '$1'))
  .map((line) => line.replace(/(?<![\w$/{-])[a-z]+_[a-z_]+(?![\w=}-])/g, (name) => short.get(name) ?? name));
const text = withShortVariables(lines.join('\n'));
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
  // That is what dd calls it.
  uses.delete('count');
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
  return [...given, ...read].reduce((text, place) => text.replace(place, (name) => renamed.get(name) ?? name), script);
}
