/** What every LEONORE process is made of, put together in one place. */
import type { Logger } from 'pino';
import { connectDatabase, type Database } from '../repositories/database.js';
import type { BlobStore } from '../repositories/blob-store.js';
import { DiskBlobStore } from '../repositories/disk-blob-store.js';
import { createRepositories, type Repositories } from '../repositories/repositories.js';
import { CampaignClient } from '../workflows/client/campaign-client.js';
import { PoolClient } from '../workflows/client/pool-client.js';
import { RolloutClient } from '../workflows/client/rollout-client.js';
import { WebhookClient } from '../workflows/client/webhook-client.js';
import { TemporalLink } from '../workflows/client/temporal-link.js';
import { Lifecycle } from '../process/lifecycle.js';
import { temporalSecurity, type TemporalSecurity, type TemporalSecurityConfig } from './temporal-security.js';
import { createLogger } from '../process/logger.js';

/** What {@link compose} needs of a process's configuration; see commonConfig. */
export interface CommonConfig extends TemporalSecurityConfig {
  readonly DATABASE_URL: string;
  readonly LEONORE_POOL_SIZE: number;
  readonly TEMPORAL_ADDRESS: string;
  readonly TEMPORAL_NAMESPACE: string;
  readonly LEONORE_HEARTBEAT_MS: number;
  readonly LEONORE_BLOBS: string;
  readonly LEONORE_LOG_LEVEL: string;
}

export interface Composition {
  readonly logger: Logger;
  readonly lifecycle: Lifecycle;
  readonly database: Database;
  readonly repositories: Repositories;
  readonly blobs: BlobStore;
  readonly rolloutClient: RolloutClient;
  readonly campaignClient: CampaignClient;
  readonly poolClient: PoolClient;
  readonly webhookClient: WebhookClient;
  /** For the connections of workers. */
  readonly temporalSecurity: TemporalSecurity;
}

/** Heartbeats that a node may miss before it is dead. */
const missedHeartbeats = 3;

/** A node that has been silent for so long is dead, in milliseconds. */
export function nodeSilenceMs({ LEONORE_HEARTBEAT_MS }: Pick<CommonConfig, 'LEONORE_HEARTBEAT_MS'>): number {
  return missedHeartbeats * LEONORE_HEARTBEAT_MS;
}

/**
 * Makes the parts that all processes share, and registers their end. Nothing is connected yet: database and Temporal
 * may come later.
 * @param name of the process: in its logs, and where it counts deliveries
 */
export function compose(name: string, config: CommonConfig): Composition {
  const logger = createLogger(name, config.LEONORE_LOG_LEVEL);
  const lifecycle = new Lifecycle(logger);
  const database = connectDatabase({ url: config.DATABASE_URL, poolSize: config.LEONORE_POOL_SIZE });
  lifecycle.onEnd('database', () => database.$close());
  const security = temporalSecurity(config);
  const link = new TemporalLink(config.TEMPORAL_ADDRESS, config.TEMPORAL_NAMESPACE, security);
  lifecycle.onEnd('temporal client', () => link.close());
  return {
    logger,
    lifecycle,
    database,
    repositories: createRepositories(database, nodeSilenceMs(config), name),
    blobs: new DiskBlobStore(config.LEONORE_BLOBS),
    rolloutClient: new RolloutClient(link),
    campaignClient: new CampaignClient(link),
    webhookClient: new WebhookClient(link),
    temporalSecurity: security,
    poolClient: new PoolClient(link, (error) =>
      logger.warn({ err: error }, 'the node pool was not woken; the coordinator sees to it'),
    ),
  };
}
