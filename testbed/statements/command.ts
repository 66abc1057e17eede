/** `npm run testbed -- statements`: what each statement costs in a database as a large fleet fills it. */
import { chmod, chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import pg from 'pg';
import { freePort } from '../../stack/free-port.js';
import {
  clusterUrl,
  ensureDatabase,
  openCluster,
  servePostgres,
} from '../../stack/postgres/postgres-server.js';
import { startStack } from '../../stack/start-stack.js';
import { Cleanups } from '../cleanups.js';
import { wholeNumber } from '../number-option.js';
import { seed, type SeedSizes } from '../seed/command.js';
import { Phases } from '../terminal.js';
import { startHeartbeats } from './heartbeats.js';
import { costsOf, costTable } from './statement-costs.js';
import { useFleet } from './use-fleet.js';

const database = 'leonore';

export function statementsCommand(): Command {
  return new Command('statements')
    .description(
      'seeds a database, lets LEONORE work on it, and lists its statements with their times and plans',
    )
    .option('--gateways <n>', 'gateways', wholeNumber(1, 9_999_999), 200_000)
    .option('--deliveries <n>', 'deliveries', wholeNumber(1, 100_000_000), 1_000_000)
    .option('--nodes <n>', 'nodes', wholeNumber(2, 10_000), 400)
    .action(async (sizes: SeedSizes) => {
      const phases = new Phases((line) => process.stderr.write(`${line}\n`));
      const cleanups = new Cleanups();
      cleanups.listenToSignals();
      try {
        const table = await cleanups.unlessInterrupted(measureStatements(sizes, cleanups, phases));
        process.stdout.write(`${table}\n`);
      } finally {
        for (const failure of await cleanups.undoAll())
          process.stderr.write(`clean-up: ${String(failure)}\n`);
      }
    });
}

/** @returns a table for people: each statement, dearest first */
async function measureStatements(sizes: SeedSizes, cleanups: Cleanups, phases: Phases): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'leonore-statements-'));
  cleanups.add(() => rm(directory, { recursive: true, force: true, maxRetries: 5 }));
  await chmod(directory, 0o755);
  const cluster = await openCluster(join(directory, 'postgres'));
  const { owner } = cluster.osUser;
  if (owner !== undefined) await chown(directory, owner.uid, owner.gid);
  const port = await freePort();
  const server = await servePostgres(cluster, {
    port,
    settings: [
      'shared_preload_libraries=pg_stat_statements',
      'pg_stat_statements.max=5000',
      'shared_buffers=512MB',
      'max_wal_size=4GB',
    ],
    orphan: { signal: 'INT', graceMs: 15_000 },
  });
  cleanups.add(async () => {
    await server.end('SIGINT', 15_000);
  });
  await ensureDatabase(clusterUrl(cluster, port, 'postgres'), database);
  const url = clusterUrl(cluster, port, database);
  await seed(url, sizes, phases);

  const client = new pg.Client({ connectionString: url });
  await client.connect();
  cleanups.add(() => client.end());
  await client.query('CREATE EXTENSION pg_stat_statements');
  const heartbeats = await startHeartbeats(client, 'node-1');
  cleanups.add(() => heartbeats.stop());

  const stack = await phases.run('stack', () =>
    startStack({
      dataDir: join(directory, 'stack'),
      nodes: 1,
      threshold: sizes.gateways,
      balancer: 'location',
      env: { DATABASE_URL: url, LEONORE_NODE_LABELS: 'site=lab' },
      signal: cleanups.interrupted,
    }),
  );
  cleanups.add(() => stack.stop());
  await client.query('SELECT pg_stat_statements_reset()');
  await useFleet(stack, join(directory, 'fleet'), heartbeats, cleanups, phases);
  return costTable(await costsOf(client));
}
