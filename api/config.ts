import Type from 'typebox';
import { roles } from '../domain/access/role.js';
import { servingConfig, webhookConfig } from '../process/config.js';
import { listenerConfig } from '../serving/config.js';
import { signInConfig } from './sign-in/config.js';

const configuredToken = `(${roles.join('|')}):[0-9a-f]{64}`;

/** What the api process is told; docs/configuration.md has the table. */
export const ApiConfigSchema = Type.Object({
  ...servingConfig,
  ...webhookConfig,
  ...listenerConfig,
  ...signInConfig,
  LEONORE_PORT: Type.Integer({ minimum: 0, maximum: 65_535, default: 8480 }),
  /** Requests that one management token may send in ten seconds. */
  LEONORE_CALLER_BUDGET: Type.Integer({ minimum: 1, maximum: 1_000_000_000, default: 2_000 }),
  /** Management tokens, as `role:sha256` separated by commas; only hashes are ever known to the process. */
  LEONORE_TOKENS: Type.String({ pattern: `^${configuredToken}(,${configuredToken})*$` }),
  /** sha256 of shared tokens with which any gateway may enrol, without a key too, separated by commas; none otherwise. */
  LEONORE_ENROLMENT_TOKENS: Type.Optional(Type.String({ pattern: '^[0-9a-f]{64}(,[0-9a-f]{64})*$' })),
  /** File of the public key that secret values are sealed for; only nodes open them. */
  LEONORE_VALUES_PUBLIC_KEY: Type.Optional(Type.String({ minLength: 1 })),
  /** Authorities of this server's and the nodes' certificates, told to gateways when they register. */
  LEONORE_TLS_CA: Type.Optional(Type.String({ minLength: 1 })),
  /** Seconds between two polls of a gateway that has no interval of its own. */
  LEONORE_POLL_SECONDS: Type.Number({ minimum: 0.1, maximum: 86_400, default: 60 }),
  /** Where people reach Temporal's web UI; absent: nothing is linked to it. */
  LEONORE_TEMPORAL_UI_URL: Type.Optional(Type.String({ pattern: '^https?://[^/?#@\\s]+(/[^?#\\s]*)?$' })),
  /** Believe the last address of X-Forwarded-For, which the proxy in front has written. */
  LEONORE_TRUST_PROXY: Type.Boolean({ default: false }),
});
