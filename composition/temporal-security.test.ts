import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { temporalSecurity } from './temporal-security.js';

let folder: string;
const path = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'leonore-temporal-'));
  for (const name of ['ca', 'cert', 'key']) await writeFile(path(name), name);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

test('what is not asked for is not spoken', () => {
  expect(temporalSecurity({ TEMPORAL_TLS: false })).toEqual({});
});

test('TLS may be that of the system, of an authority, with a certificate of its own, or with a key', () => {
  const [ca, crt, key] = ['ca', 'cert', 'key'].map((name) => Buffer.from(name));
  expect(temporalSecurity({ TEMPORAL_TLS: true })).toEqual({ tls: {} });
  expect(temporalSecurity({ TEMPORAL_TLS: false, TEMPORAL_TLS_CA: path('ca') })).toEqual({
    tls: { serverRootCACertificate: ca },
  });
  expect(
    temporalSecurity({
      TEMPORAL_TLS: false,
      TEMPORAL_TLS_CERT: path('cert'),
      TEMPORAL_TLS_KEY: path('key'),
    }),
  ).toEqual({ tls: { clientCertPair: { crt, key } } });
  // An API key in the clear would be everybody's.
  expect(temporalSecurity({ TEMPORAL_TLS: false, TEMPORAL_API_KEY: 'k' })).toEqual({ tls: {}, apiKey: 'k' });
});

test('half of a pair, and a file that is not there, are no configuration', () => {
  expect(() => temporalSecurity({ TEMPORAL_TLS: true, TEMPORAL_TLS_KEY: path('key') })).toThrow(
    'go together',
  );
  expect(() => temporalSecurity({ TEMPORAL_TLS: true, TEMPORAL_TLS_CA: path('absent') })).toThrow(
    'TEMPORAL_TLS_CA cannot be read',
  );
});
