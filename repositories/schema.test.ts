/** prisma/schema.prisma and the database that the migrations make say the same, in both directions. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import pg from 'pg';
import { databaseFacts } from '../tests/support/database-facts.js';
import { startTestDatabase, type TestDatabase } from '../tests/support/postgres.js';
import { prismaFacts } from '../tests/support/prisma-facts.js';

/**
 * Indexes that Prisma's schema cannot state: with a condition, on an expression, or with columns carried along. This is
 * the one place where they stand besides their migrations.
 */
const indexesBeyondPrisma: readonly string[] = [
  'CREATE INDEX campaign_open_idx ON campaign USING btree (created_at) WHERE (ended_at IS NULL)',
  "CREATE INDEX delivery_ended_badly_idx ON delivery USING btree (rollout_id, state, gateway_id) WHERE (state = ANY (ARRAY['failed'::text, 'incompatible'::text, 'lost'::text, 'cancelled'::text, 'superseded'::text]))",
  'CREATE INDEX delivery_open_idx ON delivery USING btree (gateway_id) WHERE (ended_at IS NULL)',
  "CREATE INDEX delivery_reason_idx ON delivery USING btree (rollout_id, state, reason, gateway_id) INCLUDE (node_id, group_id) WHERE (state = ANY (ARRAY['failed'::text, 'incompatible'::text, 'lost'::text]))",
  'CREATE INDEX delivery_replan_idx ON delivery USING btree (rollout_id, ordinal) WHERE replan',
  'CREATE INDEX delivery_rollout_id_chunk_idx ON delivery USING btree (rollout_id, chunk) WHERE (chunk IS NOT NULL)',
  "CREATE INDEX delivery_trouble_idx ON delivery USING btree (ended_at, rollout_id, gateway_id) INCLUDE (state, reason, node_id, group_id) WHERE (state = ANY (ARRAY['failed'::text, 'incompatible'::text, 'lost'::text]))",
  'CREATE INDEX gateway_count_none_idx ON gateway_count USING btree (kind) WHERE (count = 0)',
  'CREATE INDEX gateway_mark_idx ON gateway USING btree (mark) WHERE (mark IS NOT NULL)',
  'CREATE INDEX gateway_odd_number_idx ON gateway USING btree (id) WHERE leonore_has_odd_number(labels)',
  "CREATE INDEX gateway_pending_idx ON gateway USING btree (id) WHERE (state = 'pending'::text)",
  "CREATE INDEX gateway_queued_idx ON gateway USING btree (queued_at, id) WHERE (state = 'queued'::text)",
  'CREATE INDEX gateway_wake_idx ON gateway USING btree (node_id) WHERE wake',
  'CREATE INDEX rollout_chunk_open_idx ON rollout_chunk USING btree (deadline_at) WHERE (ended_at IS NULL)',
  'CREATE INDEX rollout_open_idx ON rollout USING btree (created_at) WHERE (ended_at IS NULL)',
  'CREATE INDEX rollout_outcome_stale_idx ON rollout USING btree (id) WHERE outcome_stale',
  'CREATE UNIQUE INDEX shared_value_place_key ON shared_value USING btree (key, selector) NULLS NOT DISTINCT',
  'CREATE INDEX stale_value_due_idx ON stale_value USING btree (due_at) WHERE (due_at IS NOT NULL)',
  'CREATE INDEX wanted_campaign_open_idx ON wanted_campaign USING btree (campaign_id) WHERE (NOT settled)',
  'CREATE INDEX wanted_member_due_idx ON wanted_member USING btree (due_at) WHERE (due_at IS NOT NULL)',
  "CREATE INDEX wanted_member_rollout_id_idx ON wanted_member USING btree (rollout_id) WHERE (standing = 'moving'::text)",
  'CREATE INDEX wanted_rollout_open_idx ON wanted_rollout USING btree (rollout_id) WHERE (NOT settled)',
  'CREATE INDEX wanted_state_open_idx ON wanted_state USING btree (created_at) WHERE (ended_at IS NULL)',
  "CREATE INDEX webhook_delivery_due_idx ON webhook_delivery USING btree (due_at) WHERE (state = 'waiting'::text)",
];

/** Columns of types that Prisma knows by name alone (`Unsupported`): it tells a generator nothing of them. */
const columnsBeyondPrisma: readonly string[] = [
  'rollout_event.members',
  'rollout_group.ordinals',
  'rollout_step.members',
];

let server: TestDatabase;
let client: pg.Client;
let stated: string[];

beforeAll(async () => {
  [server, stated] = await Promise.all([startTestDatabase(), prismaFacts()]);
  client = new pg.Client({ connectionString: server.url });
  await client.connect();
}, 60_000);

afterAll(async () => {
  await client.end();
  await server.stop();
});

