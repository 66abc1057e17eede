import { readFileSync } from 'node:fs';
import Type, { type Static, type TObject } from 'typebox';
import { readGroupRoles } from '../../domain/access/group-roles.js';
import { LeonoreError } from '../../domain/errors.js';
import type { ProviderOptions } from './identity-provider.js';
import type { SignInOptions } from './sign-in.js';

/** What the api is told of sign-in by an OpenID provider; docs/configuration.md has the table. */
export const signInConfig = {
  /** Where people reach the api and the dashboard, without a path: providers send them back there. */
  LEONORE_PUBLIC_URL: Type.Optional(Type.String({ pattern: '^https?://[^/?#@]+/?$' })),
  /** URL of the provider; absent: nobody can sign in, and tokens alone are taken. */
  LEONORE_OIDC_ISSUER: Type.Optional(Type.String({ pattern: '^https?://[^?#]+$' })),
  LEONORE_OIDC_CLIENT_ID: Type.Optional(Type.String({ minLength: 1 })),
  /** Absent: a public client. */
  LEONORE_OIDC_CLIENT_SECRET: Type.Optional(Type.String({ minLength: 1 })),
  /** A file that holds it. */
  LEONORE_OIDC_CLIENT_SECRET_FILE: Type.Optional(Type.String({ minLength: 1 })),
  LEONORE_OIDC_SCOPES: Type.String({ pattern: '(^| )openid( |$)', default: 'openid profile email' }),
  /** A file: PEM of the authorities that may certify the provider; absent: those that Node.js believes. */
  LEONORE_OIDC_CA: Type.Optional(Type.String({ minLength: 1 })),
  /** Claim that names the groups of a person. */
  LEONORE_OIDC_GROUPS_CLAIM: Type.String({ minLength: 1, default: 'groups' }),
  /** A file, YAML or JSON: which groups have which roles. */
  LEONORE_OIDC_ROLES: Type.Optional(Type.String({ minLength: 1 })),
  /** How long somebody is signed in. */
  LEONORE_SESSION_HOURS: Type.Number({ minimum: 0.1, maximum: 720, default: 12 }),
  /** Without use a browser is signed out after so long. */
  LEONORE_SESSION_IDLE_MINUTES: Type.Number({ minimum: 5, maximum: 43_200, default: 60 }),
};

type SignInConfig = Static<TObject<typeof signInConfig>>;

/** Where the provider sends people back to, below the public address. */
export const callbackPath = '/api/v1/sign-in/callback';

/**
 * What the configuration says of sign-in, with the files that it names.
 * @returns null where there is none
 * @throws LeonoreError MALFORMED_INPUT naming the variable, or the place in the file that it names; never a secret
 */
export function signInOptionsOf(config: SignInConfig): SignInOptions | null {
  if (config.LEONORE_OIDC_ISSUER === undefined) return null;
  const publicUrl = new URL(needed(config, 'LEONORE_PUBLIC_URL'));
  const issuer = new URL(config.LEONORE_OIDC_ISSUER);
  if (issuer.protocol === 'http:' && !isLoopback(issuer))
    throw wrong('LEONORE_OIDC_ISSUER', 'must be https: without TLS anybody on the way could be the provider');
  const provider: ProviderOptions = {
    issuer,
    clientId: needed(config, 'LEONORE_OIDC_CLIENT_ID'),
    clientSecret: secretOf(config),
    ca: config.LEONORE_OIDC_CA === undefined ? null : textOf('LEONORE_OIDC_CA', config.LEONORE_OIDC_CA),
    scopes: config.LEONORE_OIDC_SCOPES,
    groupsClaim: config.LEONORE_OIDC_GROUPS_CLAIM,
    redirectUri: new URL(callbackPath, publicUrl).href,
  };
  const rolesFile = needed(config, 'LEONORE_OIDC_ROLES');
  return {
    provider,
    publicUrl,
    groupRoles: readGroupRoles(textOf('LEONORE_OIDC_ROLES', rolesFile), rolesFile),
    lastsSeconds: Math.round(config.LEONORE_SESSION_HOURS * 3_600),
    idleSeconds: Math.round(config.LEONORE_SESSION_IDLE_MINUTES * 60),
  };
}

function secretOf(config: SignInConfig): string | null {
  const { LEONORE_OIDC_CLIENT_SECRET: given, LEONORE_OIDC_CLIENT_SECRET_FILE: file } = config;
  if (given !== undefined && file !== undefined)
    throw wrong('LEONORE_OIDC_CLIENT_SECRET_FILE', 'and LEONORE_OIDC_CLIENT_SECRET exclude each other');
  if (file === undefined) return given ?? null;
  const secret = textOf('LEONORE_OIDC_CLIENT_SECRET_FILE', file).trim();
  if (secret === '') throw wrong('LEONORE_OIDC_CLIENT_SECRET_FILE', 'names an empty file');
  return secret;
}

function textOf(variable: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw wrong(variable, `names ${file}, which cannot be read`, cause);
  }
}

function needed(
  config: SignInConfig,
  variable: 'LEONORE_PUBLIC_URL' | 'LEONORE_OIDC_CLIENT_ID' | 'LEONORE_OIDC_ROLES',
): string {
  const value = config[variable];
  if (value === undefined) throw wrong(variable, 'is needed where there is LEONORE_OIDC_ISSUER');
  return value;
}

function isLoopback({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
}

function wrong(variable: string, what: string, cause?: unknown): LeonoreError {
  return new LeonoreError('MALFORMED_INPUT', `configuration: ${variable} ${what}`, {}, { cause });
}
