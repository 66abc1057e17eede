import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { LeonoreError } from '../domain/errors.js';
import { startHaltableDatabase, type HaltableDatabase } from '../tests/support/postgres.js';
import { connectDatabase, inTransaction, type Database, type Transaction } from './database.js';
import { asDatabaseError, isUniqueViolation } from './database-errors.js';

let server: HaltableDatabase;
let database: Database;

beforeAll(async () => {
  server = await startHaltableDatabase();
  database = connectDatabase({ url: server.url, poolSize: 3 });
  await database.node.create({ data: node });
}, 60_000);

afterAll(async () => {
  await database.$close();
  await server.stop();
});

const node = { id: 'node-1', address: 'x', incarnation: '00000000-0000-0000-0000-000000000000' };

/** A statement by each of the three ways that repositories take. */
const ways: readonly [string, (db: Database, sql: string) => Promise<unknown>][] = [
  ['raw', (db, sql) => db.$queryRawUnsafe(sql)],
  [
    'prepared',
    (db, sql) => db.$prepared({ name: createHash('md5').update(sql).digest('hex'), text: sql }, []),
  ],
  ['in a transaction', (db, sql) => inTransaction(db, (tx) => tx.$queryRawUnsafe(sql))],
  [
    'by a model in a transaction',
    (db, sql) =>
      inTransaction(db, async (tx) => {
        await tx.node.count();
        await tx.$queryRawUnsafe(sql);
        await tx.node.count();
      }),
  ],
];

const failureOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

const unavailable = { code: 'DATABASE_UNAVAILABLE', message: 'PostgreSQL does not answer' };

describe('PostgreSQL is away', () => {
  test.each(ways)('it is stopped in mid-query, %s', async (_way, run) => {
    const failure = failureOf(run(database, 'SELECT pg_sleep(60)::text'));
    await untilSleeping(1);
    await server.halt();
    expect(await failure).toMatchObject(unavailable);
    await server.start();
    expect(await database.node.count()).toBe(1);
  });

  test.each(ways)('connections are refused, %s', async (_way, run) => {
    await server.halt();
    expect(await failureOf(run(database, 'SELECT 1'))).toMatchObject(unavailable);
    await server.start();
    expect(await database.node.count()).toBe(1);
  });

  test('a model when connections are refused', async () => {
    await server.halt();
    expect(await failureOf(database.node.count())).toMatchObject(unavailable);
    await server.start();
  });
});

describe('PostgreSQL does not serve us now', () => {
  test.each(ways)('an operator ends the connection, %s', async (_way, run) => {
    const failure = failureOf(run(database, 'SELECT pg_sleep(60)::text'));
    const [pid] = await untilSleeping(1);
    await database.$queryRaw`SELECT pg_terminate_backend(${pid}::int)`;
    expect(await failure).toMatchObject(unavailable);
  });

  test.each(ways)('there are too many connections, %s', async (_way, run) => {
    const fresh = connectDatabase({ url: server.url, poolSize: 1 });
    const clients: pg.Client[] = [];
    try {
      for (;;) {
        const client = new pg.Client({ connectionString: server.url });
        const connected = await client.connect().then(
          () => true,
          () => false,
        );
        if (!connected) break;
        clients.push(client);
      }
      expect(await failureOf(run(fresh, 'SELECT 1'))).toMatchObject(unavailable);
    } finally {
      await Promise.all(clients.map((client) => client.end()));
      await fresh.$close();
    }
  });

  test.each([...ways, ['a model', (db: Database) => db.node.count()] as const])(
    'no connection of the pool is free in time, %s',
    async (_way, run) => {
      // One connection for prepared statements, one for all others.
      const small = connectDatabase({ url: server.url, poolSize: 2, connectionTimeoutMs: 100 });
      const sleepers = { held: true, left: 2 };
      // A machine may need longer for a connection than a statement may wait for one: the holders ask again.
      const hold = async (sleep: () => Promise<unknown>): Promise<void> => {
        while (sleepers.held) await failureOf(sleep());
        sleepers.left -= 1;
      };
      void hold(() => small.$queryRaw`SELECT pg_sleep(60)::text`);
      void hold(() => small.$prepared({ name: 'sleep', text: 'SELECT pg_sleep(60)' }, []));
      await untilSleeping(2);
      expect(await failureOf(run(small, 'SELECT 1'))).toMatchObject(unavailable);
      sleepers.held = false;
      while (sleepers.left > 0) {
        await database.$queryRaw`
          SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(60)%' AND state = 'active'`;
      }
      await small.$close();
    },
  );

  test.each<[string, (tx: Transaction) => Promise<unknown>, number]>([
    [
      'a transaction takes longer than it may',
      async (tx) => {
        await tx.$queryRaw`SELECT pg_sleep(0.3)::text`;
        await tx.$queryRaw`SELECT 1`;
      },
      100,
    ],
    [
      'PostgreSQL ends a transaction that is idle',
      async (tx) => {
        await tx.$executeRaw`SET LOCAL idle_in_transaction_session_timeout = 20`;
        await untilGone(tx);
        await tx.$queryRaw`SELECT 1`;
      },
      30_000,
    ],
    [
      'PostgreSQL ends a transaction that is long',
      async (tx) => {
        await tx.$executeRaw`SET LOCAL transaction_timeout = 50`;
        await tx.$queryRaw`SELECT pg_sleep(60)::text`;
      },
      30_000,
    ],
    [
      'what was the leader is read-only',
      async (tx) => {
        await tx.$executeRaw`SET TRANSACTION READ ONLY`;
        await tx.$executeRaw`UPDATE node SET address = 'y'`;
      },
      30_000,
    ],
  ])('%s', async (_what, work, timeoutMs) => {
    expect(await failureOf(inTransaction(database, work, timeoutMs))).toMatchObject(unavailable);
    expect(await database.node.findMany()).toMatchObject([{ address: 'x' }]);
  });

  test.each([
    ['a host that nobody knows', () => 'postgresql://nobody@no-such-host.invalid/none'],
    ['a database that is not there, as while it is restored', () => server.url.replace(/[^/]+$/, 'none')],
  ])('%s', async (_what, url) => {
    const away = connectDatabase({ url: url(), poolSize: 1 });
    for (const [, run] of ways) expect(await failureOf(run(away, 'SELECT 1'))).toMatchObject(unavailable);
    await away.$close();
  });
});

