import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import Type from 'typebox';
import { readEnvironment } from '../../domain/read-environment.js';
import { signInConfig, signInOptionsOf } from './config.js';

let directory: string;
const at = (name: string) => join(directory, name);
const read = (environment: Record<string, string>) =>
  signInOptionsOf(readEnvironment(Type.Object(signInConfig), environment));

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'leonore-sign-in-'));
  await writeFile(at('roles.yaml'), 'admins: [ { role: admin } ]\n');
  await writeFile(at('wrong.yaml'), 'admins:\n  - { role: root }\n');
  await writeFile(at('secret'), 'of the client\n');
  await writeFile(at('empty'), '\n');
});

afterAll(() => rm(directory, { recursive: true, force: true }));

const whole = () => ({
  LEONORE_PUBLIC_URL: 'https://leonore.example',
  LEONORE_OIDC_ISSUER: 'https://login.example/realms/ours',
  LEONORE_OIDC_CLIENT_ID: 'leonore',
  LEONORE_OIDC_CLIENT_SECRET_FILE: at('secret'),
  LEONORE_OIDC_ROLES: at('roles.yaml'),
});

test('without an issuer nobody signs in; with one all that is needed is there', () => {
  expect(read({})).toBeNull();
  expect(read(whole())).toMatchObject({
    lastsSeconds: 43_200,
    idleSeconds: 3_600,
    provider: {
      ca: null,
      clientSecret: 'of the client',
      groupsClaim: 'groups',
      redirectUri: 'https://leonore.example/api/v1/sign-in/callback',
    },
  });
  expect(read({ ...whole(), LEONORE_OIDC_CLIENT_SECRET_FILE: '' })).toMatchObject({
    provider: { clientSecret: null },
  });
  expect(read({ ...whole(), LEONORE_OIDC_ISSUER: 'http://127.0.0.1:9000' })).not.toBeNull();
});

test.each<[string, Record<string, string>, RegExp]>([
  ['no public address', { LEONORE_PUBLIC_URL: '' }, /LEONORE_PUBLIC_URL is needed/],
  ['a public address with a path', { LEONORE_PUBLIC_URL: 'https://x/y' }, /LEONORE_PUBLIC_URL/],
  ['no client', { LEONORE_OIDC_CLIENT_ID: '' }, /LEONORE_OIDC_CLIENT_ID is needed/],
  ['no roles', { LEONORE_OIDC_ROLES: '' }, /LEONORE_OIDC_ROLES is needed/],
  ['a provider without TLS', { LEONORE_OIDC_ISSUER: 'http://login.example' }, /must be https/],
  [
    'a provider that only sounds near',
    { LEONORE_OIDC_ISSUER: 'http://127.0.0.1.evil.example' },
    /must be https/,
  ],
  ['a secret twice', { LEONORE_OIDC_CLIENT_SECRET: 'x' }, /exclude each other/],
  ['scopes without openid', { LEONORE_OIDC_SCOPES: 'email' }, /LEONORE_OIDC_SCOPES/],
])('%s is said at start', (_what, wrong, said) => {
  expect(() => read({ ...whole(), ...wrong })).toThrow(said);
});

test('a file that cannot be read, is empty or wrong is said with its place', () => {
  expect(() => read({ ...whole(), LEONORE_OIDC_ROLES: at('nowhere') })).toThrow(/cannot be read/);
  expect(() => read({ ...whole(), LEONORE_OIDC_CA: at('nowhere') })).toThrow(
    /LEONORE_OIDC_CA names .*cannot be read/,
  );
  expect(() => read({ ...whole(), LEONORE_OIDC_CLIENT_SECRET_FILE: at('empty') })).toThrow(/empty file/);
  expect(() => read({ ...whole(), LEONORE_OIDC_ROLES: at('wrong.yaml') })).toThrow(
    /wrong\.yaml:2:\d+: admins\[0\]\.role/,
  );
});
