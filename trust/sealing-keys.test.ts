import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { SecretBox } from '../repositories/secret-box.js';
import {
  forgetOldSealingKeys,
  publicPathOf,
  readSealingKeys,
  readSealingPublicKey,
  rotateSealingKeys,
} from './sealing-key-file.js';
import { newSealingKey, sealFor, sealingPublicKey, SecretOpener } from './sealing-keys.js';

const unavailable = expect.objectContaining({ code: 'SECRETS_UNAVAILABLE' });
const malformed = { code: 'MALFORMED_INPUT' };
const none = new SecretBox([]);

let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'leonore-sealing-'));
  file = join(folder, 'values-key.json');
});

afterEach(() => rm(folder, { recursive: true, force: true }));

test('what was sealed for a key is opened with it, in its place only', () => {
  const [key, other] = [newSealingKey(), newSealingKey()];
  const sealed = sealFor(sealingPublicKey(key), 'pässword', 'gw-1 key');
  expect(sealed.includes('pässword')).toBe(false);
  expect(sealFor(sealingPublicKey(key), 'pässword', 'gw-1 key').equals(sealed)).toBe(false);
  expect(new SecretOpener(() => [other, key], none).open(sealed, 'gw-1 key')).toBe('pässword');
  for (const [keys, place] of [
    [[key], 'gw-2 key'],
    [[other], 'gw-1 key'],
    [[], 'gw-1 key'],
  ] as const) {
    expect(() => new SecretOpener(() => keys, none).open(sealed, place)).toThrow(unavailable);
  }
});

test('what was tampered with is not opened', () => {
  const key = newSealingKey();
  const opener = new SecretOpener(() => [key], none);
  const sealed = sealFor(sealingPublicKey(key), 'secret', 'place');
  for (let at = 0; at < sealed.length; at += 1) {
    const changed = Buffer.from(sealed);
    changed[at] = (changed[at] ?? 0) ^ 1;
    // The highest bit of a coordinate says nothing (RFC 7748, section 5), but is part of what the key is made of.
    expect(() => opener.open(changed, 'place')).toThrow(unavailable);
    expect(() => opener.open(sealed.subarray(0, at), 'place')).toThrow(unavailable);
  }
});

test('whoever can seal cannot open', () => {
  const publicKey = sealingPublicKey(newSealingKey());
  const sealed = sealFor(publicKey, 'secret', 'place');
  expect(() => new SecretOpener(() => [publicKey], none).open(sealed, 'place')).toThrow(unavailable);
  expect(() => new SecretOpener(() => [], new SecretBox([publicKey])).open(sealed, 'place')).toThrow(
    unavailable,
  );
});

test('what was sealed with a symmetric key is still opened', () => {
  const before = new SecretBox(['11'.repeat(32)]);
  const sealed = before.seal('old', 'place');
  expect(new SecretOpener(() => [newSealingKey()], before).open(sealed, 'place')).toBe('old');
});

test('a new key counts while nodes run, the old ones open until they are forgotten', async () => {
  const first = await rotateSealingKeys(file);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await readFile(publicPathOf(file), 'utf8')).not.toContain(readSealingKeys(file)[0]);
  const opener = new SecretOpener(() => readSealingKeys(file), none);
  const old = sealFor(first, 'old', 'place');

  const second = await rotateSealingKeys(file);
  expect(readSealingPublicKey(publicPathOf(file))).toBe(second);
  expect(opener.open(sealFor(second, 'new', 'place'), 'place')).toBe('new');
  expect(opener.open(old, 'place')).toBe('old');

  expect(await forgetOldSealingKeys(file)).toBe(1);
  const later = new SecretOpener(() => readSealingKeys(file), none);
  expect(later.open(sealFor(second, 'new', 'place'), 'place')).toBe('new');
  expect(() => later.open(old, 'place')).toThrow(unavailable);
});

test('another file is no file of keys, and is not replaced', async () => {
  await writeFile(file, '{"type":"leonore-key-1"}');
  await expect(rotateSealingKeys(file)).rejects.toMatchObject(malformed);
  expect(await readFile(file, 'utf8')).toBe('{"type":"leonore-key-1"}');
  expect(() => readSealingKeys(join(folder, 'absent'))).toThrow(expect.objectContaining(malformed));
  expect(() => readSealingPublicKey(file)).toThrow(expect.objectContaining(malformed));
});