describe('PostgreSQL answered: it is there', () => {
  /** Words that a failure to reach PostgreSQL is told with, as values that somebody chose. */
  const words = [
    'Connection terminated unexpectedly',
    'ECONNREFUSED',
    'the database system is shutting down',
    'Transaction already closed',
    '"code":"57P01"',
    '57P01',
  ];

  const isAway = (failure: unknown): boolean =>
    failure instanceof LeonoreError && failure.code === 'DATABASE_UNAVAILABLE';

  test.each(words)('whatever is quoted: %j', async (word) => {
    const quoted = word.replaceAll("'", "''");
    const statements = [
      `SELECT '${quoted}'::text::int`,
      `SELECT '${quoted}'::text::uuid`,
      `SELECT ('{' || '${quoted}'::text)::jsonb`,
      `INSERT INTO node (id, address, incarnation, state) VALUES ('${quoted}', '${quoted}', gen_random_uuid(), '${quoted}')`,
      `INSERT INTO node (id, address, incarnation) VALUES ('node-1', '${quoted}', gen_random_uuid())`,
      `INSERT INTO rollout_step (rollout_id, step, node_id) VALUES (gen_random_uuid(), 'i', '${quoted}')`,
      `DO $$ BEGIN RAISE EXCEPTION USING message = '${quoted}'; END $$`,
      `SELECT '${quoted}' FROM absent`,
      `SELEC '${quoted}'`,
    ];
    for (const statement of statements) {
      for (const [way, run] of ways) {
        const failure = await failureOf(run(database, statement));
        expect({
          way,
          statement,
          failed: failure !== undefined,
          isAway: isAway(failure),
        }).toEqual({
          way,
          statement,
          failed: true,
          isAway: false,
        });
      }
    }
    for (const work of [
      () => database.rollout.findUnique({ where: { id: word } }),
      () => database.node.findUnique({ where: { id: word, absent: word } as never }),
      () => database.node.create({ data: { ...node, address: word } }),
      () => database.node.create({ data: { ...node, id: word, address: `${word}\0` } }),
      () => inTransaction(database, () => Promise.reject(new Error(`somebody said: ${word}`))),
    ]) {
      const failure = await failureOf(work());
      expect(failure).toBeDefined();
      expect(isAway(failure)).toBe(false);
    }
  });

  test.each(ways)('a statement that took longer than it may was at fault itself, %s', async (_way, run) => {
    const url = new URL(server.url);
    url.searchParams.set('statement_timeout', '50');
    const hasty = connectDatabase({ url: url.href, poolSize: 1 });
    const failure = await failureOf(run(hasty, 'SELECT pg_sleep(60)::text'));
    await hasty.$close();
    expect(failure).toMatchObject({ code: expect.stringMatching(/^(P2010|57014)$/) });
  });

  test('what is refused for being there already is told apart, by whatever way it was sent', async () => {
    const insert = `INSERT INTO node (id, address, incarnation) VALUES ('node-1', 'x', gen_random_uuid())`;
    for (const [, run] of ways) expect(isUniqueViolation(await failureOf(run(database, insert)))).toBe(true);
    expect(isUniqueViolation(await failureOf(database.node.create({ data: node })))).toBe(true);
    const other = `INSERT INTO rollout_step (rollout_id, step) VALUES (gen_random_uuid(), 'i')`;
    for (const [, run] of ways) expect(isUniqueViolation(await failureOf(run(database, other)))).toBe(false);
  });
});

test('what is no error, or one of ours, stays what it is', () => {
  const own = new LeonoreError('GATEWAY_NOT_FOUND', 'ECONNREFUSED');
  for (const error of [own, 'ECONNREFUSED', null, undefined, { code: 'ECONNREFUSED' }]) {
    expect(asDatabaseError(error)).toBe(error);
  }
});

test('refused by all addresses of a host at once', () => {
  const refused = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
  expect(asDatabaseError(new AggregateError([new Error('other'), refused]))).toMatchObject(unavailable);
  expect(asDatabaseError(new AggregateError([new Error('other')]))).not.toMatchObject(unavailable);
});

/** Waits until so many statements of ours sleep. @returns their processes */
async function untilSleeping(count: number): Promise<number[]> {
  for (;;) {
    const rows = await database.$queryRaw<{ pid: number }[]>`
      SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep'`;
    if (rows.length >= count) return rows.map(({ pid }) => pid);
    await delay(5);
  }
}

/** Waits until the transaction's connection is gone. */
async function untilGone(tx: Transaction): Promise<void> {
  const [row] = await tx.$queryRaw<{ pid: number }[]>`SELECT pg_backend_pid() AS pid`;
  for (;;) {
    const rows = await database.$queryRaw<
      unknown[]
    >`SELECT 1 FROM pg_stat_activity WHERE pid = ${row?.pid}::int`;
    if (rows.length === 0) return;
    await delay(5);
  }
}
