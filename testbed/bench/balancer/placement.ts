/** The balancer's work in the database alone: assigning with many gateways registered, and moving those of a dead node. */
import { randomBytes, randomUUID } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectDatabase } from '../../../repositories/database.js';
import { sharedGrant } from '../../../domain/enrolment/grant.js';
import type { Registration } from '../../../repositories/registration-repository.js';
import { migrate } from '../../../repositories/migrations/migrate.js';
import { createRepositories, type Repositories } from '../../../repositories/repositories.js';
import { freePort } from '../../../stack/free-port.js';
import {
  clusterUrl,
  ensureDatabase,
  openCluster,
  servePostgres,
} from '../../../stack/postgres/postgres-server.js';
import type { Cleanups } from '../../cleanups.js';
import type { Phases } from '../../terminal.js';
import { populations, profileOf } from '../../virtual-gateways/population.js';
import { atMost, fact, type Figure } from '../figure.js';

/** What the API gathers at most. */
const batchSize = 250;
const registered = 100_000;
const measured = 10_000;
const moved = 2_500;
/** Nothing is declared dead while this runs. */
const silenceMs = 3_600_000;
/** Larger than all that is registered: nodes are never full here. */
const threshold = 1_000_000;

export async function placementFigures(cleanups: Cleanups, phases: Phases): Promise<Figure[]> {
  const database = connectDatabase({ url: await startPostgres(cleanups), poolSize: 10 });
  cleanups.add(() => database.$close());
  const repositories = createRepositories(database, silenceMs, 'bench');
  await repositories.pool.configure(
    { strategy: 'load', threshold, minNodes: 0, maxNodes: 0, settleMs: 60_000, channels: [] },
    { prefix: 'node-', first: 1 },
  );
  for (const id of ['node-1', 'node-2']) await addNode(repositories, id);
  await phases.run(`${registered - measured} gateways registered`, () =>
    registerMany(repositories, 0, registered - measured),
  );
  const assignMs = await phases.run(`${measured} more, in batches of ${batchSize}`, () =>
    timed(() => registerMany(repositories, registered - measured, registered)),
  );
  const againMs = await phases.run(`${measured} of them once more`, () =>
    timed(() => registerMany(repositories, 0, measured)),
  );
  const singleMs = await timed(() => registerMany(repositories, 0, 200, 1));
  const counts = (await repositories.nodes.list()).map(({ gatewayCount }) => gatewayCount);
  if (counts.reduce((sum, count) => sum + count, 0) !== registered)
    throw new Error(`the nodes' counts are wrong: ${counts.join(', ')}`);
  const how = `of ${batchSize} at a time, ${registered} registered, two nodes, PostgreSQL with fsync`;
  return [
    atMost(1, 'assign', assignMs / measured, 'ms a gateway', `new gateways, ${how}`),
    fact('assign_rate', measured / (assignMs / 1_000), 'gateways/s', 'the same'),
    atMost(1, 'assign_again', againMs / measured, 'ms a gateway', `gateways that keep their node, ${how}`),
    fact('assign_single', singleMs / 200, 'ms', 'one at a time, nobody else asking'),
    await deadNodeFigure(repositories, phases),
  ];
}

/** A node with 2,500 gateways, each with an unfinished delivery, is gone. */
async function deadNodeFigure(repositories: Repositories, phases: Phases): Promise<Figure> {
  const { pool, rollouts, members, placement, nodes } = repositories;
  await pool.configure(
    { strategy: 'load', threshold: moved, minNodes: 0, maxNodes: 0, settleMs: 60_000, channels: [] },
    { prefix: 'node-', first: 1 },
  );
  const incarnation = await addNode(repositories, 'node-3');
  // The other two are far beyond the threshold now, so all of these go to the third.
  await registerMany(repositories, registered, registered + moved);
  const gatewayIds = Array.from({ length: moved }, (_none, index) => idOf(registered + index));
  const target = { gateways: gatewayIds };
  const { id } = await rollouts.create({
    requests: ['thermometer'],
    target,
    options: { deadlineSeconds: 3_600 },
    idempotencyKey: null,
    requestDigest: 'bench',
  });
  await members.addDeliveries(id, target);
  await nodes.stopped('node-3', incarnation);
  const ms = await phases.run(`${moved} gateways of a dead node moved`, () =>
    timed(async () => {
      const count = await placement.leave('node-3');
      if (count !== moved) throw new Error(`${String(count)} gateways moved, not ${moved}`);
    }),
  );
  if ((await nodes.get('node-3')).gatewayCount !== 0) throw new Error('the dead node has gateways still');
  return atMost(
    2,
    'move',
    ms / 1_000,
    's',
    `${moved} gateways with as many unfinished deliveries, one transaction`,
  );
}

async function addNode({ nodes }: Repositories, id: string): Promise<string> {
  const incarnation = randomUUID();
  const address = `http://127.0.0.1:1/${id}`;
  await nodes.register({
    id,
    address,
    endpoints: [
      { protocol: 'http', transport: 'tcp', address, strategies: ['pull'], pushScheme: null, tls: 'none' },
    ],
    incarnation,
  });
  return incarnation;
}

async function registerMany(
  { registrations }: Repositories,
  from: number,
  to: number,
  size = batchSize,
): Promise<void> {
  for (let start = from; start < to; start += size) {
    const batch = Array.from({ length: Math.min(size, to - start) }, (_none, index) =>
      registrationOf(start + index),
    );
    const failed = (await registrations.registerAll(batch)).find((outcome) => outcome instanceof Error);
    if (failed !== undefined) throw failed;
  }
}

const population = { kinds: populations.mixed, seed: 1, prefix: 'bench', labels: {} };

function idOf(index: number): string {
  return registrationOf(index).profile.id;
}

function registrationOf(index: number): Registration {
  return {
    profile: profileOf(population, index, ['pull']),
    pushAddress: null,
    pollSeconds: 60,
    ownPollSeconds: null,
    agentVersion: 'bench',
    credentials: { ownTokenHash: null, key: null, enrolment: sharedGrant, address: '127.0.0.1' },
    newTokenHash: randomBytes(32),
  };
}

async function timed(work: () => Promise<void>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return performance.now() - startedMs;
}

async function startPostgres(cleanups: Cleanups): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'leonore-bench-'));
  cleanups.add(() => rm(directory, { recursive: true, force: true, maxRetries: 5 }));
  // The user that PostgreSQL runs as must be able to pass.
  await chmod(directory, 0o711);
  const cluster = await openCluster(join(directory, 'postgres'));
  const port = await freePort();
  const server = await servePostgres(cluster, { port, orphan: { signal: 'INT', graceMs: 5_000 } });
  cleanups.add(async () => {
    await server.end('SIGINT', 5_000);
  });
  await ensureDatabase(clusterUrl(cluster, port, 'postgres'), 'leonore');
  const url = clusterUrl(cluster, port, 'leonore');
  await migrate(url);
  return url;
}
