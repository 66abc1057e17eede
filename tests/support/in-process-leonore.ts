/**
 * LEONORE in one process, for tests that end workflows: real PostgreSQL, real Temporal, the workflows, activities and
 * reconciler of the product, and gateways that are as small as can be, each with a disk that tells what it did.
 */
import { rm } from 'node:fs/promises';
import type { WorkflowClient } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { pino } from 'pino';
import { campaignActivities } from '../../activities/campaign/campaign-activities.js';
import { coordinatorActivities } from '../../activities/coordinator-activities.js';
import { FailureInterceptor } from '../../activities/failure.js';
import { nodeActivities } from '../../activities/node-activities.js';
import { Planner } from '../../compute/planner.js';
import type { Report, Task } from '../../domain/agent-protocol/messages.js';
import { parseDeliveryId } from '../../domain/delivery/delivery-id.js';
import { coordinatorQueue, nodeQueueNames, nodeQueues } from '../../domain/orchestration.js';
import { isRolloutEnded } from '../../domain/rollout/state.js';
import type { Rollout } from '../../repositories/rollout-repository.js';
import { CampaignClient } from '../../workflows/client/campaign-client.js';
import { PoolClient } from '../../workflows/client/pool-client.js';
import { RolloutClient } from '../../workflows/client/rollout-client.js';
import { TemporalLink } from '../../workflows/client/temporal-link.js';
import { Reconciler } from '../../workers/reconciler.js';
import { askForServer } from './servers/ask-for-server.js';
import { testBuilder, testSourceBuilder, type TestBuilder } from './test-builder.js';
import { testPlanning } from './test-pool.js';
import { addGateways, addNode, profileOf, type TestRepositories } from './test-repositories.js';

/** Short, so that what is to be mended is mended soon. */
const roundMs = 250;
const pollMs = 50;
const heartbeatMs = 2_000;

/** What a gateway does with its tasks. */
export type Conduct = 'answers' | 'silent';

export interface InProcessLeonore {
  readonly builder: TestBuilder;
  readonly workflows: WorkflowClient;
  readonly rolloutClient: RolloutClient;
  readonly campaignClient: CampaignClient;
  readonly reconciler: Reconciler;
  readonly gateways: SmallGateways;
  /** Records a rollout; the reconciler starts it, as one whose caller died. @returns its id */
  request(request: string, gatewayIds: readonly string[], deadlineSeconds: number): Promise<string>;
  /** Resolves when a rollout has ended. */
  ended(rolloutId: string): Promise<Rollout>;
  stop(): Promise<void>;
}

/** @param where the database, which the caller closes, and the Temporal server with a namespace */
export async function inProcessLeonore(
  repositories: TestRepositories,
  temporal: { readonly address: string; readonly namespace: string; readonly client: WorkflowClient },
  nodeIds: readonly string[],
  blobRoot: string,
): Promise<InProcessLeonore> {
  const builder = await testBuilder({ repositories, blobRoot });
  const { address, namespace } = temporal;
  const link = new TemporalLink(address, namespace);
  const rolloutClient = new RolloutClient(link);
  const campaignClient = new CampaignClient(link);
  const connection = await NativeConnection.connect({ address });
  const common = {
    connection,
    namespace,
    interceptors: { activity: [() => ({ inbound: new FailureInterceptor() })] },
  };
  const workers = [
    await Worker.create({
      ...common,
      taskQueue: coordinatorQueue,
      workflowBundle: await askForServer('workflows'),
      activities: {
        ...campaignActivities({ repositories, rolloutClient }),
        ...coordinatorActivities(repositories, {
          launcher: { launch: async () => undefined, destroy: async () => false },
          releaseShare: (rolloutId) => rolloutClient.releaseShare(rolloutId),
          wakeCampaign: (campaignId) => campaignClient.wake(campaignId),
        }),
      },
    }),
  ];
  for (const nodeId of nodeIds) {
    const activities = nodeActivities({
      ...repositories,
      blobs: builder.blobs,
      nodeId,
      // Gateways that pull need no telling.
      push: { notify: async () => [] },
      wake: (chunks) => {
        for (const { rolloutId, chunk } of chunks)
          void rolloutClient.acknowledge(rolloutId, chunk, [], true).catch(() => undefined);
      },
      sourceBuilder: testSourceBuilder(builder.blobs),
      planner: new Planner(repositories.artifacts, builder.pool, testPlanning),
    });
    for (const queue of nodeQueueNames)
      workers.push(
        await Worker.create({
          ...common,
          taskQueue: nodeQueues[queue](nodeId),
          activities: activities[queue],
        }),
      );
  }
  const incarnations = await Promise.all(nodeIds.map((id) => addNode(repositories, id)));
  const heartbeat = setInterval(() => {
    for (const [index, id] of nodeIds.entries())
      // While the database is away there is nobody to tell.
      repositories.nodes.heartbeat(id, incarnations[index] ?? '', {}).catch(() => undefined);
  }, heartbeatMs);
  const running = Promise.all(workers.map((worker) => worker.run()));
  const gateways = new SmallGateways(repositories, rolloutClient);
  const reconciler = new Reconciler({
    repositories,
    rolloutClient,
    campaignClient,
    poolClient: new PoolClient(link, () => undefined),
    settings: {
      strategy: 'load',
      threshold: 500,
      minNodes: 0,
      maxNodes: 0,
      settleMs: 3_600_000,
      channels: [],
    },
    names: { prefix: 'node', first: 1 },
    intervalMs: roundMs,
    logger: pino({ level: 'silent' }),
    ensureSchedules: async () => undefined,
  });

  return {
    builder,
    workflows: temporal.client,
    rolloutClient,
    campaignClient,
    reconciler,
    gateways,
    async request(request, gatewayIds, deadlineSeconds) {
      const { id } = await repositories.rollouts.create({
        requests: [request],
        target: { gateways: gatewayIds },
        options: { deadlineSeconds },
        idempotencyKey: null,
        requestDigest: 'test',
      });
      await rolloutClient.start({
        rolloutId: id,
        artifacts: request,
        deployment: `${gatewayIds.length} gateways`,
        deadlineSeconds,
      });
      await repositories.rollouts.workflowStarted(id);
      return id;
    },
    async ended(rolloutId) {
      for (;;) {
        const rollout = await repositories.rollouts.get(rolloutId);
        if (isRolloutEnded(rollout.state)) return rollout;
        await tick();
      }
    },
    async stop() {
      clearInterval(heartbeat);
      await reconciler.stop();
      await gateways.stop();
      for (const worker of workers) worker.shutdown();
      await running;
      await connection.close();
      await link.close();
      await builder.close();
      await rm(blobRoot, { recursive: true, force: true });
    },
  };
}

