import type { GroupRoles } from '../../domain/access/group-roles.js';
import type { SessionRepository } from '../../repositories/session-repository.js';
import { IdentityProvider, type ProviderOptions } from './identity-provider.js';
import { Sessions } from './sessions.js';
import { SignInCookies } from './sign-in-cookies.js';

export interface SignInOptions {
  readonly provider: ProviderOptions;
  /** Where people reach the api and the dashboard. */
  readonly publicUrl: URL;
  readonly groupRoles: GroupRoles;
  readonly lastsSeconds: number;
  readonly idleSeconds: number;
}

/** Sign-in by an OpenID provider: who people are is said by it, what they may do by the configuration. */
export interface SignIn {
  readonly provider: IdentityProvider;
  readonly sessions: Sessions;
  readonly cookies: SignInCookies;
}

export function createSignIn(options: SignInOptions, stored: SessionRepository): SignIn {
  const { publicUrl, groupRoles, lastsSeconds, idleSeconds } = options;
  const provider = new IdentityProvider(options.provider);
  return {
    provider,
    sessions: new Sessions(stored, { issuer: provider.issuer, groupRoles, lastsSeconds, idleSeconds }),
    cookies: new SignInCookies(publicUrl, lastsSeconds),
  };
}
