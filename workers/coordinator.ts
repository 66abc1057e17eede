/** The part of LEONORE that is not scaled by gateways: all workflows, steps i, ii, iii, viii, and housekeeping. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from '@temporalio/worker';
import { coordinatorActivities } from '../activities/coordinator-activities.js';
import { FailureInterceptor } from '../activities/failure.js';
import { housekeepingActivities } from '../activities/housekeeping/housekeeping-activities.js';
import { coordinatorQueue } from '../domain/orchestration.js';
import { readEnvironment } from '../domain/read-environment.js';
import { connectDatabase } from '../repositories/database.js';
import { DiskBlobStore } from '../repositories/disk-blob-store.js';
import { createRepositories } from '../repositories/repositories.js';
import { PoolClient } from '../workflows/client/pool-client.js';
import { ensureHousekeepingSchedule } from '../workflows/client/housekeeping-schedule.js';
import { RolloutClient } from '../workflows/client/rollout-client.js';
import { TemporalLink } from '../workflows/client/temporal-link.js';
import { CoordinatorConfigSchema } from './config.js';
import { Housekeeping } from './housekeeping.js';
import { createLauncher } from './launchers/create-launcher.js';
import { poolSettingsOf } from './pool-settings.js';
import { Lifecycle } from '../process/lifecycle.js';
import { createLogger } from '../process/logger.js';
import { connectTemporal, installTemporalLogger } from './temporal.js';

/** Workflows kept in memory; others are replayed from their history when they wake up. */
const maxCachedWorkflows = 1_000;
const hourMs = 3_600_000;

const config = readEnvironment(CoordinatorConfigSchema, process.env);
const settings = poolSettingsOf(config);
const { launcher, names } = createLauncher(config);
const logger = createLogger('coordinator', config.LEONORE_LOG_LEVEL);
const lifecycle = new Lifecycle(logger);
installTemporalLogger(logger);

const database = connectDatabase({ url: config.DATABASE_URL, poolSize: config.LEONORE_POOL_SIZE });
lifecycle.onEnd('database', () => database.$disconnect());
const repositories = createRepositories(database, 3 * config.LEONORE_HEARTBEAT_MS);
const link = new TemporalLink(config.TEMPORAL_ADDRESS, config.TEMPORAL_NAMESPACE);
lifecycle.onEnd('temporal client', () => link.close());
const rolloutClient = new RolloutClient(link);
const poolClient = new PoolClient(link, (error) =>
  logger.warn({ err: error }, 'the node pool was not woken; it looks by itself'),
);

const connection = await connectTemporal(config.TEMPORAL_ADDRESS, logger, lifecycle);
lifecycle.onEnd('temporal connection', () => connection.close());
const bundle = fileURLToPath(new URL('../workflow-bundle.js', import.meta.url));
const worker = await Worker.create({
  connection,
  namespace: config.TEMPORAL_NAMESPACE,
  taskQueue: coordinatorQueue,
  ...(existsSync(bundle)
    ? { workflowBundle: { codePath: bundle } }
    : { workflowsPath: fileURLToPath(new URL('../workflows/index.js', import.meta.url)) }),
  activities: {
    ...coordinatorActivities(repositories, {
      launcher,
      releaseShare: (rolloutId) => rolloutClient.releaseShare(rolloutId),
    }),
    ...housekeepingActivities({
      ...repositories,
      blobs: new DiskBlobStore(config.LEONORE_BLOBS),
      retentionMs: config.LEONORE_RETENTION_HOURS * hourMs,
      graceMs: config.LEONORE_BLOB_GRACE_HOURS * hourMs,
    }),
  },
  interceptors: { activity: [() => ({ inbound: new FailureInterceptor() })] },
  maxCachedWorkflows,
  shutdownGraceTime: '10 seconds',
});
await ensureHousekeepingSchedule({
  connection,
  namespace: config.TEMPORAL_NAMESPACE,
  everyMinutes: config.LEONORE_HOUSEKEEPING_MINUTES,
}).catch((error: unknown) => logger.error({ err: error }, 'housekeeping could not be scheduled'));
const running = worker.run();
lifecycle.onEnd('worker', async () => {
  if (worker.getState() === 'RUNNING') worker.shutdown();
  await running;
});
const intervalMs = config.LEONORE_HEARTBEAT_MS;
const housekeeping = new Housekeeping({
  repositories,
  rolloutClient,
  poolClient,
  settings,
  names,
  intervalMs,
  logger,
});
lifecycle.onEnd('housekeeping', async () => housekeeping.stop());
await housekeeping.start();

lifecycle.ready();
await running.catch((error: unknown) => {
  logger.error({ err: error }, 'the worker failed');
  return lifecycle.end(1, 'worker failed');
});
