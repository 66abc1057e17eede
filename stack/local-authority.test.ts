import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { localAuthority } from './local-authority.js';

const dayMs = 86_400_000;
let dataDir: string;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'leonore-authority-'));
});

afterEach(() => rm(dataDir, { recursive: true, force: true }));

async function made(nowMs = Date.now()) {
  const files = await localAuthority(dataDir, nowMs);
  const [ca, cert, key] = await Promise.all(
    [files.caPath, files.certPath, files.keyPath].map((path) => readFile(path, 'utf8')),
  );
  return { files, ca: ca ?? '', cert: cert ?? '', key: key ?? '' };
}

test('a certificate for this machine, of an authority that is one, in files of their owner alone', async () => {
  const { files, ca, cert } = await made();
  const [authority, certificate] = [new X509Certificate(ca), new X509Certificate(cert)];
  expect(authority.ca).toBe(true);
  expect(certificate.ca).toBe(false);
  expect(certificate.checkIssued(authority)).toBe(true);
  expect(certificate.verify(authority.publicKey)).toBe(true);
  for (const host of ['127.0.0.1', '::1']) expect(certificate.checkIP(host)).toBeDefined();
  expect(certificate.checkHost('localhost')).toBeDefined();
  expect(certificate.checkHost('example.org')).toBeUndefined();
  for (const path of [files.keyPath, join(dataDir, 'tls', 'ca.key')])
    expect((await stat(path)).mode & 0o777).toBe(0o600);
});

test('both stay over starts; a certificate that ends soon, is missing or is of another key is made anew', async () => {
  const first = await made();
  expect(await made()).toEqual(first);

  const renewed = await made(Date.now() + 350 * dayMs);
  expect(renewed.ca).toBe(first.ca);
  expect(renewed.cert).not.toBe(first.cert);

  await writeFile(first.files.keyPath, first.key);
  const mended = await made();
  expect(mended.ca).toBe(first.ca);
  expect(mended.key).not.toBe(first.key);

  await rm(join(dataDir, 'tls', 'ca.key'));
  expect((await made()).ca).not.toBe(first.ca);
});
