/** What verbs load before they do anything: loading is what the start of a verb costs. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { packageRoot } from '../process/package-root.js';

const run = promisify(execFile);

/** Each takes about as long to load as all that a verb needs. */
const heavy = [
  'undici',
  'bundled/typebox',
  'typebox',
  'yaml',
  'tar',
  '@temporalio',
  '@prisma',
  'pino',
  'fastify',
];

/** Tells which packages are loaded, and which files of those that are bundled. */
const hooks = `export async function load(url, context, next) {
  const [, name] = /\\/node_modules\\/((?:@[^/]+\\/)?[^/]+)\\//.exec(url) ?? /\\/dist\\/(bundled\\/\\w+)/.exec(url) ?? [];
  if (name !== undefined) process._rawDebug('loaded ' + name);
  return next(url, context);
}`;
const moduleOf = (text: string): string =>
  `data:text/javascript;base64,${Buffer.from(text).toString('base64')}`;
const register = moduleOf(`import { register } from 'node:module'; register('${moduleOf(hooks)}');`);

/** @returns names of packages, once for each module that was loaded */
async function loadedBy(words: readonly string[]): Promise<string[]> {
  const main = join(packageRoot(), 'dist/cli/main.js');
  const { stderr } = await run(process.execPath, ['--import', register, main, ...words]).catch(
    (error: unknown) => error as { readonly stderr: string },
  );
  return [...stderr.matchAll(/^loaded (\S+)$/gmu)].flatMap(([, name]) => name ?? []);
}

test.each([
  '--help',
  // Which loads every verb, and runs none of them.
  'completion bash',
  'artifact list',
  'gateway list',
  'fleet',
  'token list',
  'audit',
  'enrolment list',
  'deployment list',
  'plan app --gateway gw-1',
  'provision app --gateway gw-1',
  'rollout list',
  'wanted list',
  'value list',
  'campaign list',
  'campaign start app --gateway gw-1 --strategy canary',
  'order list',
  'node list',
  'package list',
  'webhook list',
  'session list',
  'trust show',
  'context list',
])('leonore %s loads nothing that takes long', async (words) => {
  // Nothing listens there.
  const server = ['--server', 'http://127.0.0.1:1', '--token', 'x'];
  const isLocal = /^(--help|completion)/.test(words);
  const loaded = await loadedBy([...words.split(' '), ...(isLocal ? [] : server)]);
  expect(loaded).toContain('commander');
  expect(loaded.filter((one) => heavy.some((name) => `${one}/`.startsWith(`${name}/`)))).toEqual([]);
});

test('what reads a manifest loads typebox as a bundle, and none of its files', async () => {
  const loaded = await loadedBy(['artifact', 'check', join(packageRoot(), 'examples/heartbeat')]);
  expect(loaded).toContain('bundled/typebox');
  expect(loaded).not.toContain('typebox');
});
