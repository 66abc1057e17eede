/** The labels that SQL and the domain make of the same are the same. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { effectiveLabels } from '../domain/gateway/labels.js';
import { testRepositories, type TestRepositories } from '../tests/support/test-repositories.js';

let repositories: TestRepositories;

beforeAll(async () => {
  repositories = await testRepositories();
});

afterAll(() => repositories.close());

const name = fc.constantFrom('site', 'floor', 'room', 'kind');
const labels = fc.dictionary(name, fc.constantFrom('', 'a', 'b'), { noNullPrototype: true });
const allowed = fc.uniqueArray(fc.oneof(name, fc.constant('*')));

test('labels in SQL are those of the domain', async () => {
  const cases = fc.sample(fc.tuple(labels, allowed, labels), 500);
  const rows = JSON.stringify(
    cases.map(([operator, may, reported], place) => ({ place, operator, may, reported })),
  );
  const found = await repositories.database.$queryRaw<{ labels: Record<string, string> }[]>`
    SELECT leonore_labels(operator, may, reported) AS labels
    FROM jsonb_to_recordset(${rows}::jsonb) AS t(place int, operator jsonb, may text[], reported jsonb) ORDER BY place`;
  expect(found.map((row) => row.labels)).toEqual(
    cases.map(([operator, may, reported]) => effectiveLabels(operator, may, reported)),
  );
});
