/**
 * A LEONORE node: the unit of scale. It works on its own queue (steps iv to vi), and serves its gateways through the
 * handlers of connectivity/.
 */
import { randomUUID } from 'node:crypto';
import { Worker } from '@temporalio/worker';
import { FailureInterceptor } from '../activities/failure.js';
import { nodeActivities } from '../activities/node-activities.js';
import { SourceBuilder } from '../activities/package-builder/build-source.js';
import { removeAbandonedBuilds } from '../activities/package-builder/sandbox/build-directory.js';
import { PackageRestorer } from '../activities/package-builder/package-restorer.js';
import { ComputePool } from '../compute/compute-pool.js';
import { Planner } from '../compute/planner.js';
import { ClientEnrolment } from '../connectivity/client-enrolment.js';
import { AcknowledgementPump } from '../connectivity/acknowledgement-pump.js';
import { DeviceService } from '../connectivity/device-service.js';
import { NodeTrust } from '../connectivity/node-trust.js';
import { PushNotifier } from '../connectivity/push-notifier.js';
import { handlerFiles, openHandlers } from '../connectivity/registry.js';
import { parseLabels } from '../domain/balancer/labels.js';
import { LeonoreError } from '../domain/errors.js';
import type { Endpoint } from '../domain/gateway/endpoint.js';
import { limits } from '../domain/limits.js';
import { nodeQueueNames, nodeQueues, type NodeQueue } from '../domain/orchestration.js';
import { readEnvironment } from '../domain/read-environment.js';
import { compose, nodeSilenceMs } from '../composition/compose.js';
import { GatewayChanges } from '../repositories/gateway-changes.js';
import { SecretBox } from '../repositories/secret-box.js';
import { readKeyFile } from '../trust/key-file.js';
import { readSealingKeys } from '../trust/sealing-key-file.js';
import { SecretOpener } from '../trust/sealing-keys.js';
import { NodeConfigSchema } from './config.js';
import { enterNode } from './enter-node.js';
import { NodeHeartbeat } from './heartbeat.js';
import { SecretResealer } from './reseal-secrets.js';
import { Waker } from './waker.js';
import { connectTemporal, installTemporalLogger } from './temporal.js';

/**
 * Activities under way at once, by queue: planning is heavy, building may take minutes each, dispatching mostly waits. None
 * of them takes the place of another kind.
 */
const slots: Readonly<Record<NodeQueue, number>> = { plan: 8, build: 4, dispatch: 20 };
/** Exit code of a process that cannot be, or go on being, its node: another is, or the node was declared dead. */
const notThisNode = 3;

const config = readEnvironment(NodeConfigSchema, process.env);
const nodeId = config.LEONORE_NODE_ID;
const { logger, lifecycle, repositories, blobs, rolloutClient, poolClient, temporalSecurity } = compose(
  nodeId,
  config,
);
installTemporalLogger(logger);
const abandoned = await removeAbandonedBuilds();
if (abandoned > 0) logger.info({ abandoned }, 'removed directories of builds whose process was killed');

const pump = new AcknowledgementPump(
  (rolloutId, chunk, slots, look) => rolloutClient.acknowledge(rolloutId, chunk, slots, look),
  (error, { rolloutId, chunk }) =>
    logger.warn({ err: error, rolloutId, chunk }, 'a wake-up was lost; the workflow will look by itself'),
);
lifecycle.onEnd('acknowledgements', () => pump.close());

const [director, builderKey] = await Promise.all(
  [config.LEONORE_DIRECTOR_KEY, config.LEONORE_BUILDER_KEY].map(async (path) =>
    path === undefined ? undefined : readKeyFile(path, process.env['LEONORE_KEY_PASSPHRASE']),
  ),
);

const sourceBuilder = new SourceBuilder({
  blobs,
  limits: {
    timeMs: config.LEONORE_BUILD_SECONDS * 1_000,
    memoryBytes: config.LEONORE_BUILD_MEMORY_MB * 1024 * 1024,
    diskBytes: config.LEONORE_BUILD_DISK_MB * 1024 * 1024,
  },
  isolation: config.LEONORE_BUILD_ISOLATION,
});
const restorer = new PackageRestorer(
  { ...repositories, blobs, nodeId, sourceBuilder, builderKey },
  (error, digest) =>
    logger.error({ err: error, digest }, 'a package that a gateway asks for could not be built again'),
);
lifecycle.onEnd('restoring packages', () => restorer.close());

const pool = new ComputePool({
  processes: config.LEONORE_COMPUTE_PROCESSES,
  memoryMb: config.LEONORE_COMPUTE_MEMORY_MB,
});
lifecycle.onEnd('computing processes', () => pool.close());
pool.warmUp();

