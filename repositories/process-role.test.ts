/** A role that processes have of their own does all that they do, and cannot change what the audit says. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { processRole } from '../stack/postgres/process-role.js';
import { withPostgres } from '../tests/support/servers/postgres-for-tests.js';
import { addNewGateways, addNode, addRollout, testRepositories } from '../tests/support/test-repositories.js';
import type { TestRepositories } from '../tests/support/test-repositories.js';
import { startTestDatabase, type TestDatabase } from '../tests/support/postgres.js';

let server: TestDatabase;
let repositories: TestRepositories;
let url: string;

beforeAll(async () => {
  server = await startTestDatabase();
  url = await processRole(server.url);
  repositories = await testRepositories(undefined, { url, stop: async () => undefined });
}, 60_000);

afterAll(async () => {
  await repositories.close();
  await server.stop();
});

function entry(requestId: string) {
  return {
    ...{ requestId, principalId: 'x', principal: 'x', address: '127.0.0.1', action: 'x', subject: 'x' },
    ...{ asked: null, before: null },
  };
}

test('it enters gateways and rollouts, and adds to the audit', async () => {
  await addNode(repositories, 'node-1');
  const ids = await addNewGateways(repositories, 2);
  const rolloutId = await addRollout(repositories, ['app'], ids);
  expect((await repositories.rollouts.end(rolloutId, null)).open).toBe(2);
  const requestId = randomBytes(8).toString('hex');
  const id = await repositories.audit.begin(entry(requestId));
  await repositories.audit.end(id, { status: 200, code: null, made: null, after: null });
  expect((await repositories.audit.list({ requestId }, 9, null)).items).toMatchObject([
    { id, outcome: { status: 200 } },
  ]);
});

describe('it is refused', () => {
  beforeAll(() => repositories.audit.begin(entry('kept')));

  test.each([
    "UPDATE audit_entry SET principal = 'nobody'",
    'UPDATE audit_outcome SET status = 200',
    'DELETE FROM audit_entry',
    'DELETE FROM audit_outcome',
    'TRUNCATE audit_entry CASCADE',
    'ALTER TABLE audit_entry DISABLE TRIGGER ALL',
    'DROP TRIGGER audit_entry_append_only ON audit_entry',
    'DROP TABLE audit_outcome',
    'SET session_replication_role = replica',
    "CREATE OR REPLACE FUNCTION leonore_audit_retention() RETURNS interval LANGUAGE sql IMMUTABLE AS $$ SELECT interval '0' $$",
    // Not even at another time than it is.
    `INSERT INTO audit_entry (at, request_id, principal_id, principal, address, action, subject)
     VALUES (now() - interval '401 days', 'x', 'x', 'x', 'x', 'x', 'x')`,
    'DELETE FROM _prisma_migrations',
  ])('%s', async (statement) => {
    await expect(withPostgres(url, (client) => client.query(statement))).rejects.toMatchObject({
      code: '42501',
    });
    expect((await repositories.audit.list({ requestId: 'kept' }, 9, null)).items).toHaveLength(1);
  });
});
