/** Deliveries have one writer, and their states one table: held against the sources. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { deliveryStates } from '../../domain/delivery/state.js';
import { packageRoot } from '../../process/package-root.js';
import { sourceFiles } from '../../tests/support/source-files.js';

/** Besides the writer's own room: what makes the tables, what fills them for measurements, and tests. */
const mayWrite = /^(repositories\/delivery\/|prisma\/|testbed\/seed\/|tests\/support\/)|\.test\.ts$/;

async function sources(of: RegExp): Promise<{ path: string; text: string }[]> {
  const paths = (await sourceFiles()).filter((path) => of.test(path));
  return Promise.all(
    paths.map(async (path) => ({ path, text: await readFile(join(packageRoot(), path), 'utf8') })),
  );
}

const written =
  /\b(?:INSERT\s+INTO|UPDATE(?:\s+ONLY)?|DELETE\s+FROM|MERGE\s+INTO|TRUNCATE(?:\s+TABLE)?|COPY)\s+"?(?:delivery|rollout_count)\b"?|\.\s*(?:delivery|rolloutCount)\s*\.\s*(?:create|update|upsert|delete)/i;

/** Two states or more that SQL compares with: such a set has a name in domain/delivery/state.ts, or gets one. */
const states = `'(?:${deliveryStates.join('|')})'`;
const stateSet = new RegExp(`\\b(?:IN|ANY|ARRAY)\\s*[(\\[]+\\s*${states}\\s*,\\s*${states}`, 'i');

test.each([
  'UPDATE delivery d SET state = 1',
  'INSERT INTO\n  rollout_count AS k',
  'delete from "delivery"',
  'tx.delivery.updateMany({})',
  'database\n  .rolloutCount\n  .create({})',
])('%j writes', (text) => {
  expect(text).toMatch(written);
});

test.each([
  'UPDATE delivery_x SET',
  'SELECT 1 FROM delivery',
  'database.delivery.findMany()',
  'delivery.updated',
])('%j does not', (text) => {
  expect(text).not.toMatch(written);
});

test('nothing outside repositories/delivery writes a delivery or a count', async () => {
  const others = (await sources(/\.(ts|mjs|js|sql)$/)).filter(({ path }) => !mayWrite.test(path));
  expect(others.length).toBeGreaterThan(100);
  expect(others.filter(({ text }) => written.test(text)).map(({ path }) => path)).toEqual([]);
});

test('no SQL spells a set of states out', async () => {
  expect(`state IN ('pending', 'offered')`).toMatch(stateSet);
  expect(`state = ANY(ARRAY['lost','failed'])`).toMatch(stateSet);
  const product = (await sources(/\.(ts|mjs|js)$/)).filter(({ path }) => !/\.test\.ts$/.test(path));
  expect(product.filter(({ text }) => stateSet.test(text)).map(({ path }) => path)).toEqual([]);
});
