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
import { AcknowledgementPump } from '../connectivity/acknowledgement-pump.js';
import { DeviceService } from '../connectivity/device-service.js';
import { PushNotifier } from '../connectivity/push-notifier.js';
import { createHandlers } from '../connectivity/registry.js';
import { parseLabels } from '../domain/balancer/labels.js';
import { LeonoreError } from '../domain/errors.js';
import { limits } from '../domain/limits.js';
import { nodeQueue } from '../domain/orchestration.js';
import { readEnvironment } from '../domain/read-environment.js';
import { connectDatabase } from '../repositories/database.js';
import { GatewayChanges } from '../repositories/gateway-changes.js';
import { DiskBlobStore } from '../repositories/disk-blob-store.js';
import { SecretBox } from '../repositories/secret-box.js';
import { createRepositories } from '../repositories/repositories.js';
import { PoolClient } from '../workflows/client/pool-client.js';
import { RolloutClient } from '../workflows/client/rollout-client.js';
import { TemporalLink } from '../workflows/client/temporal-link.js';
import { NodeConfigSchema } from './config.js';
import { enterNode } from './enter-node.js';
import { NodeHeartbeat } from './heartbeat.js';
import { Waker } from './waker.js';
import { Lifecycle } from '../process/lifecycle.js';
import { createLogger } from '../process/logger.js';
import { connectTemporal, installTemporalLogger } from './temporal.js';

/** Activities under way at once: planning and packing are heavy, dispatching mostly waits. */
const maxConcurrentActivities = 20;
/** Exit code of a process that cannot be, or go on being, its node: another is, or the node was declared dead. */
const notThisNode = 3;

const config = readEnvironment(NodeConfigSchema, process.env);
const nodeId = config.LEONORE_NODE_ID;
const logger = createLogger(nodeId, config.LEONORE_LOG_LEVEL);
const lifecycle = new Lifecycle(logger);
installTemporalLogger(logger);

const database = connectDatabase({ url: config.DATABASE_URL, poolSize: config.LEONORE_POOL_SIZE });
lifecycle.onEnd('database', () => database.$disconnect());
const repositories = createRepositories(database, 3 * config.LEONORE_HEARTBEAT_MS);
const blobs = new DiskBlobStore(config.LEONORE_BLOBS);
const abandoned = await removeAbandonedBuilds();
if (abandoned > 0) logger.info({ abandoned }, 'removed directories of builds whose process was killed');

const link = new TemporalLink(config.TEMPORAL_ADDRESS, config.TEMPORAL_NAMESPACE);
lifecycle.onEnd('temporal client', () => link.close());
const rolloutClient = new RolloutClient(link);
const poolClient = new PoolClient(link, (error) =>
  logger.warn({ err: error }, 'the node pool was not woken; the coordinator sees to it'),
);
const pump = new AcknowledgementPump(
  (rolloutId, chunk, slots) => rolloutClient.acknowledge(rolloutId, chunk, slots),
  (error, { rolloutId, chunk }) =>
    logger.warn({ err: error, rolloutId, chunk }, 'a wake-up was lost; the workflow will look by itself'),
);
lifecycle.onEnd('acknowledgements', () => pump.close());

const sourceBuilder = new SourceBuilder({
  blobs,
  limits: {
    timeMs: config.LEONORE_BUILD_SECONDS * 1_000,
    memoryBytes: config.LEONORE_BUILD_MEMORY_MB * 1024 * 1024,
    diskBytes: config.LEONORE_BUILD_DISK_MB * 1024 * 1024,
  },
  isolation: config.LEONORE_BUILD_ISOLATION,
});
const restorer = new PackageRestorer({ ...repositories, blobs, nodeId, sourceBuilder }, (error, digest) =>
  logger.error({ err: error, digest }, 'a package that a gateway asks for could not be built again'),
);
lifecycle.onEnd('restoring packages', () => restorer.close());

const pool = new ComputePool({
  processes: config.LEONORE_COMPUTE_PROCESSES,
  memoryMb: config.LEONORE_COMPUTE_MEMORY_MB,
});
lifecycle.onEnd('computing processes', () => pool.close());
pool.warmUp();

const service = new DeviceService({
  nodeId,
  deliveries: repositories.deliveries,
  gateways: repositories.gateways,
  orders: repositories.orders,
  blobs,
  secrets: new SecretBox(config.LEONORE_SECRET_KEYS?.split(',') ?? []),
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
const handlers = createHandlers();
const push = new PushNotifier(handlers, (gatewayId) => service.gatewayChanged(gatewayId));
const addresses: string[] = [];
for (const handler of handlers) {
  const { LEONORE_HOST: host, LEONORE_PORT: port } = config;
  addresses.push(await handler.start({ service, blobs, logger, host, port }));
  lifecycle.onEnd(`${handler.protocol} handler`, () => handler.close());
}
const address = config.LEONORE_ADDRESS ?? addresses[0] ?? '';

const connection = await connectTemporal(config.TEMPORAL_ADDRESS, logger, lifecycle);
lifecycle.onEnd('temporal connection', () => connection.close());
const incarnation = randomUUID();
// Before the first task is taken: another process that is this node has them.
await enterNode(repositories.nodes, {
  id: nodeId,
  address,
  incarnation,
  labels: parseLabels(config.LEONORE_NODE_LABELS),
  silenceMs: 3 * config.LEONORE_HEARTBEAT_MS,
}).catch((error: unknown) => {
  logger.error({ err: error }, 'the node is not entered');
  return lifecycle.end(isTaken(error) ? notThisNode : 1, 'the node is not entered');
});
const worker = await Worker.create({
  connection,
  namespace: config.TEMPORAL_NAMESPACE,
  taskQueue: nodeQueue(nodeId),
  activities: nodeActivities({
    ...repositories,
    blobs,
    nodeId,
    push,
    sourceBuilder,
    planner: new Planner(repositories.artifacts, pool, limits.planning),
  }),
  interceptors: { activity: [() => ({ inbound: new FailureInterceptor() })] },
  maxConcurrentActivityTaskExecutions: maxConcurrentActivities,
  shutdownGraceTime: '10 seconds',
});
const running = worker.run();
lifecycle.onEnd('worker', async () => {
  if (worker.getState() === 'RUNNING') worker.shutdown();
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
  work: () => ({ queue: service.waiting, activities: worker.getStatus().numInFlightActivities }),
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
