import * as oauth from 'oauth4webapi';
import { Agent, fetch } from 'undici';
import { groupsOf, personName, type Person } from '../../domain/access/person.js';
import { LeonoreError } from '../../domain/errors.js';
import { limits } from '../../domain/limits.js';
import { asSignInError, checkClock } from './sign-in-error.js';

/** What LEONORE is at an OpenID provider. */
export interface ProviderOptions {
  readonly issuer: URL;
  readonly clientId: string;
  /** Null: a public client, which proves itself by PKCE alone. */
  readonly clientSecret: string | null;
  /** PEM of the authorities that may certify it; null: those that Node.js believes. */
  readonly ca: string | null;
  /** Scopes that are asked for, separated by spaces; `openid` among them. */
  readonly scopes: string;
  /** Claim that names the groups of a person. */
  readonly groupsClaim: string;
  /** Where the provider sends people back to. */
  readonly redirectUri: string;
}

/** A sign-in that somebody has begun in a browser: what the answer of the provider is held against. */
export interface Attempt {
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
}

/** What the command line shows while somebody signs in elsewhere (RFC 8628). */
export interface DeviceAttempt {
  readonly deviceCode: string;
  readonly userCode: string;
  readonly verificationUri: string;
  /** With the code in it; null where the provider has none. */
  readonly verificationUriComplete: string | null;
  readonly expiresInSeconds: number;
  /** Seconds between two questions whether it is done. */
  readonly intervalSeconds: number;
}

/** Who signed in; or that nobody has yet, and whether that is asked too often. */
export type DeviceOutcome = Person | 'pending' | 'slow-down';

/** Milliseconds for which metadata of a provider are believed without asking. */
const metadataMs = 10 * 60_000;
/** What a logout token says has happened (OpenID Connect Back-Channel Logout 1.0, section 2.4). */
const logoutEvent = 'http://schemas.openid.net/event/backchannel-logout';
/** Seconds between two questions that RFC 8628 has for providers that say nothing. */
const deviceIntervalSeconds = 5;

/**
 * An OpenID provider (OpenID Connect Core 1.0): people are sent there, and it says who came back. ID tokens are held against
 * its keys, issuer, audience, nonce and clock. It is asked only when somebody signs in; what it knows is cached for a while.
 */
export class IdentityProvider {
  private readonly client: oauth.Client;
  private readonly keys: oauth.JWKSCacheInput = {};
  private readonly agent: Agent;
  private metadata: { readonly server: oauth.AuthorizationServer; readonly atMs: number } | null = null;
  private underWay = 0;

  constructor(private readonly options: ProviderOptions) {
    this.agent = new Agent({
      maxResponseSize: limits.identityProvider.answerBytes,
      ...(options.ca === null ? {} : { connect: { ca: options.ca } }),
    });
    this.client = {
      client_id: options.clientId,
      [oauth.clockTolerance]: limits.clockToleranceSeconds,
    };
  }

  /** URL of the provider, as sessions name it. */
  get issuer(): string {
    return this.options.issuer.href;
  }

  /** Ends its connections. */
  async close(): Promise<void> {
    await this.agent.close();
  }

  /**
   * Where a browser is sent, and what its coming back is held against.
   * @throws LeonoreError IDENTITY_PROVIDER_UNAVAILABLE, TOO_MANY_REQUESTS
   */
  async begin(): Promise<{ readonly url: URL; readonly attempt: Attempt }> {
    return this.ask(async (server) => {
      const attempt = {
        state: oauth.generateRandomState(),
        nonce: oauth.generateRandomNonce(),
        codeVerifier: oauth.generateRandomCodeVerifier(),
      };
      const url = new URL(endpointOf(server, 'authorization_endpoint'));
      const asked = {
        client_id: this.options.clientId,
        redirect_uri: this.options.redirectUri,
        response_type: 'code',
        scope: this.options.scopes,
        state: attempt.state,
        nonce: attempt.nonce,
        code_challenge: await oauth.calculatePKCECodeChallenge(attempt.codeVerifier),
        code_challenge_method: 'S256',
      };
      for (const [name, value] of Object.entries(asked)) url.searchParams.set(name, value);
      return { url, attempt };
    });
  }

