/** The codes of failures about who somebody is: people, services and gateways. */
import { kind, type ErrorKind } from './error-kind.js';

/** Stable, as all codes are. */
export const identityErrorKinds = {
  UNAUTHENTICATED: kind(
    401,
    'caller',
    false,
    'Not authenticated',
    'Sign in again (`leonore login`), or send a valid bearer token.',
  ),
  SIGN_IN_REFUSED: kind(
    403,
    'caller',
    false,
    'The sign-in is refused',
    'Do what the detail says, and sign in again; a management token works without the identity provider.',
  ),
  SIGN_IN_NOT_ALLOWED: kind(
    403,
    'operator',
    false,
    'No group of this person has a role',
    'Add him to a group that LEONORE_OIDC_ROLES names, or name one of his there.',
  ),
  CLOCKS_DIFFER: kind(
    403,
    'operator',
    false,
    'The clocks of LEONORE and the identity provider differ',
    'Set the clock that is wrong, then sign in again; management tokens work meanwhile.',
  ),
  CSRF_TOKEN_REQUIRED: kind(
    403,
    'caller',
    false,
    'Not sent by the dashboard',
    'Send the value of the cookie leonore-csrf in the header Leonore-Csrf, or use a bearer token.',
  ),
  SIGN_IN_NOT_CONFIGURED: kind(
    404,
    'operator',
    false,
    'Nobody can sign in by an identity provider here',
    'Use a management token, or configure LEONORE_OIDC_ISSUER (docs/security.md).',
  ),
  SESSION_NOT_FOUND: kind(404, 'caller', false, 'No such session', 'List them with `leonore session list`.'),
  IDENTITY_PROVIDER_UNAVAILABLE: kind(
    503,
    'operator',
    true,
    'The identity provider cannot be used',
    'See that the api reaches it and that it knows LEONORE as docs/security.md says; management tokens work meanwhile.',
  ),
  IDENTITY_PROOF_REQUIRED: kind(
    401,
    'gateway',
    false,
    'A key is needed',
    'Register with a key of the gateway (docs/agent-protocol.md), or enrol with a token that takes gateways without one.',
  ),
  IDENTITY_PROOF_INVALID: kind(
    401,
    'gateway',
    false,
    'The proof of the key does not hold',
    'Make it over the request as it is sent, as docs/agent-protocol.md says.',
  ),
  FORBIDDEN: kind(403, 'caller', false, 'Not allowed', 'Use a token with the role that the detail names.'),
  ENROLMENT_REFUSED: kind(
    403,
    'operator',
    false,
    'This gateway may not enrol with that',
    'See what its token allows with `leonore enrolment list`, or give the gateway another.',
  ),
  CLIENT_CERTIFICATE_REQUIRED: kind(
    403,
    'gateway',
    false,
    'A certificate is needed',
    'Give the gateway a certificate of the authority that LEONORE takes gateways of, and its key.',
  ),
  CHANNEL_NOT_PRIVATE: kind(
    403,
    'operator',
    false,
    'Secrets are not told where anybody can read them',
    'Let the gateway speak a protocol over TLS as well, or leave secret values out of what it gets (docs/connectivity.md).',
  ),
  GATEWAY_DECOMMISSIONED: kind(
    403,
    'operator',
    false,
    'The gateway is decommissioned',
    'Readmit it with `leonore gateway readmit` if it is to come back.',
  ),
} satisfies Record<string, ErrorKind>;
