/** What verbs load before they do anything: loading is what the start of a verb costs. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { packageRoot } from '../process/package-root.js';

const run = promisify(execFile);

/** Each takes about as long to load as all that a verb needs. */
const heavy = ['undici', 'typebox', 'yaml', 'tar', '@temporalio', '@prisma', 'pino', 'fastify'];

/** Tells which packages are loaded. */
const hooks = `export async function load(url, context, next) {
  const [, name] = /\\/node_modules\\/((?:@[^/]+\\/)?[^/]+)\\//.exec(url) ?? [];
  if (name !== undefined) process._rawDebug('loaded ' + name);
  return next(url, context);
}`;
const moduleOf = (text: string): string =>
  `data:text/javascript;base64,${Buffer.from(text).toString('base64')}`;
const register = moduleOf(`import { register } from 'node:module'; register('${moduleOf(hooks)}');`);

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
  const main = join(packageRoot(), 'dist/cli/main.js');
  // Nothing listens there.
  const server = ['--server', 'http://127.0.0.1:1', '--token', 'x'];
  const args = [
    '--import',
    register,
    main,
    ...words.split(' '),
    ...(/^(--help|completion)/.test(words) ? [] : server),
  ];
  const { stderr } = await run(process.execPath, args).catch(
    (error: unknown) => error as { readonly stderr: string },
  );
  const loaded = new Set([...stderr.matchAll(/^loaded (\S+)$/gmu)].map(([, name]) => name));
  expect(loaded).toContain('commander');
  expect(
    heavy.filter((name) => [...loaded].some((one) => one === name || one?.startsWith(`${name}/`))),
  ).toEqual([]);
});
