/** The package management over the API: what it takes, what it refuses, and that nothing is stored of what it refuses. */
import { readdir } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { apiCaller } from '../tests/support/call-api.js';
import {
  artifactTar,
  randomName,
  tarOf,
  testApi,
  testTokens,
  type TestApi,
} from '../tests/support/test-api.js';

let api: TestApi;

beforeAll(async () => {
  // Nothing listens there: artifacts need no Temporal.
  api = await testApi('127.0.0.1:9');
}, 60_000);

afterAll(() => api.close());

const call = apiCaller(() => api.address);

const addArtifact = (tar: Buffer) =>
  call('POST', '/api/v1/artifacts', tar, { 'content-type': 'application/x-tar' });

async function storedBlobs(): Promise<string[]> {
  const entries = await readdir(api.blobRoot, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

describe('artifacts', () => {
  test('an artifact is added, is there, and adding the same again changes nothing', async () => {
    const name = randomName('app');
    const tar = artifactTar(`name: ${name}\nversion: 1.0.0\nkind: application\n`);
    const added = await addArtifact(tar);
    expect(added).toMatchObject({ status: 201, body: { name, version: '1.0.0', sizeBytes: 10 } });
    expect(added.headers.location).toBe(`/api/v1/artifacts/${name}/1.0.0`);
    expect((await addArtifact(tar)).status).toBe(200);
    expect((await call('GET', `/api/v1/artifacts/${name}`)).body['items']).toHaveLength(1);
    expect((await call('GET', `/api/v1/artifacts/${name}/1.0.0`)).body).toMatchObject({
      kind: 'application',
    });
  });

  test('what goes on after its end is refused; what writers leave there is not', async () => {
    const manifest = `name: ${randomName('app')}\nversion: 1.0.0\nkind: application\n`;
    const tar = artifactTar(manifest);
    expect(await addArtifact(Buffer.concat([tar, Buffer.alloc(3 << 20)]))).toMatchObject({
      status: 400,
      body: { code: 'MALFORMED_ARTIFACT', detail: 'the archive goes on after its end' },
    });
    expect((await addArtifact(Buffer.concat([tar, Buffer.alloc(10_240)]))).status).toBe(201);
  });

  test('a version never changes', async () => {
    const manifest = `name: ${randomName('app')}\nversion: 1.0.0\nkind: application\n`;
    await addArtifact(artifactTar(manifest));
    const before = await storedBlobs();
    expect(await addArtifact(artifactTar(manifest, { 'bin/run': 'other' }))).toMatchObject({
      status: 409,
      body: { code: 'ARTIFACT_IMMUTABLE' },
    });
    expect((await call('GET', `/api/v1/artifacts/${manifest.split(/[ \n]/)[1]}/1.0.0`)).body).toMatchObject({
      sizeBytes: 10,
    });
    expect((await storedBlobs()).filter((file) => file.includes('staging'))).toEqual([]);
    expect(before.length).toBeGreaterThan(0);
  });

  const good = 'name: hostile\nversion: 1.0.0\nkind: application\n';
  test.each([
    ['a body that is no tar', Buffer.from('hello '.repeat(200)), 'MALFORMED_ARTIFACT'],
    ['no manifest', tarOf([{ path: 'bin/run', content: 'x' }]), 'MALFORMED_ARTIFACT'],
    [
      'a path that climbs out',
      tarOf([
        { path: 'artifact.yaml', content: good },
        { path: '../evil', content: 'x' },
      ]),
      'MALFORMED_ARTIFACT',
    ],
    [
      'an absolute path',
      tarOf([
        { path: 'artifact.yaml', content: good },
        { path: '/etc/passwd', content: 'x' },
      ]),
      'MALFORMED_ARTIFACT',
    ],
    [
      'a link',
      tarOf([
        { path: 'artifact.yaml', content: good },
        { path: 'link', type: 'SymbolicLink', linkpath: '/etc/passwd' },
      ]),
      'MALFORMED_ARTIFACT',
    ],
    [
      'a device',
      tarOf([
        { path: 'artifact.yaml', content: good },
        { path: 'dev', type: 'CharacterDevice' },
      ]),
      'MALFORMED_ARTIFACT',
    ],
    [
      'a file twice',
      tarOf([
        { path: 'artifact.yaml', content: good },
        { path: 'a', content: '1' },
        { path: 'a', content: '2' },
      ]),
      'MALFORMED_ARTIFACT',
    ],
    ['an unknown field', artifactTar(`${good}colour: red\n`), 'MALFORMED_ARTIFACT'],
    ['a field twice', artifactTar(`${good}version: 2.0.0\n`), 'MALFORMED_ARTIFACT'],
    [
      'a version that is no SemVer',
      artifactTar('name: hostile\nversion: one\nkind: application\n'),
      'MALFORMED_ARTIFACT',
    ],
    [
      'a range that is none',
      artifactTar(`${good}requires: [{ name: x, version: "!!" }]\n`),
      'MALFORMED_ARTIFACT',
    ],
    [
      'a variant whose directory has no files',
      artifactTar(`${good}variants: [{ directory: nowhere }]\n`),
      'MALFORMED_ARTIFACT',
    ],
    [
      'a start script that is not there',
      artifactTar(`${good}control: { start: bin/none }\n`),
      'MALFORMED_ARTIFACT',
    ],
    ['a manifest that is too large', artifactTar(`${good}# ${'x'.repeat(1_100_000)}\n`), 'TOO_LARGE'],
  ])('%s is refused, and nothing is stored', async (_what, tar, code) => {
    const before = await storedBlobs();
    const refused = await addArtifact(tar);
    expect(refused.body).toMatchObject({ code });
    expect(refused.headers['content-type']).toContain('application/problem+json');
    expect(await storedBlobs()).toEqual(before);
    expect((await call('GET', '/api/v1/artifacts/hostile')).status).toBe(404);
  });

  test('another type of body is refused', async () => {
    expect((await call('POST', '/api/v1/artifacts', { name: 'x' })).status).toBe(415);
  });

  test('of one whose connection ends in the middle nothing is left', async () => {
    const before = await storedBlobs();
    const name = randomName('app');
    const big = 'x'.repeat(4 << 20);
    const tar = artifactTar(`name: ${name}\nversion: 1.0.0\nkind: application\n`, {
      'bin/a': 'a',
      'bin/run': big,
    });
    const upload = httpRequest(`${api.address}/api/v1/artifacts`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${testTokens.admin}`,
        'content-type': 'application/x-tar',
        'content-length': tar.length,
      },
    });
    const ended = new Promise((resolve) => upload.once('error', resolve));
    upload.write(tar.subarray(0, 2 << 20));
    // The files that have come are staged by then.
    while ((await storedBlobs()).length === before.length) await new Promise(setImmediate);
    upload.destroy();
    await ended;
    while ((await storedBlobs()).length !== before.length) await new Promise(setImmediate);
    expect(await storedBlobs()).toEqual(before);
    expect((await call('GET', `/api/v1/artifacts/${name}`)).status).toBe(404);
    expect((await addArtifact(tar)).status).toBe(201);
  });
});
