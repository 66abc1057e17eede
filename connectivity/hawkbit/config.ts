import Type from 'typebox';
import { listenerConfig } from '../../serving/config.js';

/** What the handler for hawkBit's clients is told; docs/configuration.md has the table. It serves where it has a port. */
export const HawkbitConfigSchema = Type.Object({
  ...listenerConfig,
  /** Port of the DDI API; 0 takes a free one. */
  LEONORE_HAWKBIT_PORT: Type.Optional(Type.Integer({ minimum: 0, maximum: 65_535 })),
  /** Address that clients are given in links, when it is not the one listened on. */
  LEONORE_HAWKBIT_ADDRESS: Type.Optional(Type.String({ pattern: '^https?://[^/?#]+$' })),
  /** The tenant in the paths of clients; case makes no difference. */
  LEONORE_HAWKBIT_TENANT: Type.String({ pattern: '^[A-Za-z0-9_-]{1,40}$', default: 'DEFAULT' }),
  /** Seconds between two polls that clients are told. */
  LEONORE_HAWKBIT_POLL_SECONDS: Type.Integer({ minimum: 1, maximum: 86_399, default: 60 }),
});