/** Gateways that pull, straight from the repositories: all of them in one batch. */
export class SmallGateways {
  /** What each gateway has carried out: the ids of the deliveries, in order. */
  readonly disks = new Map<string, string[]>();
  private readonly conducts = new Map<string, Conduct>();
  private readonly unsent: { gatewayId: string; reports: Report[] }[] = [];
  private readonly timer: NodeJS.Timeout;
  private round: Promise<void> | null = null;

  constructor(
    private readonly repositories: TestRepositories,
    private readonly rolloutClient: RolloutClient,
  ) {
    this.timer = setInterval(() => {
      this.round ??= this.work().finally(() => (this.round = null));
    }, pollMs);
  }

  /** Registers gateways of a conduct; the balancer places them. @returns their ids */
  async add(prefix: string, conducts: readonly Conduct[]): Promise<string[]> {
    const ids = conducts.map((_conduct, index) => `${prefix}-${index}`);
    await addGateways(
      this.repositories,
      ids.map((id) => profileOf(id)),
    );
    for (const [index, id] of ids.entries()) this.conducts.set(id, conducts[index] ?? 'silent');
    return ids;
  }

  /** What they do from now on. */
  conduct(ids: readonly string[], conduct: Conduct): void {
    for (const id of ids) this.conducts.set(id, conduct);
  }

  /** True when the gateway's disk confirms a delivery. */
  has(gatewayId: string, deliveryId: string): boolean {
    return this.disks.get(gatewayId)?.includes(deliveryId) === true;
  }

  /** True while reports have not reached the database. */
  hasUnsent(): boolean {
    return this.unsent.length > 0;
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.round;
  }

  private async work(): Promise<void> {
    const { deliveries } = this.repositories;
    const ids = [...this.conducts].flatMap(([id, conduct]) => (conduct === 'answers' ? [id] : []));
    try {
      for (const answer of (await deliveries.poll(ids)).values()) {
        if (answer.task !== null) this.carryOut(answer.gatewayId, answer.task);
      }
      await this.send();
    } catch {
      // The database is away: it is asked again.
    }
  }

  private carryOut(gatewayId: string, task: Task): void {
    // What is done is not done again: the server has not heard of it, or has forgotten, and is told.
    if (!this.has(gatewayId, task.deliveryId))
      this.disks.set(gatewayId, [...(this.disks.get(gatewayId) ?? []), task.deliveryId]);
    if (this.unsent.some(({ reports }) => reports[0]?.deliveryId === task.deliveryId)) return;
    const states = ['downloading', 'installing', 'succeeded'] as const;
    this.unsent.push({
      gatewayId,
      reports: states.map((state, index) => ({
        deliveryId: task.deliveryId,
        sequence: task.lastSequence + index + 1,
        state,
      })),
    });
  }

  private async send(): Promise<void> {
    const batch = [...this.unsent];
    const { acknowledgements } = await this.repositories.deliveries.report(
      batch.map(({ gatewayId, reports }) => {
        const delivery = parseDeliveryId(reports[0]?.deliveryId ?? '');
        if (delivery === null) throw new Error('not an id of a delivery');
        return { gatewayId, delivery, reports };
      }),
    );
    this.unsent.splice(0, batch.length);
    // Wake-ups may be lost.
    await Promise.allSettled(
      acknowledgements.map(({ rolloutId, chunk, slots, refused }) =>
        this.rolloutClient.acknowledge(
          rolloutId,
          chunk,
          slots.map((slot) => [slot, slot]),
          refused,
        ),
      ),
    );
  }
}

/** Until something may have changed. */
export function tick(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, pollMs));
}
