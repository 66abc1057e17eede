import Type from 'typebox';
import { listenerConfig } from '../../serving/config.js';
import { pushNetworks } from '../address-rules.js';

/** What the handler for HTTP is told; docs/configuration.md has the table. */
export const HttpConfigSchema = Type.Object({
  ...listenerConfig,
  /** Port of the device API; 0 takes a free one. */
  LEONORE_PORT: Type.Integer({ minimum: 0, maximum: 65_535, default: 0 }),
  /** Requests that one gateway may send in ten seconds. */
  LEONORE_CALLER_BUDGET: Type.Integer({ minimum: 1, maximum: 1_000_000_000, default: 300 }),
  /** Address that gateways are given, when it is not the one listened on (behind a proxy). */
  LEONORE_ADDRESS: Type.Optional(Type.String({ pattern: '^https?://' })),
  /** Connections that gateways may hold open to be notified. */
  LEONORE_HELD_CONNECTIONS: Type.Integer({ minimum: 0, maximum: 1_000_000, default: 10_000 }),
  LEONORE_PUSH_ADDRESSES: pushNetworks,
});
