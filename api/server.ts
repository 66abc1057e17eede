/** The api process: reads its configuration, connects, listens. */
import { ComputePool } from '../compute/compute-pool.js';
import { Planner } from '../compute/planner.js';
import { createServer } from '../connectivity/http/create-server.js';
import { limits } from '../domain/limits.js';
import { readEnvironment } from '../domain/read-environment.js';
import { connectDatabase } from '../repositories/database.js';
import { DiskBlobStore } from '../repositories/disk-blob-store.js';
import { SecretBox } from '../repositories/secret-box.js';
import { createRepositories } from '../repositories/repositories.js';
import { Lifecycle } from '../process/lifecycle.js';
import { createLogger } from '../process/logger.js';
import { PoolClient } from '../workflows/client/pool-client.js';
import { RolloutClient } from '../workflows/client/rollout-client.js';
import { TemporalLink } from '../workflows/client/temporal-link.js';
import { Access } from './access.js';
import { apiApp } from './app.js';
import { ApiConfigSchema } from './config.js';

const config = readEnvironment(ApiConfigSchema, process.env);
const logger = createLogger('api', config.LEONORE_LOG_LEVEL);
const lifecycle = new Lifecycle(logger);

const database = connectDatabase({ url: config.DATABASE_URL, poolSize: config.LEONORE_POOL_SIZE });
lifecycle.onEnd('database', () => database.$disconnect());
const link = new TemporalLink(config.TEMPORAL_ADDRESS, config.TEMPORAL_NAMESPACE);
lifecycle.onEnd('temporal client', () => link.close());
const rolloutClient = new RolloutClient(link);
const poolClient = new PoolClient(link, (error) =>
  logger.warn({ err: error }, 'the node pool was not woken; the coordinator sees to it'),
);

const pool = new ComputePool({
  processes: config.LEONORE_COMPUTE_PROCESSES,
  memoryMb: config.LEONORE_COMPUTE_MEMORY_MB,
});
lifecycle.onEnd('computing processes', () => pool.close());
pool.warmUp();

const repositories = createRepositories(database, 3 * config.LEONORE_HEARTBEAT_MS);
const app = createServer(logger, { bodyLimit: limits.jsonBodyBytes, trustProxy: config.LEONORE_TRUST_PROXY });
await app.register(apiApp, {
  context: {
    repositories,
    blobs: new DiskBlobStore(config.LEONORE_BLOBS),
    pool,
    planner: new Planner(repositories.artifacts, pool, limits.dryRun),
    secrets: new SecretBox(config.LEONORE_SECRET_KEYS?.split(',') ?? []),
    rolloutClient,
    access: new Access(config.LEONORE_TOKENS, config.LEONORE_ENROLMENT_TOKENS),
    pollSeconds: config.LEONORE_POLL_SECONDS,
    wakePool: () => poolClient.wakeSoon(),
  },
});
const address = await app.listen({ host: config.LEONORE_HOST, port: config.LEONORE_PORT });
lifecycle.onEnd('listener', () => app.close());
lifecycle.ready(address);
