import { randomUUID } from 'node:crypto';
import { createLeonoreClient, type LeonoreClient } from '../../client/leonore-client.js';
import type { Stack } from '../../stack/start-stack.js';
import type { Cleanups } from '../cleanups.js';
import { packageKinds } from '../packages/package-kind.js';
import type { Phases } from '../terminal.js';
import { until } from '../until.js';
import { startVirtualGateways } from '../virtual-gateways/fleet.js';
import type { Heartbeats } from './heartbeats.js';

/** Gateways that are there, among all those that are rows only. */
const present = 500;
const patienceMs = 300_000;
/** One for each way in which a selector is evaluated. */
const selectors = [
  'labels.building == "b17"',
  'labels.building == "b17" && labels.floor == 3',
  'labels.site == "site-3"',
  'id == "gw-0000042"',
  'labels.ring != "broad"',
  'hardware.diskFree > 100MiB',
  'software.tools.openssl ~ "^3.1"',
];

/** Everything that people, gateways and the coordinator ask of the database, on a stack whose database is full. */
export async function useFleet(
  stack: Stack,
  directory: string,
  heartbeats: Heartbeats,
  cleanups: Cleanups,
  phases: Phases,
): Promise<void> {
  const client = createLeonoreClient({ server: stack.api, token: stack.adminToken });
  const kind = packageKinds.svm;
  await phases.run('artifacts', async () => {
    for (const artifact of (await kind.writeDependencies(directory)).directories)
      await client.addArtifact(artifact);
    await client.addArtifact(await kind.writeApplication(directory, '1.0.0'));
  });
  const fleet = await phases.run(`${present} gateways register`, () =>
    startVirtualGateways({
      server: stack.api,
      enrolmentToken: stack.enrolmentToken,
      count: present,
      strategy: 'mixed',
      intervalSeconds: 1,
      labels: { site: 'lab' },
    }),
  );
  cleanups.add(() => fleet.stop());

  await phases.run('a rollout', () => rollOut(client, `${kind.application}@1.0.0`));
  await phases.run('an order, and its end', async () => {
    const { id } = await client.giveOrder({
      action: 'uninstall',
      artifact: kind.application,
      deployment: 'lab',
    });
    await client.orders({ order: id });
    // Virtual gateways do not carry it out.
    await client.cancelOrder(id);
  });
  await phases.run('what people look at', () => look(client));
  await phases.run('selectors', async () => {
    for (const [index, select] of selectors.entries()) {
      await client.createDeployment({ name: `selected-${index}`, select });
      await client.deployment(`selected-${index}`);
    }
  });
  await phases.run('four nodes die, and one is drained', async () => {
    const dead = await heartbeats.silence(4);
    const [drained] = (await client.nodes()).filter(({ id }) => !dead.includes(id) && id !== 'node-1');
    // It keeps those at work on a delivery, which nobody ends here.
    if (drained !== undefined) await client.drainNode(drained.id);
    await until(
      async () =>
        (await client.nodes()).every(({ id, gatewayCount }) => !dead.includes(id) || gatewayCount === 0),
      patienceMs,
    );
  });
}

async function rollOut(client: LeonoreClient, request: string): Promise<void> {
  await client.createDeployment({ name: 'lab', select: 'labels.site == "lab"' });
  await client.plan({ requests: [request], deployment: 'lab' });
  const { id } = await client.startRollout({ requests: [request], deployment: 'lab' }, randomUUID());
  // Until the end: each look of a watcher is a statement.
  const watched = client.watchRollout(id);
  while ((await watched.next()).done !== true);
  await until(async () => (await client.rollout(id)).endedAt !== null, patienceMs);
}

async function look(client: LeonoreClient): Promise<void> {
  const rollouts = await client.rollouts();
  await Promise.all([client.gateways(), client.artifacts(), client.packages(), client.deployments()]);
  await client.orders({ gateway: 'gw-0000001' });
  await client.gateway('gw-0000001');
  for (const { id } of rollouts.slice(0, 3)) {
    await client.rollout(id);
    await client.deliveries(id, 'failed');
  }
}
