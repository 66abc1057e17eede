import type { Static } from 'typebox';
import type { PoolSettings } from '../domain/balancer/pool.js';
import { LeonoreError } from '../domain/errors.js';
import type { CoordinatorConfigSchema } from './config.js';

/**
 * The settings of the pool, from the coordinator's configuration.
 * @throws LeonoreError MALFORMED_INPUT when there may be fewer nodes than there must be
 */
export function poolSettingsOf(config: Static<typeof CoordinatorConfigSchema>): PoolSettings {
  const minNodes = config.LEONORE_NODES_MIN;
  const maxNodes = config.LEONORE_NODES_MAX;
  if (maxNodes !== 0 && maxNodes < minNodes) {
    throw new LeonoreError(
      'MALFORMED_INPUT',
      `configuration: LEONORE_NODES_MAX is ${maxNodes}, less than LEONORE_NODES_MIN, which is ${minNodes}`,
    );
  }
  return {
    strategy: config.LEONORE_BALANCER,
    threshold: config.LEONORE_NODE_THRESHOLD,
    minNodes,
    maxNodes,
    settleMs: Math.round(config.LEONORE_SETTLE_SECONDS * 1_000),
    channels: config.LEONORE_CHANNELS?.split(',') ?? [],
  };
}
