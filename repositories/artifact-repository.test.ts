import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { ArtifactManifest } from '../domain/artifact/manifest.js';
import { testRepositories, type TestRepositories } from '../tests/support/test-repositories.js';

let repositories: TestRepositories;

beforeAll(async () => {
  repositories = await testRepositories();
});

afterAll(() => repositories.close());

function library(name: string, version: string): ArtifactManifest {
  return { name, version, kind: 'library' };
}

test.each([
  ['1.0.0+b1', '1.0.0+b2'],
  ['1.0.0', '1.0.0+b1'],
  ['1.0.0-rc.1+b1', '1.0.0-rc.1'],
])('%s is there, so %s is refused as the same version, and both are named', async (first, second) => {
  const { artifacts } = repositories;
  const name = `metadata-${first.replaceAll(/[^\w]/gu, '-')}`;
  expect(await artifacts.add(library(name, first), [])).toBe('added');
  expect(await artifacts.add(library(name, first), [])).toBe('unchanged');
  await expect(artifacts.add(library(name, second), [])).rejects.toMatchObject({
    code: 'ARTIFACT_IMMUTABLE',
    message: `${name}@${second} is the same version as ${name}@${first}: they differ by build metadata alone`,
  });
  expect(await artifacts.find(name, second)).toBeNull();
});

test('a prerelease and its release are two versions, whatever their builds', async () => {
  const { artifacts } = repositories;
  for (const version of ['2.0.0-rc.1+b1', '2.0.0+b1', '2.0.1+b1'])
    expect(await artifacts.add(library('releases', version), [])).toBe('added');
});

test('of many builds of one version that are added at once, one is there afterwards', async () => {
  const { artifacts } = repositories;
  const builds = Array.from({ length: 8 }, (_, build) => library('at-once', `1.0.0+b${build}`));
  const outcomes = await Promise.allSettled(builds.map((manifest) => artifacts.add(manifest, [])));
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  expect(await artifacts.versionsOf('at-once')).toHaveLength(1);
});
