import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { localAuthority } from '../../stack/local-authority.js';
import { Authorities } from './authorities.js';

let folder: string;
let path: string;
let first: string;
let second: string;
let said: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'leonore-authorities-'));
  path = join(folder, 'authorities.json');
  const made = async (name: string) =>
    readFile((await localAuthority(join(folder, name), Date.now())).caPath, 'utf8');
  [first, second] = [await made('first'), await made('second')];
  said = [];
});

afterEach(() => rm(folder, { recursive: true, force: true }));

const open = (given?: string) =>
  Authorities.open({ path, given, log: (_level, message) => void said.push(message) });

test('what the enrolment was verified by is believed from then on, whatever is given', async () => {
  const authorities = await open(first);
  expect(authorities.pem).toBe(first);
  // Before the enrolment nothing is pinned.
  expect((await open(second)).pem).toBe(second);
  await authorities.registered(undefined);
  expect((await open(second)).pem).toBe(first);
  expect(said.join()).toContain('pinned at the enrolment');
  expect((await open()).pem).toBe(first);
});

test('what a verified server tells replaces it; what is no certificate does not', async () => {
  const authorities = await open(first);
  await authorities.registered(`${first}${second}`);
  expect((await open()).pem).toBe(`${first}${second}`);
  for (const damaged of ['', 'no certificate', first.replace('MII', 'MIJ')])
    await authorities.registered(damaged);
  expect(authorities.pem).toBe(`${first}${second}`);
  expect((await open()).pem).toBe(`${first}${second}`);
});

test('without any, whom the system believes is believed until LEONORE tells', async () => {
  const authorities = await open();
  await authorities.registered(undefined);
  expect((await open()).pem).toBeUndefined();
  await authorities.registered(second);
  expect((await open()).pem).toBe(second);
});

test('what is given must be a certificate', async () => {
  await expect(open('no certificate')).rejects.toMatchObject({ code: 'MALFORMED_INPUT' });
});
