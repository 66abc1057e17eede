import { once } from 'node:events';
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { LeonoreError } from '../domain/errors.js';
import { DiskBlobStore } from './disk-blob-store.js';
import { asDiskFailure } from './disk-failure.js';

const digest = 'ab'.repeat(32);
let root: string;
let store: DiskBlobStore;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'leonore-blobs-test-'));
  store = new DiskBlobStore(root);
});

afterEach(() => rm(root, { recursive: true, force: true }));

/** Content that fails as the disk of whoever sends it might. */
function failing(code: string): Readable {
  return Readable.from(
    (function* () {
      yield Buffer.from('some');
      throw Object.assign(new Error(`${code}: of the sender`), { code });
    })(),
  );
}

describe('a disk that cannot serve now', () => {
  test.each(['ENOSPC', 'EDQUOT', 'EROFS', 'EIO', 'EACCES', 'ESTALE', 'ENOTCONN', 'EMFILE'])(
    '%s is told as BLOBS_UNAVAILABLE, without a path',
    (code) => {
      const cause = Object.assign(new Error(`${code}: no luck, write '/srv/blobs'`), { code });
      const told = asDiskFailure(cause) as LeonoreError;
      expect(told).toMatchObject({ code: 'BLOBS_UNAVAILABLE', retryable: true, cause });
      expect(told.message).not.toContain('/srv');
    },
  );

  test('what is not the disk stays what it is', () => {
    const errors = [
      new Error('a bug'),
      Object.assign(new Error('gone'), { code: 'ENOENT' }),
      new LeonoreError('TOO_LARGE', 'too much'),
      'words',
    ];
    for (const error of errors) expect(asDiskFailure(error)).toBe(error);
  });

  test('is told by whatever reads', async () => {
    // Reading there fails with EIO: nothing is mapped at its first byte.
    await mkdir(join(root, 'sha256', 'ab'), { recursive: true });
    await symlink('/proc/self/mem', join(root, 'sha256', 'ab', digest));
    await expect(store.read(digest)).rejects.toMatchObject({ code: 'BLOBS_UNAVAILABLE' });
    await expect(store.inMemory(digest)).rejects.toMatchObject({ code: 'BLOBS_UNAVAILABLE' });
  });

  test('is told by a stream that is open already', async () => {
    await mkdir(join(root, 'sha256', 'ab'), { recursive: true });
    await symlink('/proc/self/mem', join(root, 'sha256', 'ab', digest));
    const away = { code: 'BLOBS_UNAVAILABLE' };
    await expect(buffer(await store.open(digest))).rejects.toMatchObject(away);
    const sink = new Writable({ write: (_chunk, _encoding, done) => done() });
    await expect(pipeline(await store.open(digest), sink)).rejects.toMatchObject(away);
    const [error] = (await once((await store.open(digest)).resume(), 'error')) as unknown[];
    expect(error).toMatchObject(away);
    // Whoever copies it into the store is told the same.
    await expect(store.stage(await store.open(digest), 100)).rejects.toMatchObject(away);
  });

  test('is told by whatever writes', async () => {
    // Nobody can make files there.
    await symlink('/sys/kernel', join(root, 'staging'));
    await expect(store.stage(Readable.from(['x']), 10)).rejects.toMatchObject({ code: 'BLOBS_UNAVAILABLE' });
  });
});

test('a blob that is not there is missing, and the store is not away', async () => {
  await expect(store.read(digest)).rejects.toMatchObject({ code: 'BLOB_MISSING' });
  await expect(store.open(digest)).rejects.toMatchObject({ code: 'BLOB_MISSING' });
  expect(await store.sizeOf(digest)).toBeNull();
});

test('a sender whose disk fails says nothing of the store', async () => {
  await expect(store.stage(failing('EIO'), 100)).rejects.toMatchObject({ code: 'EIO' });
});
