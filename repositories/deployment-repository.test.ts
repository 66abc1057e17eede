import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  addGateways,
  addNode,
  profileOf,
  testRepositories,
  type TestRepositories,
} from '../tests/support/test-repositories.js';

let repositories: TestRepositories;

beforeAll(async () => {
  repositories = await testRepositories();
  await addNode(repositories, 'node-1');
  await addGateways(repositories, [
    profileOf('a', { labels: { floor: '1' } }),
    profileOf('b', { labels: { floor: '1' } }),
  ]);
}, 60_000);

afterAll(() => repositories.close());

const floor = { gatewayIds: [], selector: 'labels.floor == 1' };

function rolloutFor(deployment: string): Promise<{ id: string }> {
  return repositories.rollouts.create({
    requests: ['app@^1'],
    target: { deployment },
    options: { deadlineSeconds: 60 },
    idempotencyKey: null,
    requestDigest: 'test',
  });
}

test('a deployment goes when nothing needs it; what has ended keeps its name', async () => {
  const { deployments, rollouts } = repositories;
  await deployments.create('site', floor);
  const { id } = await rolloutFor('site');
  await expect(deployments.remove('site')).rejects.toMatchObject({ code: 'DEPLOYMENT_IN_USE' });
  await rollouts.end(id, null);
  await deployments.remove('site');
  await expect(deployments.remove('site')).rejects.toMatchObject({ code: 'DEPLOYMENT_NOT_FOUND' });
  expect(await rollouts.get(id)).toMatchObject({ deployment: 'site' });
  expect(await rollouts.target(id)).toEqual({ deployment: 'site' });
  await expect(rolloutFor('site')).rejects.toMatchObject({ code: 'DEPLOYMENT_NOT_FOUND' });
});

test('one that is removed while rollouts for it begin: one of the two is refused', async () => {
  const { deployments, rollouts } = repositories;
  for (let round = 0; round < 20; round += 1) {
    const name = `round-${round}`;
    await deployments.create(name, floor);
    const [removed, ...begun] = await Promise.allSettled([
      deployments.remove(name),
      rolloutFor(name),
      rolloutFor(name),
    ]);
    const ids = begun.flatMap((one) => (one.status === 'fulfilled' ? [one.value.id] : []));
    expect(removed.status === 'fulfilled').toBe(ids.length === 0);
    for (const one of begun)
      if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'DEPLOYMENT_NOT_FOUND' });
    for (const id of ids) expect((await rollouts.get(id)).deployment).toBe(name);
  }
});

test('a name is given once, however many give it at once', async () => {
  const { deployments } = repositories;
  const given = await Promise.allSettled(Array.from({ length: 8 }, () => deployments.create('once', floor)));
  expect(given.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  for (const one of given)
    if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'DEPLOYMENT_EXISTS' });
});

test('a rollout keeps the gateways that it has, whatever becomes of its deployment', async () => {
  const { deployments, members, rollouts } = repositories;
  await deployments.create('moved', { gatewayIds: ['a'], selector: null });
  const { id } = await rolloutFor('moved');
  await members.addDeliveries(id, { deployment: 'moved' });
  await deployments.change('moved', { gatewayIds: ['b'], selector: null });
  expect((await rollouts.counts(id)).pending).toBe(1);
  expect(await members.count({ deployment: 'moved' })).toBe(1);
});
