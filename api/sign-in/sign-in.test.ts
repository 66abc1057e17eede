/** People sign in by an OpenID provider: a real one, which runs beside. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { request } from 'undici';
import { buildingFleet, type BuildingFleet } from '../../tests/support/building-fleet.js';
import { apiCaller } from '../../tests/support/call-api.js';
import {
  CookieBrowser,
  signInAt,
  testProvider,
  type TestProvider,
} from '../../tests/support/identity-provider.js';
import { accounts, rolesOfGroups as roles } from '../../tests/support/signed-in-people.js';
import { testApi, testTokens, type TestApi } from '../../tests/support/test-api.js';

let provider: TestProvider;
let api: TestApi;
let fleet: BuildingFleet;
let browser: CookieBrowser;

beforeAll(async () => {
  provider = await testProvider({ accounts });
  // Nothing listens there.
  api = await testApi('127.0.0.1:1', { signIn: signInAt(provider, roles) });
  fleet = await buildingFleet(api.repositories);
}, 60_000);

afterAll(async () => {
  await api.close();
  await provider.close();
});

beforeEach(() => {
  browser = new CookieBrowser(() => api.address);
});

const asAdmin = apiCaller(() => api.address);
async function csrf(): Promise<Record<string, string>> {
  return { 'leonore-csrf': browser.cookies().get('leonore-csrf') ?? '' };
}

const label = `/api/v1/gateways/GATEWAY/labels`;
const change = (id: string, headers: Record<string, string>, type = 'application/json') =>
  browser.ask(label.replace('GATEWAY', id), {
    method: 'PATCH',
    headers: { 'content-type': type, ...headers },
    body: '{"set":{"floor":"2"}}',
  });

async function sessionsOf(name: string): Promise<{ id: string; name: string }[]> {
  const { items } = (await asAdmin('GET', '/api/v1/sessions')).body as {
    items: { id: string; name: string }[];
  };
  return items.filter((session) => session.name === name);
}

describe('in a browser', () => {
  test('somebody signs in, is who the provider says, and may do what his groups may', async () => {
    const answer = await browser.signIn('anna', '/gateways?text=gw');
    expect({ status: answer.status, location: answer.location, problem: browser.signInProblem() }).toEqual({
      status: 303,
      location: 'http://leonore.test/gateways?text=gw',
      problem: undefined,
    });
    const carried = answer.setCookies.find((line) => line.startsWith('leonore-session='));
    expect(carried).toMatch(/; Max-Age=3600; HttpOnly; Path=\/; SameSite=Lax$/);
    expect(JSON.parse((await browser.ask('/api/v1/whoami')).text)).toEqual({
      name: `anna@${provider.issuer.host}`,
      grants: [
        { role: 'operator', scope: 'labels.building == "b1"' },
        { role: 'viewer', scope: null },
      ],
    });
    // What one group may within its scope, another does not make whole: seen is all, changed a part.
    expect((await browser.ask(`/api/v1/gateways/${fleet.outside}`)).status).toBe(200);
    expect((await change(fleet.inside[0], await csrf())).status).toBe(200);
    expect((await change(fleet.outside, await csrf())).status).toBe(404);
  });

  test('somebody of one building sees that alone; the audit names who he is at the provider, and where he came from', async () => {
    await browser.signIn('bert');
    expect((await browser.ask(`/api/v1/gateways/${fleet.outside}`)).status).toBe(404);
    expect((await change(fleet.inside[1], await csrf())).status).toBe(200);
    const name = `bert@${provider.issuer.host}`;
    const { items } = (await asAdmin('GET', `/api/v1/audit?principal=${encodeURIComponent(name)}`)).body as {
      items: unknown[];
    };
    const principalId = `bert of ${provider.issuer.href}`;
    expect(items).toMatchObject([
      { action: 'changeGatewayLabels', principalId, outcome: { status: 200 } },
      { action: 'signIn', principalId, address: '127.0.0.1', outcome: { status: 201 } },
    ]);
  });

  test('what nobody has a role by is refused, and told', async () => {
    const answer = await browser.signIn('carl', '/plan');
    expect(answer.location).toBe('http://leonore.test/plan');
    expect(browser.signInProblem()).toBe(
      `none of the groups of carl@${provider.issuer.host} has a role here (his: "cooks", "bakers")`,
    );
    expect(browser.cookies().has('leonore-session')).toBe(false);
    await browser.signIn('dora');
    expect(await sessionsOf(`dora@${provider.issuer.host}`)).toEqual([]);
  });

  test.each([
    ['another host', 'https://evil.example/x'],
    ['another host, without a scheme', '//evil.example/x'],
    ['another host, with a backslash', '/\\evil.example/x'],
    ['two slashes', '/x/..//evil.example'],
    ['a script', 'javascript:alert(1)'],
  ])('nobody is sent on to %s', async (_what, to) => {
    const { location } = await browser.signIn('bert', to);
    expect(location).toMatch(/^http:\/\/leonore\.test\/(?!\/)/);
  });
});

describe('what a cookie authorises', () => {
  test('changes nothing without the token that only its own pages can read', async () => {
    await browser.signIn('bert');
    const id = fleet.inside[0];
    const refused = [
      await change(id, {}),
      await change(id, { 'leonore-csrf': '' }),
      await change(id, { 'leonore-csrf': 'x'.repeat(43) }),
      // A form of another site can send these without asking anybody.
      await change(id, {}, 'text/plain'),
      await change(id, {}, 'application/x-www-form-urlencoded'),
      await browser.ask('/api/v1/session', { method: 'DELETE' }),
    ];
    expect(refused.map(({ status }) => status)).toEqual([403, 403, 403, 403, 403, 403]);
    expect(JSON.parse(refused[0]?.text ?? '')).toMatchObject({ code: 'CSRF_TOKEN_REQUIRED' });
    // The token of another session is none of this one.
    const own = await csrf();
    await browser.signIn('bert');
    expect((await change(id, own)).status).toBe(403);
    expect((await change(id, await csrf())).status).toBe(200);
  });

  test('is no bearer token; a header that says who asks counts before it', async () => {
    await browser.signIn('root');
    const secret = browser.cookies().get('leonore-session') ?? '';
    const asked = await asAdmin('GET', '/api/v1/whoami', undefined, { authorization: `Bearer ${secret}` });
    expect(asked.status).toBe(401);
    const both = await browser.ask('/api/v1/whoami', {
      headers: { authorization: `Bearer ${testTokens.viewer}` },
    });
    expect(JSON.parse(both.text)).toMatchObject({ grants: [{ role: 'viewer', scope: null }] });
    const wrong = await browser.ask('/api/v1/whoami', { headers: { authorization: 'Bearer nonsense' } });
    expect(wrong.status).toBe(401);
    // Two of one name: one of them is somebody else's.
    const twice = await request(`${api.address}/api/v1/whoami`, {
      headers: { cookie: `leonore-session=${secret}; leonore-session=${secret}` },
    });
    await twice.body.dump();
    expect(twice.statusCode).toBe(401);
  });

  test('ends when somebody signs out, in every copy', async () => {
    await browser.signIn('bert');
    const secret = browser.cookies().get('leonore-session') ?? '';
    expect((await browser.ask('/api/v1/session', { method: 'DELETE', headers: await csrf() })).status).toBe(
      204,
    );
    expect(browser.cookies().has('leonore-session')).toBe(false);
    browser.setCookie('leonore-session', secret);
    expect((await browser.ask('/api/v1/whoami')).status).toBe(401);
  });

  test.each([
    ['is over', "expires_at = now() - interval '1 second'"],
    ['was not used for long', "last_used_at = now() - interval '31 minutes'"],
  ])('ends when its time %s', async (_what, set) => {
    await browser.signIn('bert');
    const [newest] = await sessionsOf(`bert@${provider.issuer.host}`);
    await api.repositories.database.$executeRawUnsafe(
      `UPDATE person_session SET ${set} WHERE id = '${newest?.id ?? ''}'`,
    );
    const answer = await browser.ask('/api/v1/whoami');
    expect({ status: answer.status, ...(JSON.parse(answer.text) as object) }).toMatchObject({
      status: 401,
      code: 'UNAUTHENTICATED',
      detail: expect.stringContaining('has expired') as unknown,
    });
  });

  test('ends streams that are open when an administrator revokes it', async () => {
    await browser.signIn('anna');
    const cookie = `leonore-session=${browser.cookies().get('leonore-session') ?? ''}`;
    const stream = await request(`${api.address}/api/v1/stream?topics=gateways`, { headers: { cookie } });
    expect(stream.statusCode).toBe(200);
    const [newest] = await sessionsOf(`anna@${provider.issuer.host}`);
    expect((await asAdmin('DELETE', `/api/v1/sessions/${newest?.id ?? ''}`)).status).toBe(204);
    // It ends by itself, or the test does not.
    await stream.body.text();
    expect((await browser.ask('/api/v1/whoami')).status).toBe(401);
  });

  test('is not kept without bound: of one person the longest unused go', async () => {
    const begun: CookieBrowser[] = [];
    for (let n = 0; n < 21; n += 1) {
      browser = new CookieBrowser(() => api.address);
      begun.push(browser);
      await browser.signIn('root');
    }
    expect(await sessionsOf('root@example.com')).toHaveLength(20);
    expect((await begun[0]?.ask('/api/v1/whoami'))?.status).toBe(401);
    expect((await begun[20]?.ask('/api/v1/whoami'))?.status).toBe(200);
  });
});

describe('an answer of a provider that does not hold is refused', () => {
  const refusedWith = async (back: string) => {
    const { status } = await browser.ask(back);
    expect({ status, session: browser.cookies().has('leonore-session') }).toEqual({
      status: 303,
      session: false,
    });
    return browser.signInProblem();
  };
  const start = (to = '/') => browser.ask(`/api/v1/sign-in/start?to=${to}`);

  test('in a browser in which no sign-in is under way', async () => {
    const back = await browser.signInAtProvider('bert', await start());
    browser = new CookieBrowser(() => api.address);
    expect(await refusedWith(back)).toContain('no sign-in is under way in this browser');
  });

  test('with the state of another sign-in', async () => {
    const back = await browser.signInAtProvider('bert', await start());
    await start();
    expect(await refusedWith(back)).toContain('"state"');
  });

  test('of another issuer', async () => {
    const back = new URL(await browser.signInAtProvider('bert', await start()));
    back.searchParams.set('iss', 'https://evil.example');
    expect(await refusedWith(back.href)).toContain('"iss"');
  });

  test('with another nonce', async () => {
    const begun = await start();
    const address = new URL(begun.location ?? '');
    address.searchParams.set('nonce', 'of-another-sign-in');
    const back = await browser.signInAtProvider('bert', { ...begun, location: address.href });
    expect(await refusedWith(back)).toContain('"nonce"');
  });

  test('with a code that another browser was given: it is bound to who asked for it', async () => {
    const back = new URL(await browser.signInAtProvider('bert', await start()));
    const victim = new CookieBrowser(() => api.address);
    const begun = await victim.ask('/api/v1/sign-in/start');
    back.searchParams.set('state', new URL(begun.location ?? '').searchParams.get('state') ?? '');
    browser = victim;
    expect(await refusedWith(back.href)).toContain('invalid_grant');
  });

  test('twice', async () => {
    const begun = await start();
    const kept = new Map(browser.cookies());
    const back = await browser.signInAtProvider('bert', begun);
    await browser.ask(back);
    browser = new CookieBrowser(() => api.address);
    browser.setCookie('leonore-sign-in', kept.get('leonore-sign-in') ?? '');
    expect(await refusedWith(back)).toContain('invalid_grant');
  });

  test('when somebody changes his mind there', async () => {
    const begun = await browser.follow(await start());
    const abort = /href="([^"]*abort)"/.exec(begun.answer.text)?.[1] ?? '';
    const { back } = await browser.follow(await browser.ask(abort));
    expect(await refusedWith(back ?? '')).toContain('access_denied');
  });

  test.each(['nonsense', 'e30', Buffer.from('[]').toString('base64url')])(
    'with a cookie that was not set here (%s)',
    async (cookie) => {
      const back = await browser.signInAtProvider('bert', await start());
      browser.setCookie('leonore-sign-in', cookie);
      expect(await refusedWith(back)).toContain('no sign-in is under way');
    },
  );
});

describe('the clock of the provider', () => {
  afterAll(() => provider.setClockAhead(0));

  test.each([-240, 240])('may be %i seconds off', async (seconds) => {
    await provider.setClockAhead(seconds);
    await browser.signIn('bert');
    expect({ problem: browser.signInProblem(), who: (await browser.ask('/api/v1/whoami')).status }).toEqual({
      problem: undefined,
      who: 200,
    });
  });

  test.each([
    [-600, '10 minutes behind'],
    [600, '10 minutes ahead of'],
    [-86_400, '1440 minutes behind'],
  ])('may not be %i seconds off, which is said', async (seconds, said) => {
    await provider.setClockAhead(seconds);
    await browser.signIn('bert');
    expect(browser.signInProblem()).toContain(`the clock of the identity provider is ${said}`);
  });
});

describe('on a device without a browser', () => {
  const begin = async () => (await asAdmin('POST', '/api/v1/sign-in/device')).body as Record<string, string>;
  const outcome = (deviceCode: string) => asAdmin('POST', '/api/v1/sign-in/device/outcome', { deviceCode });

  test('somebody signs in elsewhere; what the device gets is a bearer token, and once', async () => {
    const { deviceCode = '', verificationUriComplete = '' } = await begin();
    expect((await outcome(deviceCode)).body).toEqual({ state: 'pending' });
    await browser.enterCode(verificationUriComplete, 'bert');
    const done = (await outcome(deviceCode)).body as Record<string, string>;
    expect(done).toMatchObject({ state: 'signed-in', name: `bert@${provider.issuer.host}` });
    const headers = { authorization: `Bearer ${done['secret'] ?? ''}` };
    expect((await asAdmin('GET', '/api/v1/whoami', undefined, headers)).status).toBe(200);
    // It needs no token against forgery: no browser sends it by itself. And it is no cookie.
    expect(
      (await asAdmin('PATCH', label.replace('GATEWAY', fleet.inside[0]), { set: { floor: '3' } }, headers))
        .status,
    ).toBe(200);
    browser.setCookie('leonore-session', done['secret'] ?? '');
    expect((await browser.ask('/api/v1/whoami')).status).toBe(401);
    expect((await outcome(deviceCode)).body).toMatchObject({ code: 'SIGN_IN_REFUSED' });
    expect((await asAdmin('DELETE', '/api/v1/session', undefined, headers)).status).toBe(204);
    expect((await asAdmin('GET', '/api/v1/whoami', undefined, headers)).status).toBe(401);
  });

  test('a code that there is not, and somebody without a role, are refused', async () => {
    expect(await outcome('x'.repeat(43))).toMatchObject({ status: 403, body: { code: 'SIGN_IN_REFUSED' } });
    const { deviceCode = '', verificationUriComplete = '' } = await begin();
    await browser.enterCode(verificationUriComplete, 'carl');
    expect(await outcome(deviceCode)).toMatchObject({ status: 403, body: { code: 'SIGN_IN_NOT_ALLOWED' } });
  });
});

test('where there is no provider, that is said', async () => {
  const plain = await testApi('127.0.0.1:1');
  const call = apiCaller(() => plain.address);
  expect((await call('GET', '/api/v1/sign-in')).body).toEqual({ issuer: null });
  for (const path of ['start', 'callback'])
    expect(await call('GET', `/api/v1/sign-in/${path}`)).toMatchObject({
      status: 404,
      body: { code: 'SIGN_IN_NOT_CONFIGURED' },
    });
  expect((await call('POST', '/api/v1/sign-in/device')).status).toBe(404);
  await plain.close();
});
