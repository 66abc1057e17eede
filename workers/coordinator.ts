/** The part of LEONORE that is not scaled by gateways: all workflows, steps i, ii, iii, viii, and housekeeping. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from '@temporalio/worker';
import { campaignActivities } from '../activities/campaign/campaign-activities.js';
import { coordinatorActivities } from '../activities/coordinator-activities.js';
import { FailureInterceptor } from '../activities/failure.js';
import { webhookActivities } from '../activities/webhook/deliver-webhook.js';
import { housekeepingActivities } from '../activities/housekeeping/housekeeping-activities.js';
import { networksOf } from '../connectivity/networks.js';
import { WebhookAddresses } from '../connectivity/webhook-addresses.js';
import { coordinatorQueue } from '../domain/orchestration.js';
import { readEnvironment } from '../domain/read-environment.js';
import { compose } from '../composition/compose.js';
import { SecretBox } from '../repositories/secret-box.js';
import { ensureHousekeepingSchedule } from '../workflows/client/housekeeping-schedule.js';
import { CoordinatorConfigSchema } from './config.js';
import { createLauncher } from './launchers/create-launcher.js';
import { poolSettingsOf } from './pool-settings.js';
import { Reconciler } from './reconciler.js';
import { StateKeeper } from './state-keeper.js';
import { WebhookKeeper } from './webhook-keeper.js';
import { connectTemporal, installTemporalLogger } from './temporal.js';

/** Workflows kept in memory; others are replayed from their history when they wake up. */
const maxCachedWorkflows = 1_000;
const hourMs = 3_600_000;

const config = readEnvironment(CoordinatorConfigSchema, process.env);
const settings = poolSettingsOf(config);
const { launcher, names } = createLauncher(config);
const {
  logger,
  lifecycle,
  repositories,
  blobs,
  rolloutClient,
  campaignClient,
  poolClient,
  webhookClient,
  temporalSecurity,
} = compose('coordinator', config);
installTemporalLogger(logger);

const connection = await connectTemporal(config.TEMPORAL_ADDRESS, logger, lifecycle, temporalSecurity);
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
      wakeCampaign: (campaignId) => campaignClient.wake(campaignId),
    }),
    ...campaignActivities({ repositories, rolloutClient }),
    ...webhookActivities({
      ...repositories,
      secrets: new SecretBox(config.LEONORE_SECRET_KEYS?.split(',') ?? []),
      addresses: new WebhookAddresses(
        networksOf(config.LEONORE_WEBHOOK_ADDRESSES, [config.DATABASE_URL, config.TEMPORAL_ADDRESS]),
      ),
    }),
    ...housekeepingActivities({
      ...repositories,
      blobs,
      retentionMs: config.LEONORE_RETENTION_HOURS * hourMs,
      graceMs: config.LEONORE_BLOB_GRACE_HOURS * hourMs,
    }),
  },
  interceptors: { activity: [() => ({ inbound: new FailureInterceptor() })] },
  maxCachedWorkflows,
  shutdownGraceTime: '10 seconds',
});
const running = worker.run();
lifecycle.onEnd('worker', async () => {
  if (worker.getState() === 'RUNNING') worker.shutdown();
  await running;
});
const reconciler = new Reconciler({
  repositories,
  rolloutClient,
  campaignClient,
  poolClient,
  settings,
  names,
  intervalMs: config.LEONORE_HEARTBEAT_MS,
  logger,
  ensureSchedules: () =>
    ensureHousekeepingSchedule({
      connection,
      namespace: config.TEMPORAL_NAMESPACE,
      everyMinutes: config.LEONORE_HOUSEKEEPING_MINUTES,
    }),
});
lifecycle.onEnd('reconciler', () => reconciler.stop());
await reconciler.start();
const keeper = new StateKeeper({
  repositories,
  rolloutClient,
  campaignClient,
  intervalMs: config.LEONORE_HEARTBEAT_MS,
  logger,
});
lifecycle.onEnd('state keeper', () => keeper.stop());
const webhookKeeper = new WebhookKeeper({
  ...repositories,
  webhookClient,
  intervalMs: config.LEONORE_HEARTBEAT_MS,
  logger,
});
lifecycle.onEnd('webhook keeper', () => webhookKeeper.stop());

lifecycle.ready();
await running.catch((error: unknown) => {
  logger.error({ err: error }, 'the worker failed');
  return lifecycle.end(1, 'worker failed');
});
