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
const disabled = source.match(/^# shellcheck disable=\S+/m)?.[0] ?? '';
const head = [
  '#!/bin/sh',
  '# The gateway agent for BusyBox, made of agent/sh/parts: see docs/gateway.md.',
  disabled,
];

const target = join(root, 'dist/agent/leonore-agent.sh');
mkdirSync(dirname(target), { recursive: true });
writeFileSync(target, `${[...head, ...lines].join('\n')}\n`);
chmodSync(target, 0o755);
