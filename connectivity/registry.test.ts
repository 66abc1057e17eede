import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { pushAddressesOf } from './push-addresses.js';
import { openHandlers } from './registry.js';

const options = { environment: { LEONORE_PUSH_ADDRESSES: '127.0.0.0/8' }, services: [] };
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'leonore-handlers-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function moduleOf(name: string, source: string): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, source);
  return path;
}

const smoke = `export default {
  name: 'smoke',
  open: () => ({
    protocol: 'smoke',
    pushAddresses: { scheme: 'smoke', check: (address) => { if (address !== 'smoke://hill') throw new Error('no hill'); } },
    start: async () => [], notify: async () => false, close: async () => undefined,
  }),
};`;

test('a handler of a file is one more, with rules of its own for addresses', async () => {
  const handlers = await openHandlers(options, [await moduleOf('smoke.mjs', smoke)]);
  expect(handlers.map(({ protocol }) => protocol)).toEqual([
    'http',
    'mqtt',
    'coap',
    'hawkbit',
    'mender',
    'smoke',
  ]);
  const rules = pushAddressesOf(handlers);
  expect(() => rules.check('smoke://hill', '127.0.0.1')).not.toThrow();
  expect(() => rules.check('smoke://valley', '127.0.0.1')).toThrow(
    expect.objectContaining({ code: 'MALFORMED_INPUT', message: 'pushAddress: no hill' }),
  );
  expect(() => rules.check('http://127.0.0.1:1/x', '127.0.0.1')).not.toThrow();
  expect(() => rules.check('drum://127.0.0.1:1/x', '127.0.0.1')).toThrow(/nobody here notifies/);
});

test.each([
  ['is not there', async () => join(directory, 'nothing.mjs'), /cannot be loaded/],
  ['is named by a part of its path', async () => 'smoke.mjs', /not an absolute path/],
  ['throws', () => moduleOf('broken.mjs', 'throw new Error("x")'), /cannot be loaded/],
  ['has no handler', () => moduleOf('empty.mjs', 'export const name = 1'), /no handler/],
  ['has a name that is none', () => moduleOf('bad.mjs', smoke.replace("'smoke'", "'Smoke /'")), /no handler/],
  [
    'speaks what is spoken already',
    () => moduleOf('http.mjs', smoke.replace("'smoke'", "'http'")),
    /two handlers/,
  ],
])('a file that %s is refused at the start', async (_what, path, message) => {
  await expect(openHandlers(options, [await path()])).rejects.toMatchObject({
    code: 'MALFORMED_INPUT',
    message: expect.stringMatching(message),
  });
});