  /**
   * Who came back to the address that a browser was sent to.
   * @param answer the query of that address
   * @throws LeonoreError SIGN_IN_REFUSED, CLOCKS_DIFFER, IDENTITY_PROVIDER_UNAVAILABLE, TOO_MANY_REQUESTS
   */
  async finish(answer: URLSearchParams, attempt: Attempt): Promise<Person> {
    return this.ask(async (server) => {
      const code = oauth.validateAuthResponse(server, this.client, answer, attempt.state);
      const response = await oauth.authorizationCodeGrantRequest(
        server,
        this.client,
        this.authentication(server),
        code,
        this.options.redirectUri,
        attempt.codeVerifier,
        this.http,
      );
      const tokens = await oauth.processAuthorizationCodeResponse(server, this.client, response, {
        expectedNonce: attempt.nonce,
        requireIdToken: true,
      });
      return this.personOf(server, response, tokens);
    });
  }

  /** @throws LeonoreError SIGN_IN_REFUSED, IDENTITY_PROVIDER_UNAVAILABLE, TOO_MANY_REQUESTS */
  async beginOnDevice(): Promise<DeviceAttempt> {
    return this.ask(async (server) => {
      endpointOf(server, 'device_authorization_endpoint');
      const response = await oauth.deviceAuthorizationRequest(
        server,
        this.client,
        this.authentication(server),
        { scope: this.options.scopes },
        this.http,
      );
      const begun = await oauth.processDeviceAuthorizationResponse(server, this.client, response);
      return {
        deviceCode: begun.device_code,
        userCode: begun.user_code,
        verificationUri: begun.verification_uri,
        verificationUriComplete: begun.verification_uri_complete ?? null,
        expiresInSeconds: begun.expires_in,
        intervalSeconds: begun.interval ?? deviceIntervalSeconds,
      };
    });
  }

  /** @throws LeonoreError SIGN_IN_REFUSED, CLOCKS_DIFFER, IDENTITY_PROVIDER_UNAVAILABLE, TOO_MANY_REQUESTS */
  async finishOnDevice(deviceCode: string): Promise<DeviceOutcome> {
    return this.ask(async (server) => {
      const response = await oauth.deviceCodeGrantRequest(
        server,
        this.client,
        this.authentication(server),
        deviceCode,
        this.http,
      );
      try {
        const tokens = await oauth.processDeviceCodeResponse(server, this.client, response);
        return await this.personOf(server, response, tokens);
      } catch (error) {
        if (error instanceof oauth.ResponseBodyError && error.error === 'authorization_pending')
          return 'pending';
        if (error instanceof oauth.ResponseBodyError && error.error === 'slow_down') return 'slow-down';
        throw error;
      }
    });
  }

  /**
   * Whom the provider has signed out everywhere, by a logout token of it (OpenID Connect Back-Channel Logout 1.0).
   * @returns the subject. @throws LeonoreError SIGN_IN_REFUSED, CLOCKS_DIFFER, IDENTITY_PROVIDER_UNAVAILABLE, TOO_MANY_REQUESTS
   */
  async signedOut(logoutToken: string): Promise<string> {
    return this.ask(async (server) => {
      // It is signed as an ID token is (section 2.4), and comes bare, as claims about a person do from the userinfo endpoint.
      const { id_token_signing_alg_values_supported: algorithms } = server;
      const signer = { ...server, userinfo_signing_alg_values_supported: algorithms ?? ['RS256'] };
      const said = new Response(logoutToken, { headers: { 'content-type': 'application/jwt' } });
      const claims = await oauth
        .processUserInfoResponse(signer, this.client, oauth.skipSubjectCheck, said)
        .catch(asRefused);
      const { iss, aud, iat, nonce, events } = claims;
      const isLogout = typeof events === 'object' && events !== null && Object.hasOwn(events, logoutEvent);
      // Without the event, or with a nonce, it is a token of another kind that the provider has signed.
      if (
        !isLogout ||
        nonce !== undefined ||
        iss === undefined ||
        aud === undefined ||
        typeof iat !== 'number'
      )
        throw new LeonoreError('SIGN_IN_REFUSED', 'this is no logout token of the identity provider');
      checkClock(iat);
      await this.checkSignature(server, said);
      return claims.sub;
    });
  }