const secrets = new SecretBox(config.LEONORE_SECRET_KEYS?.split(',') ?? []);
const valuesKey = config.LEONORE_VALUES_KEY;
const valueKeys = (): readonly string[] => (valuesKey === undefined ? [] : readSealingKeys(valuesKey));
const values = new SecretOpener(valueKeys, secrets);
if (valuesKey !== undefined) {
  const resealer = new SecretResealer({
    values: repositories.values,
    opener: values,
    keys: valueKeys,
    logger,
  });
  lifecycle.onEnd('sealing secrets anew', () => resealer.stop());
}

const service = new DeviceService({
  nodeId,
  deliveries: repositories.deliveries,
  gateways: repositories.gateways,
  blobs,
  secrets,
  values,
  trust: new NodeTrust({ ...repositories, metadata: repositories.trustMetadata, director }),
  contested: (contest) => {
    repositories.contests
      .note([contest])
      .catch((error: unknown) =>
        logger.warn({ err: error }, 'that a gateway is there twice was not written'),
      );
  },
  missing: (digest) => restorer.restore(digest),
  acknowledged: (acknowledgements) => pump.add(acknowledgements),
  failed: (error) => logger.warn({ err: error }, 'last contacts of gateways were not written'),
});
lifecycle.onEnd('device service', () => service.close());
const changes = new GatewayChanges(config.DATABASE_URL, nodeId, {
  connected: () => service.changesAnnounced(true),
  disconnected: (error) => {
    service.changesAnnounced(false);
    logger.warn({ err: error }, 'changes are not announced; every poll is looked up meanwhile');
  },
  changed: (gatewayId) => service.gatewayChanged(gatewayId),
});
lifecycle.onEnd('changes', () => changes.close());
const handlers = await openHandlers(
  { environment: process.env, services: [config.DATABASE_URL, config.TEMPORAL_ADDRESS] },
  handlerFiles(config.LEONORE_HANDLERS),
);
const push = new PushNotifier(handlers, (gatewayId) => service.gatewayChanged(gatewayId));
const clients = new ClientEnrolment({ ...repositories, nodeId, secrets });
const endpoints: Endpoint[] = [];
for (const handler of handlers) {
  endpoints.push(...(await handler.start({ nodeId, service, clients, blobs, logger })));
  lifecycle.onEnd(`${handler.protocol} handler`, () => handler.close());
}
// The first protocol is the one by which packages are had.
const address = endpoints[0]?.address ?? '';

const connection = await connectTemporal(config.TEMPORAL_ADDRESS, logger, lifecycle, temporalSecurity);
lifecycle.onEnd('temporal connection', () => connection.close());
const incarnation = randomUUID();
// Before the first task is taken: another process that is this node has them.
await enterNode(repositories.nodes, {
  id: nodeId,
  address,
  endpoints,
  incarnation,
  labels: parseLabels(config.LEONORE_NODE_LABELS),
  silenceMs: nodeSilenceMs(config),
}).catch((error: unknown) => {
  logger.error({ err: error }, 'the node is not entered');
  return lifecycle.end(isTaken(error) ? notThisNode : 1, 'the node is not entered');
});
const activities = nodeActivities({
  ...repositories,
  blobs,
  nodeId,
  push,
  wake: (chunks) => pump.add(chunks),
  sourceBuilder,
  builderKey,
  planner: new Planner(repositories.artifacts, pool, limits.planning),
});
const workers = await Promise.all(
  nodeQueueNames.map((queue) =>
    Worker.create({
      connection,
      namespace: config.TEMPORAL_NAMESPACE,
      taskQueue: nodeQueues[queue](nodeId),
      activities: activities[queue],
      interceptors: { activity: [() => ({ inbound: new FailureInterceptor() })] },
      maxConcurrentActivityTaskExecutions: slots[queue],
      shutdownGraceTime: '10 seconds',
    }),
  ),
);
const running = Promise.all(workers.map((worker) => worker.run()));
lifecycle.onEnd('workers', async () => {
  for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
  await running;
});

poolClient.wakeSoon();
lifecycle.onEnd('registration', () => repositories.nodes.stopped(nodeId, incarnation));
const heartbeat = new NodeHeartbeat({
  nodes: repositories.nodes,
  nodeId,
  incarnation,
  intervalMs: config.LEONORE_HEARTBEAT_MS,
  logger,
  work: () => ({
    queue: service.waiting,
    activities: workers.reduce((sum, worker) => sum + worker.getStatus().numInFlightActivities, 0),
  }),
  deposed: () => void lifecycle.end(notThisNode, 'the node was declared dead, or was started elsewhere'),
});
lifecycle.onEnd('heartbeat', async () => heartbeat.stop());
const waker = new Waker({
  gateways: repositories.gateways,
  push,
  nodeId,
  intervalMs: config.LEONORE_HEARTBEAT_MS,
  logger,
});
lifecycle.onEnd('waker', () => waker.stop());

lifecycle.ready(address);
await running.catch((error: unknown) => {
  logger.error({ err: error }, 'the worker failed');
  return lifecycle.end(1, 'worker failed');
});

function isTaken(error: unknown): boolean {
  return error instanceof LeonoreError && error.code === 'NODE_ID_TAKEN';
}
