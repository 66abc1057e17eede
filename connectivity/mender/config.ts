import Type from 'typebox';
import { listenerConfig } from '../../serving/config.js';

/** What the handler for Mender's clients is told; docs/configuration.md has the table. It serves where it has a port. */
export const MenderConfigSchema = Type.Object({
  ...listenerConfig,
  /** Port of the device API; 0 takes a free one. */
  LEONORE_MENDER_PORT: Type.Optional(Type.Integer({ minimum: 0, maximum: 65_535 })),
  /** Address that clients are given in links, when it is not the one listened on. */
  LEONORE_MENDER_ADDRESS: Type.Optional(Type.String({ pattern: '^https?://[^/?#]+$' })),
  /** The attribute of a device's identity that is its id. */
  LEONORE_MENDER_IDENTITY: Type.String({ pattern: '^[A-Za-z0-9_.-]{1,64}$', default: 'mac' }),
  /** Seconds between two polls, as these clients are configured to: they cannot be told. */
  LEONORE_MENDER_POLL_SECONDS: Type.Integer({ minimum: 1, maximum: 86_399, default: 1_800 }),
});
