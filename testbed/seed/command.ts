/** `npm run testbed -- seed`: a database as a large fleet fills it, to measure statements on. */
import { Command } from 'commander';
import pg from 'pg';
import { migrate } from '../../repositories/migrations/migrate.js';
import { wholeNumber } from '../number-option.js';
import { Phases } from '../terminal.js';
import { seedGateways, seedNodes } from './seed-gateways.js';
import { seedRollouts } from './seed-deliveries.js';

export interface SeedSizes {
  readonly gateways: number;
  readonly deliveries: number;
  readonly nodes: number;
}

export function seedCommand(): Command {
  return new Command('seed')
    .description('fills the empty database at DATABASE_URL with gateways, nodes, rollouts and deliveries')
    .option('--gateways <n>', 'gateways', wholeNumber(1, 9_999_999), 200_000)
    .option(
      '--deliveries <n>',
      'deliveries, of as many rollouts as it takes',
      wholeNumber(1, 100_000_000),
      1_000_000,
    )
    .option('--nodes <n>', 'nodes', wholeNumber(1, 10_000), 400)
    .action(async (sizes: SeedSizes) => {
      const url = process.env['DATABASE_URL'];
      if (url === undefined) throw new Error('DATABASE_URL must say which database to fill');
      await seed(url, sizes, new Phases((line) => process.stderr.write(`${line}\n`)));
    });
}

/**
 * Migrates an empty database and fills it.
 * @throws Error when there are gateways already: nobody's fleet is to be mixed with this one
 */
export async function seed(url: string, sizes: SeedSizes, phases: Phases): Promise<void> {
  await migrate(url);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rowCount } = await client.query('SELECT 1 FROM gateway LIMIT 1');
    if (rowCount !== 0) throw new Error('the database has gateways already; give an empty one');
    // The same fleet each time.
    await client.query('SELECT setseed(0.5)');
    await phases.run(`${sizes.nodes} nodes`, () => seedNodes(client, sizes.nodes));
    await phases.run(`${sizes.gateways} gateways`, () => seedGateways(client, sizes.gateways, sizes.nodes));
    await phases.run(`${sizes.deliveries} deliveries`, () => seedRollouts(client, sizes));
    await phases.run('statistics', () => client.query('VACUUM ANALYZE'));
  } finally {
    await client.end();
  }
}
