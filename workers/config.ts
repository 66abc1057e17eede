import Type from 'typebox';
import { commonConfig, servingConfig } from '../process/config.js';

export const CoordinatorConfigSchema = Type.Object(commonConfig);

export const NodeConfigSchema = Type.Object({
  ...servingConfig,
  /** Name of the node; two processes cannot be the same node. */
  LEONORE_NODE_ID: Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,62}$' }),
  /** Port of the device API; 0 takes a free one. */
  LEONORE_PORT: Type.Integer({ minimum: 0, maximum: 65_535, default: 0 }),
  /** Address that gateways are given, when it is not the one listened on (behind a proxy). */
  LEONORE_ADDRESS: Type.Optional(Type.String({ pattern: '^https?://' })),
});