/** What only one of them says. */
async function differences(): Promise<{ prisma: string[]; database: string[] }> {
  const { statable: all } = await databaseFacts(client);
  const statable = all.filter((fact) => !columnsBeyondPrisma.some((column) => fact.startsWith(`${column} `)));
  return {
    prisma: stated.filter((fact) => !statable.includes(fact)),
    database: statable.filter((fact) => !stated.includes(fact)),
  };
}

test('the schema says what the database has, and the database has what the schema says', async () => {
  expect(await differences()).toEqual({ prisma: [], database: [] });
});

test('indexes that Prisma cannot state are those that are listed', async () => {
  expect((await databaseFacts(client)).indexesBeyondPrisma).toEqual([...indexesBeyondPrisma].sort());
});

test.each([
  ['a table', 'CREATE TABLE extra (id text PRIMARY KEY)', 'table extra'],
  ['a table gone', 'DROP TABLE rollout_count', 'table rollout_count'],
  ['a column', 'ALTER TABLE gateway ADD COLUMN extra text', 'gateway.extra text'],
  ['a column gone', 'ALTER TABLE gateway DROP COLUMN mac', 'gateway.mac text'],
  ['a type', 'ALTER TABLE rollout_count ALTER COLUMN count TYPE bigint', 'rollout_count.count bigint'],
  [
    'a precision',
    'ALTER TABLE artifact ALTER COLUMN created_at TYPE timestamptz(6)',
    'artifact.created_at timestamp(3) with time zone',
  ],
  [
    'a column that may be null',
    'ALTER TABLE artifact ALTER digest DROP NOT NULL',
    'artifact.digest nullable',
  ],
  ['a column that may not', 'ALTER TABLE gateway ALTER mac SET NOT NULL', 'gateway.mac not null'],
  ['a default', "ALTER TABLE gateway ALTER mac SET DEFAULT ''", "gateway.mac default ''::text"],
  ['a default gone', 'ALTER TABLE gateway ALTER wake DROP DEFAULT', 'gateway.wake default false'],
  ['another default', 'ALTER TABLE gateway ALTER wake SET DEFAULT true', 'gateway.wake default true'],
  [
    'another primary key',
    'ALTER TABLE artifact_provision DROP CONSTRAINT artifact_provision_pkey, ADD PRIMARY KEY (name, artifact_id)',
    'artifact_provision primary key (name, artifact_id)',
  ],
  ['a unique constraint', 'ALTER TABLE deployment ADD UNIQUE (created_at)', 'deployment unique (created_at)'],
  [
    'a unique constraint gone',
    'ALTER TABLE artifact DROP CONSTRAINT artifact_name_version_key',
    'artifact unique (name, version)',
  ],
  ['an index', 'CREATE INDEX ON gateway (mac, name)', 'gateway index (mac, name)'],
  ['an index gone', 'DROP INDEX gateway_node_id_idx', 'gateway index (node_id)'],
  ['an index the other way round', 'CREATE INDEX ON gateway (mac DESC)', 'gateway index (mac DESC)'],
  ['an index of another kind', 'CREATE INDEX ON gateway USING hash (mac)', 'gateway index (mac) using hash'],
  [
    'a foreign key',
    'ALTER TABLE rollout_step ADD FOREIGN KEY (node_id) REFERENCES node (id)',
    'rollout_step foreign key (node_id) to node (id) on delete no action on update no action',
  ],
  [
    'a foreign key gone',
    'ALTER TABLE gateway DROP CONSTRAINT gateway_node_id_fkey',
    'gateway foreign key (node_id) to node (id) on delete no action on update no action',
  ],
  [
    'a foreign key that deletes',
    `ALTER TABLE gateway DROP CONSTRAINT gateway_node_id_fkey,
       ADD FOREIGN KEY (node_id) REFERENCES node (id) ON DELETE CASCADE`,
    'gateway foreign key (node_id) to node (id) on delete cascade on update no action',
  ],
])('%s is seen', async (_what, change, fact) => {
  await client.query('BEGIN');
  try {
    await client.query(change);
    const { prisma, database } = await differences();
    expect([...prisma, ...database]).toContain(fact);
  } finally {
    await client.query('ROLLBACK');
  }
});

test.each([
  ['a condition', 'CREATE INDEX extra ON gateway (mac) WHERE wake'],
  ['an expression', 'CREATE INDEX extra ON gateway (lower(mac))'],
  ['a column carried along', 'CREATE INDEX extra ON gateway (mac) INCLUDE (name)'],
  ['nulls that are alike', 'CREATE UNIQUE INDEX extra ON gateway (mac) NULLS NOT DISTINCT'],
])('an index with %s is one of those that Prisma cannot state', async (_what, change) => {
  await client.query('BEGIN');
  try {
    await client.query(change);
    const found = (await databaseFacts(client)).indexesBeyondPrisma;
    expect(found.filter((index) => !indexesBeyondPrisma.includes(index))).toEqual([
      expect.stringContaining('INDEX extra ON gateway'),
    ]);
    expect(await differences()).toEqual({ prisma: [], database: [] });
  } finally {
    await client.query('ROLLBACK');
  }
});
