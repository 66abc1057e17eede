/** What a wanted state costs over a fleet that is as it should be, and how soon it sees who is not. */
import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { createLeonoreClient } from '../../client/leonore-client.js';
import type { Cleanups } from '../cleanups.js';
import { UsageRecorder } from '../process-usage.js';
import { seedGateways } from '../seed/seed-gateways.js';
import { pidsOf, startTemporaryStack } from '../temporary-stack.js';
import type { Phases } from '../terminal.js';
import { atMost, fact, type Figure } from './figure.js';

const gateways = 100_000;
const settleMs = 20_000;
const measureMs = 60_000;
/** How often it is asked how far it has come: each time costs a count of all. */
const lookMs = 2_000;
const patienceMs = 20 * 60_000;
const lookSoonMs = 50;
/** Of one core. */
const goal = 0.02;
/** From a change that is seen to the rollout that follows from it. */
const goalSeconds = 30;
/** Gateways that change for that, one after the other: the first gathers shorter than those soon after it. */
const changes = 3;
/** Those that look at gateways, and those that they ask. */
const meant = ['coordinator', 'postgres'];

export async function wantedFigures(cleanups: Cleanups, phases: Phases): Promise<Figure[]> {
  const { stack, directory } = await phases.run('stack', () =>
    startTemporaryStack(cleanups, { nodes: 1, threshold: gateways, onProgress: () => undefined }),
  );
  const client = createLeonoreClient({ server: stack.api, token: stack.adminToken });
  const database = new pg.Client({ connectionString: stack.database });
  await database.connect();
  cleanups.add(() => database.end());
  await phases.run(`${gateways} gateways that have what is wanted, and its values`, async () => {
    await client.addArtifact(await writeArtifact(directory));
    await client.createDeployment({ name: 'all', select: 'labels.building' });
    // At once: whoever is seen without its values would be configured.
    await database.query('BEGIN');
    await database.query(`
      INSERT INTO shared_value (selector, conditions, key, value, version)
      VALUES (NULL, 0, 'interval', '60', nextval('value_version')),
             ('labels.ring == "early"', 1, 'interval', '30', nextval('value_version'))`);
    await seedGateways(database, gateways, 1);
    await database.query(`
      UPDATE gateway g SET installed = installed || '[{"name":"held","version":"1.0.0","installedSize":1,"requested":true}]',
        values_given = jsonb_build_object('held', jsonb_build_object('interval', (
          SELECT max(version) FROM shared_value WHERE selector IS NULL OR g.labels ->> 'ring' = 'early')))`);
    await database.query('COMMIT');
  });
  const isLookedAt = async () => (await count("gateway WHERE mark IS NOT NULL AND state = 'active'")) === 0;
  await phases.run('values by selector are worked out', async () => {
    await until(isLookedAt);
    if ((await count('stale_value')) > 0) throw new Error('a gateway has not got its values');
  });
  const without = await phases.run('without a wanted state', measure);
  const wanted = await client.wantState({ requests: ['held@^1'], deployment: 'all' }, randomUUID());
  const active = await count("gateway WHERE state = 'active'");
  await phases.run('all are looked at', () =>
    until(async () => {
      const { compliance, lookingAtAll } = await client.wantedState(wanted.id);
      return !lookingAtAll && compliance.held === active;
    }),
  );
  const kept = await phases.run('with it', measure);
  const { rollouts } = await client.wantedState(wanted.id);
  const changeSeconds = await phases.run('a gateway says that it has something else', fromChangeToRollout);
  const share = (cost: ReadonlyMap<string, number>) => [...cost.values()].reduce((sum, one) => sum + one, 0);
  const how = `CPU seconds of ${meant.join(' and ')}, from /proc, over ${measureMs / 1_000} s; ${active} gateways seeded, none polls`;
  return [
    fact(
      'wanted_gateways_held',
      active,
      'gateways',
      'each as it should be, with values of fleet and selectors',
    ),
    atMost(0, 'wanted_rollouts', rollouts.length, 'rollouts', 'nothing is to be done'),
    fact('wanted_share_without', share(without), 'of a core', `${how}; before the state was wanted`),
    fact('wanted_share_with', share(kept), 'of a core', how),
    ...meant.map((name) =>
      fact(
        `wanted_share_of_${name}`,
        kept.get(name) ?? 0,
        'of a core',
        `without: ${(without.get(name) ?? 0).toFixed(4)}`,
      ),
    ),
    atMost(
      goal,
      'wanted_share',
      share(kept) - share(without),
      'of a core',
      'with the wanted state less without',
    ),
    atMost(
      goalSeconds,
      'wanted_change_to_rollout',
      Math.max(...changeSeconds),
      's',
      `from the profile that shows it in the database to the rollout that brings it back; the longest of ${changes}`,
    ),
  ];

  /** Gateways lose what is wanted, one after the other. @returns the seconds until each is given a rollout */
  async function fromChangeToRollout(): Promise<number[]> {
    const seconds: number[] = [];
    for (let change = 0; change < changes; change += 1) {
      const startedMs = performance.now();
      const { rows } = await database.query<{ id: string }>(
        `UPDATE gateway SET installed = '[]', profile = jsonb_set(profile, '{installed}', '[]')
         WHERE id = (SELECT id FROM gateway WHERE state = 'active' ORDER BY id OFFSET $1 LIMIT 1) RETURNING id`,
        [change],
      );
      const id = rows[0]?.id ?? '';
      const isMoving = async () =>
        (await count(`wanted_member WHERE gateway_id = '${id}' AND standing = 'moving'`)) === 1;
      while (!(await isMoving())) {
        if (performance.now() - startedMs > patienceMs) throw new Error(`nothing brings ${id} back`);
        await delay(lookSoonMs);
      }
      seconds.push((performance.now() - startedMs) / 1_000);
    }
    return seconds;
  }

  async function count(rows: string): Promise<number> {
    const { rows: found } = await database.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM ${rows}`,
    );
    return found[0]?.count ?? 0;
  }

  /** @returns the share of a core by process */
  async function measure(): Promise<ReadonlyMap<string, number>> {
    // What PostgreSQL does once for what was written is not what keeping costs.
    await database.query('VACUUM ANALYZE');
    await delay(settleMs);
    const pids = pidsOf(stack);
    const recorder = new UsageRecorder(
      Object.fromEntries(Object.entries(pids).filter(([name]) => meant.includes(name))),
      measureMs,
    );
    const startedMs = performance.now();
    await delay(measureMs);
    const seconds = (performance.now() - startedMs) / 1_000;
    return new Map([...recorder.stop()].map(([name, { cpuSeconds }]) => [name, cpuSeconds / seconds]));
  }
}

/** @throws Error when it does not hold in time */
async function until(holds: () => Promise<boolean>): Promise<void> {
  const endMs = performance.now() + patienceMs;
  while (!(await holds())) {
    if (performance.now() > endMs) throw new Error(`not done after ${patienceMs / 60_000} minutes`);
    await delay(lookMs);
  }
}

async function writeArtifact(directory: string): Promise<string> {
  const path = join(directory, 'held');
  await mkdir(path);
  await writeFile(
    join(path, 'artifact.yaml'),
    "name: held\nversion: 1.0.0\nkind: application\nvalues: [{ key: interval, default: '60' }]\nvariants: [{ directory: files }]\n",
  );
  await mkdir(join(path, 'files'));
  await writeFile(join(path, 'files', 'run'), 'x\n');
  return path;
}
