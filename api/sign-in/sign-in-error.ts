import * as oauth from 'oauth4webapi';
import { LeonoreError } from '../../domain/errors.js';
import { limits } from '../../domain/limits.js';
import { cleanText } from '../../domain/text.js';

/** Characters of what a provider says that are told on. */
const saidLength = 200;
/** What a provider answers when LEONORE is at fault, and not who signs in. */
const aboutClient = new Set([
  'invalid_client',
  'unauthorized_client',
  'unsupported_grant_type',
  'invalid_scope',
]);

/**
 * Holds the clock of the provider against this one.
 * @param issuedAt when an ID token was made that has just come, in seconds
 * @throws LeonoreError CLOCKS_DIFFER
 */
export function checkClock(issuedAt: number): void {
  const aheadSeconds = Math.round(issuedAt - Date.now() / 1_000);
  if (Math.abs(aheadSeconds) <= limits.clockToleranceSeconds) return;
  const minutes = Math.round(Math.abs(aheadSeconds) / 60);
  throw new LeonoreError(
    'CLOCKS_DIFFER',
    `the clock of the identity provider is ${minutes} minutes ${aheadSeconds > 0 ? 'ahead of' : 'behind'} that of LEONORE; ` +
      `${limits.clockToleranceSeconds / 60} are tolerated`,
  );
}

/** What went wrong with a provider, as it is told: who has to act, and what the provider said. */
export function asSignInError(error: unknown, issuer: string): LeonoreError {
  if (error instanceof LeonoreError) return error;
  if (error instanceof oauth.AuthorizationResponseError)
    return refused(`the identity provider says: ${said(error.error, error.error_description)}`, error);
  if (error instanceof oauth.ResponseBodyError) {
    const text = `the identity provider says: ${said(error.error, error.error_description)}`;
    if (error.status >= 500 || aboutClient.has(error.error)) return unavailable(text, error);
    return refused(text, error);
  }
  if (error instanceof oauth.WWWAuthenticateChallengeError)
    return unavailable(`${issuer} refuses the client of LEONORE (${error.status})`, error);
  if (error instanceof oauth.OperationProcessingError) return ofProcessing(error, issuer);
  if (error instanceof oauth.UnsupportedOperationError)
    return unavailable(`${issuer} does what LEONORE cannot: ${error.message}`, error);
  return unavailable(`${issuer} does not answer: ${reasonOf(error)}`, error);
}

function ofProcessing(error: oauth.OperationProcessingError, issuer: string): LeonoreError {
  const { claims, response } = (error.cause ?? {}) as { claims?: { iat?: unknown }; response?: unknown };
  if (error.code === oauth.JWT_TIMESTAMP_CHECK) {
    try {
      if (typeof claims?.iat === 'number') checkClock(claims.iat);
    } catch (differ) {
      if (differ instanceof LeonoreError) return differ;
    }
    return new LeonoreError(
      'CLOCKS_DIFFER',
      `the ID token does not hold now: ${error.message}`,
      {},
      { cause: error },
    );
  }
  if (error.code === oauth.JSON_ATTRIBUTE_COMPARISON)
    return unavailable(`what answers at ${issuer} says that it is another issuer`, error);
  if (
    error.code === oauth.RESPONSE_IS_NOT_CONFORM ||
    error.code === oauth.RESPONSE_IS_NOT_JSON ||
    error.code === oauth.MISSING_SERVER_METADATA ||
    error.code === oauth.INVALID_SERVER_METADATA ||
    response !== undefined
  )
    return unavailable(`${issuer} does not answer as an OpenID provider: ${error.message}`, error);
  return refused(`the answer of the identity provider does not hold: ${error.message}`, error);
}

function said(code: string, description: string | undefined): string {
  return cleanText(description === undefined ? code : `${code}, ${description}`, saidLength);
}

function reasonOf(error: unknown): string {
  let cause = error;
  // What failed at the bottom: those above say only that a request did.
  while (cause instanceof Error && cause.cause instanceof Error) ({ cause } = cause);
  return cleanText(cause instanceof Error ? cause.message || cause.name : String(cause), saidLength);
}

function refused(detail: string, cause: unknown): LeonoreError {
  return new LeonoreError('SIGN_IN_REFUSED', detail, {}, { cause });
}

function unavailable(detail: string, cause: unknown): LeonoreError {
  return new LeonoreError('IDENTITY_PROVIDER_UNAVAILABLE', detail, {}, { cause });
}
