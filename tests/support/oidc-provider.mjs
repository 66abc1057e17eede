/**
 * An OpenID provider in a process of its own, so that its clock can be another one. What it is told stands in its first
 * argument: `{ port, redirectUris, accounts: { NAME: claims }, claimsIn: 'id-token' | 'userinfo', logoutUri, tls: { certPath,
 * keyPath } }`. It sends `{ issuer }` when it listens on loopback, and takes `{ clockAheadSeconds }`.
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import Provider from 'oidc-provider';

const { port, redirectUris, accounts, claimsIn, logoutUri, tls } = JSON.parse(process.argv[2] ?? '{}');
const now = Date.now;
let aheadMs = 0;
Date.now = () => now() + aheadMs;

let handle;
const listener = (request, response) => handle(request, response);
const server =
  tls === undefined
    ? createServer(listener)
    : createTlsServer({ cert: readFileSync(tls.certPath), key: readFileSync(tls.keyPath) }, listener);
await new Promise((resolve) => {
  server.listen(port, '127.0.0.1', resolve);
});
const issuer = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${server.address().port}`;

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: 'leonore',
      client_secret: 'secret-of-leonore',
      redirect_uris: redirectUris,
      grant_types: ['authorization_code', 'urn:ietf:params:oauth:grant-type:device_code'],
      ...(logoutUri === undefined ? {} : { backchannel_logout_uri: logoutUri }),
    },
  ],
  claims: { openid: ['sub', 'groups'], profile: ['preferred_username'], email: ['email'] },
  conformIdTokenClaims: claimsIn === 'userinfo',
  features: {
    deviceFlow: { enabled: true },
    userinfo: { enabled: true },
    backchannelLogout: { enabled: true },
    devInteractions: { enabled: true },
  },
  cookies: { keys: ['of-tests'] },
  // Its own connects to nothing on loopback, where the api is.
  fetch: (url, options) => fetch(url, { ...options, dispatcher: undefined }),
  findAccount: (_context, id) =>
    accounts[id] === undefined ? undefined : { accountId: id, claims: () => ({ sub: id, ...accounts[id] }) },
  // Nobody is asked whether LEONORE may know who he is.
  async loadExistingGrant({ oidc }) {
    const grant = new oidc.provider.Grant({
      clientId: oidc.client.clientId,
      accountId: oidc.session.accountId,
    });
    grant.addOIDCScope('openid profile email');
    await grant.save();
    // As a consent would: by it the client is told when somebody signs out.
    oidc.session.ensureClientContainer(oidc.client.clientId);
    return grant;
  },
});
handle = provider.callback();

process.on('message', ({ clockAheadSeconds }) => {
  aheadMs = clockAheadSeconds * 1_000;
  process.send({ clockAheadSeconds });
});
process.on('disconnect', () => process.exit());
process.send({ issuer });