  private async checkSignature(server: oauth.AuthorizationServer, response: Response): Promise<void> {
    await oauth.validateApplicationLevelSignature(server, response, {
      ...this.http,
      [oauth.jwksCache]: this.keys,
    });
  }

  private async personOf(
    server: oauth.AuthorizationServer,
    response: Response,
    tokens: oauth.TokenEndpointResponse,
  ): Promise<Person> {
    const claims = oauth.getValidatedIdTokenClaims(tokens);
    if (claims === undefined)
      throw new LeonoreError('SIGN_IN_REFUSED', 'the identity provider sent no ID token; is openid a scope?');
    checkClock(claims.iat);
    await this.checkSignature(server, response);
    const { groupsClaim } = this.options;
    // Some providers put into an ID token who somebody is, and tell the rest when they are asked for it.
    const all =
      groupsOf(claims, groupsClaim) === null && server.userinfo_endpoint !== undefined
        ? { ...(await this.moreOf(server, tokens.access_token, claims.sub)), ...claims }
        : claims;
    return {
      issuer: this.issuer,
      subject: claims.sub,
      name: personName(all, this.issuer),
      groups: groupsOf(all, groupsClaim) ?? [],
    };
  }

  private async moreOf(
    server: oauth.AuthorizationServer,
    accessToken: string,
    subject: string,
  ): Promise<oauth.UserInfoResponse> {
    const response = await oauth.userInfoRequest(server, this.client, accessToken, this.http);
    return oauth.processUserInfoResponse(server, this.client, subject, response);
  }

  /** Asks the provider something, with no more questions at once than it can be expected to answer. */
  private async ask<T>(question: (server: oauth.AuthorizationServer) => Promise<T>): Promise<T> {
    if (this.underWay >= limits.identityProvider.atOnce)
      throw new LeonoreError('TOO_MANY_REQUESTS', `${this.underWay} people sign in at this moment already`);
    this.underWay += 1;
    try {
      return await question(await this.server());
    } catch (error) {
      throw asSignInError(error, this.issuer);
    } finally {
      this.underWay -= 1;
    }
  }

  private async server(): Promise<oauth.AuthorizationServer> {
    const { metadata } = this;
    if (metadata !== null && performance.now() - metadata.atMs < metadataMs) return metadata.server;
    const response = await oauth.discoveryRequest(this.options.issuer, this.http);
    const server = await oauth.processDiscoveryResponse(this.options.issuer, response);
    this.metadata = { server, atMs: performance.now() };
    return server;
  }

  private authentication(server: oauth.AuthorizationServer): oauth.ClientAuth {
    const { clientSecret } = this.options;
    if (clientSecret === null) return oauth.None();
    // Where a provider says nothing it takes this one (OpenID Connect Discovery 1.0, section 3).
    const { token_endpoint_auth_methods_supported: methods = ['client_secret_basic'] } = server;
    return methods.includes('client_secret_basic')
      ? oauth.ClientSecretBasic(clientSecret)
      : oauth.ClientSecretPost(clientSecret);
  }

  /** How every request is sent. Without TLS only to this machine, which the configuration has seen to. */
  private get http() {
    const { agent } = this;
    return {
      [oauth.customFetch]: async (url: string, options: oauth.CustomFetchOptions<string, unknown>) =>
        (await fetch(url, { ...(options as object), dispatcher: agent })) as unknown as Response,
      [oauth.allowInsecureRequests]: this.options.issuer.protocol === 'http:',
      signal: () => AbortSignal.timeout(limits.identityProvider.answerMs),
    };
  }
}

/** Who sends a token that does not hold need not be the provider: nothing is said of that. */
function asRefused(error: unknown): never {
  if (!(error instanceof oauth.OperationProcessingError)) throw error;
  const detail = `the logout token does not hold: ${error.message}`;
  throw new LeonoreError('SIGN_IN_REFUSED', detail, {}, { cause: error });
}

function endpointOf(
  server: oauth.AuthorizationServer,
  name: 'authorization_endpoint' | 'device_authorization_endpoint',
): string {
  const endpoint = server[name];
  if (endpoint === undefined)
    throw new LeonoreError('IDENTITY_PROVIDER_UNAVAILABLE', `${server.issuer} names no ${name}`);
  return endpoint;
}
