/** What removing a version is refused for, and what stays of it. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import type { ArtifactManifest } from '../domain/artifact/manifest.js';
import { act, addCampaign, install } from '../tests/support/test-campaigns.js';
import {
  addGateways,
  addNewGateways,
  addNode,
  profileOf,
  testRepositories,
  type TestRepositories,
} from '../tests/support/test-repositories.js';

let repositories: TestRepositories;
let name: string;

beforeAll(async () => {
  repositories = await testRepositories();
  await addNode(repositories, 'node-1');
}, 60_000);

afterAll(() => repositories.close());

beforeEach(() => {
  name = `gone-${randomBytes(4).toString('hex')}`;
});

function version(number: string, changes: Partial<ArtifactManifest> = {}): ArtifactManifest {
  return { name, version: number, kind: 'library', ...changes };
}

describe('a version that was removed', () => {
  beforeEach(async () => {
    await repositories.artifacts.add(version('1.0.0+a'), []);
    await repositories.artifacts.remove(name, '1.0.0+a');
  });

  test('is gone, and may come again as it was, as often as it goes', async () => {
    const { artifacts } = repositories;
    expect(await artifacts.find(name, '1.0.0+a')).toBeNull();
    expect(await artifacts.add(version('1.0.0+a'), [])).toBe('added');
    expect(await artifacts.add(version('1.0.0+a'), [])).toBe('unchanged');
    await artifacts.remove(name, '1.0.0+a');
    expect(await artifacts.add(version('1.0.0+a'), [])).toBe('added');
  });

  test.each([
    ['other content', '1.0.0+a', { description: 'other' }],
    ['another build', '1.0.0+b', {}],
    ['no build', '1.0.0', {}],
  ])('never comes again as %s', async (_what, number, changes) => {
    const { artifacts } = repositories;
    await expect(artifacts.add(version(number, changes), [])).rejects.toMatchObject({
      code: 'ARTIFACT_IMMUTABLE',
      message: expect.stringContaining(`${name}@1.0.0+a was there with other content`) as unknown,
    });
    expect(await artifacts.versionsOf(name)).toEqual([]);
    expect(await artifacts.add(version('1.0.1'), [])).toBe('added');
  });
});

describe('a version that somebody needs', () => {
  const inUse = (what: Record<string, readonly string[]>, message: string) => ({
    code: 'ARTIFACT_IN_USE',
    message: expect.stringContaining(message) as unknown,
    details: expect.objectContaining(what) as unknown,
  });

  async function refused(what: Record<string, readonly string[]>, message: string): Promise<void> {
    const { artifacts } = repositories;
    await expect(artifacts.remove(name, '1.0.0')).rejects.toMatchObject(inUse(what, message));
    expect(await artifacts.find(name, '1.0.0')).not.toBeNull();
    await artifacts.remove(name, '1.0.0', true);
    expect(await artifacts.find(name, '1.0.0')).toBeNull();
  }

  beforeEach(async () => {
    await repositories.artifacts.add(version('1.0.0'), []);
  });

  test('on a gateway, until that is out of service', async () => {
    const [id = ''] = await addNewGateways(repositories, 1);
    await install(repositories, [id], [`${name}@1.0.0`]);
    await refused({ gateways: [id] }, `gateways have it, such as ${id}`);
    await repositories.artifacts.add(version('1.0.0'), []);
    await repositories.gateways.decommission(id);
    await repositories.artifacts.remove(name, '1.0.0');
  });

  test('as what a campaign goes back to', async () => {
    const ids = ['a', 'b'].map((part) => `${name}-${part}`);
    await addGateways(
      repositories,
      ids.map((id) => profileOf(id)),
    );
    await install(repositories, ids, [`${name}@1.0.0`]);
    const campaign = await addCampaign(repositories, [ids]);
    await act(repositories, campaign, { do: 'start-slice', phase: 0, most: null, deadlineSeconds: 60 });
    await install(repositories, ids, ['app@2.0.0']);
    await refused({ waysBack: [campaign], gateways: [] }, `rolled back: ${campaign}`);
  });

  test('by a wanted state, until that has ended', async () => {
    const wanted = await repositories.wantedStates.create({
      requests: [name],
      versions: [`${name}@1.0.0`],
      deployment: 'all',
      strategy: null,
      automatic: false,
      deadlineSeconds: 60,
      catalogChanges: 0n,
    });
    await refused({ wantedStates: [wanted] }, `wanted by the wanted state ${wanted}`);
  });
});
