/** What Jest's workers are made of here: one realm, and a process that each file leaves as it was. */
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { parse } from 'yaml';

/** A path: there are no types of it. */
const processState: string = './process-state.mjs';

function thrownBy(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}

test.each([
  ['Node.js', () => readFileSync('/not/there')],
  ['a package', (): unknown => parse('[')],
  ['the engine', () => JSON.parse('[') as unknown],
])('what %s throws is an Error', (_who, work) => {
  expect(thrownBy(work)).toBeInstanceOf(Error);
});

test('what a file changes of the process is put back', async () => {
  const { rememberProcess } = (await import(processState)) as { rememberProcess: () => () => void };
  const listener = (): void => undefined;
  const path = process.env['PATH'];
  const directory = process.cwd();
  const putBack = rememberProcess();
  process.env['PATH'] = '/nowhere';
  process.env['LEONORE_LEFT_BEHIND'] = '1';
  process.chdir('/');
  process.on('SIGUSR2', listener);
  putBack();
  expect(process.env['PATH']).toBe(path);
  expect(process.env).not.toHaveProperty('LEONORE_LEFT_BEHIND');
  expect(process.cwd()).toBe(directory);
  expect(process.listeners('SIGUSR2')).not.toContain(listener);
});
