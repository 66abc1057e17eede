import type { Client } from 'openapi-fetch';
import { answerOf } from './answer-of.js';
import type { paths } from './openapi.js';
import type { Session } from './resources.js';

type DeviceSignIn = paths['/api/v1/sign-in/device']['post']['responses'][200]['content']['application/json'];
type DeviceOutcome =
  paths['/api/v1/sign-in/device/outcome']['post']['responses'][200]['content']['application/json'];

/** Signing in and out, and who is signed in; part of the client of the management API. */
export class SignInClient {
  constructor(private readonly http: Client<paths>) {}

  /** The OpenID provider that people can sign in by; null when there is none. */
  async issuer(): Promise<string | null> {
    return (await answerOf(this.http.GET('/api/v1/sign-in'))).issuer;
  }

  /** Begins a sign-in that somebody does in a browser elsewhere. */
  async beginOnDevice(): Promise<DeviceSignIn> {
    return answerOf(this.http.POST('/api/v1/sign-in/device'));
  }

  /** Whether it is done. */
  async outcome(deviceCode: string): Promise<DeviceOutcome> {
    return answerOf(this.http.POST('/api/v1/sign-in/device/outcome', { body: { deviceCode } }));
  }

  /** Ends the session that the token is of. */
  async signOut(): Promise<void> {
    await this.http.DELETE('/api/v1/session');
  }

  /** Who is signed in, the latest first. */
  async sessions(): Promise<Session[]> {
    return (await answerOf(this.http.GET('/api/v1/sessions'))).items;
  }

  async revoke(id: string): Promise<void> {
    await this.http.DELETE('/api/v1/sessions/{id}', { params: { path: { id } } });
  }
}
