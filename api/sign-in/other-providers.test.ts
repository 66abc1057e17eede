/** Other providers, other configurations of one, and what a provider tells by itself: that somebody has signed out. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { request } from 'undici';
import { freePort } from '../../stack/free-port.js';
import { localAuthority } from '../../stack/local-authority.js';
import { apiCaller } from '../../tests/support/call-api.js';
import {
  CookieBrowser,
  signInAt,
  testProvider,
  type TestProvider,
} from '../../tests/support/identity-provider.js';
import { accounts, rolesOfGroups as roles } from '../../tests/support/signed-in-people.js';
import { testApi, type TestApi } from '../../tests/support/test-api.js';

let provider: TestProvider;
let api: TestApi;
let browser: CookieBrowser;

beforeAll(async () => {
  provider = await testProvider({ accounts });
  // Nothing listens there.
  api = await testApi('127.0.0.1:1', { signIn: signInAt(provider, roles) });
}, 60_000);

afterAll(async () => {
  await api.close();
  await provider.close();
});

beforeEach(() => {
  browser = new CookieBrowser(() => api.address);
});

describe('with another provider, or another configuration', () => {
  const apis: TestApi[] = [];
  afterAll(async () => {
    for (const one of apis) await one.close();
  });
  const apiWith = async (...of: Parameters<typeof signInAt>) => {
    const one = await testApi('127.0.0.1:1', { signIn: signInAt(...of) });
    apis.push(one);
    browser = new CookieBrowser(() => one.address);
    return one;
  };

  test('groups that an ID token does not name are asked for', async () => {
    const other = await testProvider({ accounts, claimsIn: 'userinfo' });
    await apiWith(other, roles);
    await browser.signIn('anna');
    expect(JSON.parse((await browser.ask('/api/v1/whoami')).text)).toMatchObject({
      name: `anna@${other.issuer.host}`,
      grants: [{ role: 'operator' }, { role: 'viewer' }],
    });
    await other.close();
  });

  test('over TLS cookies belong to the host and go over TLS alone', async () => {
    await apiWith(provider, roles, { publicUrl: new URL('https://leonore.test') });
    const { setCookies } = await browser.ask('/api/v1/sign-in/start');
    expect(setCookies).toEqual([
      expect.stringMatching(/^__Host-leonore-sign-in=.*; HttpOnly; Path=\/; SameSite=Lax; Secure$/),
    ]);
  });

  describe('who signs out at the provider', () => {
    const logoutPath = '/api/v1/sign-in/back-channel-logout';

    test('is signed out here, everywhere and at once; others are not', async () => {
      const port = await freePort();
      const one = await apiWith({ issuer: new URL(`http://127.0.0.1:${port}`) }, roles);
      const other = await testProvider({ accounts, port, logoutUri: one.address + logoutPath });
      const [laptop, phone, berts] = [
        browser,
        new CookieBrowser(() => one.address),
        new CookieBrowser(() => one.address),
      ];
      await laptop.signIn('anna');
      await phone.signIn('anna');
      await berts.signIn('bert');
      await laptop.signOutAtProvider(other.issuer);
      const states = [];
      for (const each of [laptop, phone, berts]) states.push((await each.ask('/api/v1/whoami')).status);
      expect(states).toEqual([401, 401, 200]);
      const { body } = await apiCaller(() => one.address)('GET', '/api/v1/audit?action=backChannelLogout');
      expect(body['items']).toMatchObject([
        { principalId: `anna of ${other.issuer.href}`, outcome: { status: 200 } },
      ]);
      await other.close();
    });

    /** As the provider would send it, unsigned or signed by somebody else. */
    const token = (claims: object, header: object = { alg: 'RS256', typ: 'logout+jwt' }) =>
      [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.') +
      '.AAAA';
    const claims = () => ({
      iss: provider.issuer.href.replace(/\/$/, ''),
      aud: 'leonore',
      sub: 'bert',
      iat: Math.floor(Date.now() / 1_000),
      jti: 'x',
      events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
    });

    test.each<[string, () => string]>([
      ['that nobody signed', () => token(claims(), { alg: 'none' })],
      ['that somebody else signed', () => token(claims())],
      ['of another issuer', () => token({ ...claims(), iss: 'https://evil.example' })],
      ['for another client', () => token({ ...claims(), aud: 'another' })],
      ['that is an ID token', () => token({ ...claims(), events: undefined, nonce: 'x' })],
      ['that is none', () => 'x'],
    ])('a token %s ends nothing', async (_what, made) => {
      browser = new CookieBrowser(() => api.address);
      await browser.signIn('bert');
      const form = { logout_token: made() };
      const answer = await browser.ask(logoutPath, { method: 'POST', form });
      expect(answer.status).toBe(400);
      expect((await browser.ask('/api/v1/whoami')).status).toBe(200);
    });

    test('what is no form is not read', async () => {
      const body = JSON.stringify({ logout_token: token(claims()) });
      const headers = { 'content-type': 'text/plain' };
      expect((await browser.ask(logoutPath, { method: 'POST', headers, body })).status).toBe(415);
      const asForm = { method: 'POST', form: { deviceCode: 'x' } } as const;
      expect((await browser.ask('/api/v1/sign-in/device/outcome', asForm)).status).toBe(415);
    });
  });

  test('a provider over TLS is believed by its authority, and by no other', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'leonore-oidc-'));
    try {
      const [own, foreign] = [
        await localAuthority(join(directory, 'own'), Date.now()),
        await localAuthority(join(directory, 'foreign'), Date.now()),
      ];
      const [ca, foreignCa] = [await readFile(own.caPath, 'utf8'), await readFile(foreign.caPath, 'utf8')];
      const other = await testProvider({ accounts, tls: own });
      const one = await apiWith(other, roles, { provider: { ca } });
      browser = new CookieBrowser(() => one.address, ca);
      await browser.signIn('bert');
      expect((await browser.ask('/api/v1/whoami')).status).toBe(200);
      for (const provided of [{ ca: foreignCa }, {}]) {
        await apiWith(other, roles, { provider: provided });
        await browser.ask('/api/v1/sign-in/start');
        expect(browser.signInProblem()).toContain(`${other.issuer.href} does not answer`);
      }
      await other.close();
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });

  test('what answers as another issuer is not believed', async () => {
    const { port } = provider.issuer;
    await apiWith({ issuer: new URL(`http://localhost:${port}`) }, roles);
    await browser.ask('/api/v1/sign-in/start');
    expect(browser.signInProblem()).toContain('says that it is another issuer');
  });

  test('a client that the provider does not know is the operator’s to mend', async () => {
    const one = await apiWith(provider, roles, { provider: { clientSecret: 'another' } });
    const answer = await request(`${one.address}/api/v1/sign-in/device`, { method: 'POST' });
    expect(await answer.body.json()).toMatchObject({
      code: 'IDENTITY_PROVIDER_UNAVAILABLE',
      actor: 'operator',
    });
  });

  test('while the provider is away, who is signed in stays so, tokens work, and it is said', async () => {
    const other = await testProvider({ accounts });
    const one = await apiWith(other, roles);
    await browser.signIn('bert');
    await other.close();
    expect((await browser.ask('/api/v1/whoami')).status).toBe(200);
    const call = apiCaller(() => one.address);
    expect((await call('GET', '/api/v1/whoami')).status).toBe(200);
    // What is known of it is believed for a while; the next API knows nothing.
    await apiWith(other, roles);
    expect((await browser.ask('/api/v1/sign-in/start?to=/plan')).location).toBe('http://leonore.test/plan');
    expect(browser.signInProblem()).toContain(`${other.issuer.href} does not answer`);
    for (const to of ['/x/..//evil.example', '//evil.example', 'https://evil.example'])
      expect((await browser.ask(`/api/v1/sign-in/start?to=${to}`)).location).toBe('http://leonore.test/');
  });
});
