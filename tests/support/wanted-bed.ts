import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { Strategy } from '../../domain/campaign/strategy.js';
import { parseDeliveryId } from '../../domain/delivery/delivery-id.js';
import type { StandingName } from '../../domain/wanted-state/judge.js';
import { StateKeeper } from '../../workers/state-keeper.js';
import { selectRequested } from '../../services/select-requested.js';
import { inProcessLeonore, tick, type InProcessLeonore } from './in-process-leonore.js';
import { InstallingGateways } from './installing-gateways.js';
import type { TestTemporal } from './temporal.js';
import type { TestRepositories } from './test-repositories.js';

/** The keeper's product in one process, with gateways that install: what tests of wanted states stand on. */
export async function wantedStack(
  { address, namespace, environment }: TestTemporal,
  repositories: TestRepositories,
) {
  const blobRoot = await mkdtemp(join(tmpdir(), 'leonore-wanted-'));
  const reached = { address, namespace, client: environment.client.workflow };
  const leonore = await inProcessLeonore(repositories, reached, ['node-1'], blobRoot);
  leonore.reconciler.start().catch(() => undefined);
  const gateways = new InstallingGateways(repositories, leonore.rolloutClient);
  return {
    leonore,
    gateways,
    ...wantedBed(repositories, leonore, gateways),
    startKeeper: (rolloutClient = leonore.rolloutClient): StateKeeper =>
      new StateKeeper({
        repositories,
        rolloutClient,
        campaignClient: leonore.campaignClient,
        intervalMs: 200,
        logger: pino({ level: 'silent' }),
        gather: { firstMs: 300, againMs: 300 },
      }),
    async stop(): Promise<void> {
      await gateways.stop();
      await leonore.stop();
      await rm(blobRoot, { recursive: true, force: true });
    },
  };
}

/** What tests of wanted states and values do again and again. */
function wantedBed(repositories: TestRepositories, leonore: InProcessLeonore, gateways: InstallingGateways) {
  const { stateKeeping, wantedStates } = repositories;

  async function until(holds: () => Promise<boolean> | boolean): Promise<void> {
    while (!(await holds())) await tick();
  }

  /** A site of gateways, an artifact of its own, and a deployment of the site. */
  async function site(count: number): Promise<{ name: string; ids: string[] }> {
    const name = `app-${randomUUID().slice(0, 8)}`;
    const ids = Array.from({ length: count }, (_none, index) => `${name}-${index}`);
    await gateways.add(ids, { site: name });
    await repositories.deployments.create(name, { gatewayIds: [], selector: `labels.site == "${name}"` });
    return { name, ids };
  }

  async function publish(
    name: string,
    version: string,
    more: Readonly<Record<string, unknown>> = {},
  ): Promise<void> {
    await leonore.builder.publish(
      { name, version, kind: 'application', ...more },
      { 'files/run': `#!/bin/sh\n# ${version}\n` },
    );
  }

  async function want(
    name: string,
    range: string,
    {
      deployment = name,
      automatic = false,
      strategy = null,
    }: { deployment?: string; automatic?: boolean; strategy?: Strategy | null } = {},
  ): Promise<string> {
    const requests = [`${name}@${range}`];
    return wantedStates.create({
      requests,
      deployment,
      automatic: automatic || strategy !== null,
      strategy,
      deadlineSeconds: 600,
      catalogChanges: await stateKeeping.catalogChanges(),
      versions: await selectRequested(repositories.artifacts, requests),
    });
  }

  /** Resolves when as many gateways stand so, and no others stand in any way. */
  async function stand(id: string, expected: Partial<Record<StandingName, number>>): Promise<void> {
    await until(async () =>
      Object.entries(await wantedStates.compliance(id)).every(
        ([standing, count]) => count === (expected[standing as StandingName] ?? 0),
      ),
    );
  }

  /** What gateways wait for has passed. */
  async function isDue(id: string): Promise<void> {
    await repositories.database.$executeRaw`
      UPDATE wanted_member SET due_at = now() WHERE wanted_state_id = ${id}::uuid AND due_at IS NOT NULL`;
  }

  /** How often what a gateway waits to be told to install was planned anew; null while there is nothing. */
  async function attemptOf(gatewayId: string): Promise<number | null> {
    const task = (await repositories.deliveries.poll([gatewayId])).get(gatewayId)?.task;
    const { attempt = 0 } = (task && parseDeliveryId(task.deliveryId)) ?? {};
    return task == null ? null : attempt;
  }

  /** How often rollouts of a wanted state went to a gateway. */
  async function rolloutsTo(id: string, gatewayId: string): Promise<number> {
    const [row] = await repositories.database.$queryRaw<{ count: number }[]>`
      SELECT count(*)::int AS count FROM wanted_rollout w JOIN delivery d ON d.rollout_id = w.rollout_id
      WHERE w.wanted_state_id = ${id}::uuid AND d.gateway_id = ${gatewayId}`;
    return row?.count ?? 0;
  }

  return { until, site, publish, want, stand, isDue, attemptOf, rolloutsTo };
}
