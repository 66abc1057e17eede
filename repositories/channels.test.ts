/** Channels of gateways: negotiated with the node that they are placed on, and anew when their profile changes. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Endpoint } from '../domain/gateway/endpoint.js';
import {
  addNode,
  addRollout,
  httpEndpoint,
  offerPackage,
  planOf,
  profileOf,
  registrationOf,
  testRepositories,
  type TestRepositories,
} from '../tests/support/test-repositories.js';

const http = httpEndpoint('http://127.0.0.1:1');
const mqtt: Endpoint = {
  protocol: 'mqtt',
  transport: 'tcp',
  address: 'mqtt://127.0.0.1:2/leonore/v1/node-1',
  strategies: ['push'],
  pushScheme: null,
  tls: 'none',
};

let repositories: TestRepositories;
let id: string;

beforeAll(async () => {
  repositories = await testRepositories();
}, 60_000);
afterAll(() => repositories.close());
beforeEach(async () => {
  id = `gw-${randomBytes(5).toString('hex')}`;
  await prefer([]);
  await addNode(repositories, 'node-1', [http, mqtt]);
});

async function prefer(channels: readonly string[]): Promise<void> {
  const settings = {
    strategy: 'load',
    threshold: 500,
    minNodes: 1,
    maxNodes: 0,
    settleMs: 0,
    channels,
  } as const;
  await repositories.pool.configure(settings, { prefix: 'node-', first: 1 });
}

const both = { strategies: ['push', 'pull'], protocols: ['mqtt', 'http'] };
const register = (changes = both) => {
  const registration = registrationOf(profileOf(id, changes), undefined, { pushAddress: null });
  return repositories.registrations.register(registration);
};

test('a node announces its endpoints, and anew when it starts again', async () => {
  expect((await repositories.nodes.get('node-1')).endpoints).toEqual([http, mqtt]);
  await addNode(repositories, 'node-1', [http]);
  expect((await repositories.nodes.get('node-1')).endpoints).toEqual([http]);
});

test('a gateway is told the endpoints of its node in the order in which it tries them, and why', async () => {
  expect(await register()).toMatchObject({
    endpoints: [
      { protocol: 'mqtt', strategy: 'push', address: mqtt.address },
      { protocol: 'http', strategy: 'pull', address: http.address },
    ],
  });
  expect(await repositories.gateways.get(id)).toMatchObject({
    protocol: 'mqtt',
    strategy: 'push',
    channelReason: expect.stringContaining('wants most'),
    fallbacks: ['http/pull'],
  });
});

test('what the operator prefers comes first', async () => {
  await prefer(['http']);
  await register();
  expect(await repositories.gateways.get(id)).toMatchObject({
    protocol: 'http',
    strategy: 'pull',
    channelReason: expect.stringContaining('preferred by the operator (http)'),
    fallbacks: ['mqtt/push'],
  });
});

test('a gateway that has nothing in common with its node is refused, and not entered', async () => {
  await expect(register({ strategies: ['pull'], protocols: ['smoke'] })).rejects.toMatchObject({
    code: 'NO_COMMON_PROTOCOL',
  });
  await expect(repositories.gateways.get(id)).rejects.toMatchObject({ code: 'GATEWAY_NOT_FOUND' });
});

test('a gateway goes to a node that suits it by what it serves, and stays with one when its node goes', async () => {
  const smoke = { ...http, protocol: 'smoke' };
  const speaks = { strategies: ['pull'], protocols: ['smoke', 'http'] };
  await addNode(repositories, 'node-2', [http, smoke]);
  await addNode(repositories, 'node-3', [smoke]);
  const told = (gatewayId: string, changes: object) =>
    repositories.registrations.register(registrationOf(profileOf(gatewayId, changes)));
  try {
    for (const place of ['a', 'b'])
      expect(await told(`${id}-${place}`, speaks)).toMatchObject({
        node: { id: expect.stringMatching(/^node-[23]$/) },
        agreement: { channel: { protocol: 'smoke' } },
      });
    // It speaks nothing that the others do.
    expect(await told(id, { strategies: ['push'], protocols: ['mqtt'] })).toMatchObject({
      node: { id: 'node-1' },
    });
    await told(`${id}-c`, { strategies: ['pull'], protocols: ['smoke'] });
    await repositories.database.$executeRaw`UPDATE node SET state = 'dead' WHERE id = 'node-2'`;
    await repositories.placement.leave('node-2');
    const rows = await repositories.database.$queryRaw<{ node: string }[]>`
      SELECT DISTINCT node_id AS node FROM gateway WHERE 'smoke' = ANY(protocols)`;
    expect(rows).toEqual([{ node: 'node-3' }]);
  } finally {
    await repositories.database
      .$executeRaw`UPDATE gateway SET node_id = 'node-1' WHERE node_id IN ('node-2', 'node-3')`;
    await repositories.database.$executeRaw`DELETE FROM node WHERE id IN ('node-2', 'node-3')`;
  }
});

test('another profile is another negotiation, and open deliveries are spoken in what it comes to', async () => {
  await register();
  const rolloutId = await addRollout(repositories, ['thermometer'], [id]);
  await offerPackage(repositories, rolloutId, {
    plan: planOf(),
    content: { digest: 'a'.repeat(64), sizeBytes: 1 },
  });
  await repositories.gateways.updateProfile(profileOf(id, { strategies: ['pull'], protocols: ['http'] }));
  expect(await repositories.gateways.get(id)).toMatchObject({
    protocol: 'http',
    strategy: 'pull',
    fallbacks: [],
  });
  const rows = await repositories.database.$queryRaw`
    SELECT protocol, strategy FROM delivery WHERE gateway_id = ${id}`;
  expect(rows).toEqual([{ protocol: 'http', strategy: 'pull' }]);
});

test('a profile that offers nothing that its node serves changes no channel', async () => {
  await register();
  await repositories.gateways.updateProfile(profileOf(id, { strategies: ['pull'], protocols: ['smoke'] }));
  expect(await repositories.gateways.get(id)).toMatchObject({ protocol: 'mqtt', strategy: 'push' });
});

test('who is pushed is tried by what was agreed on besides, and who pulls is not pushed', async () => {
  const pushed = { pushAddress: 'http://127.0.0.1:9/x' };
  const toWake = async () => {
    await repositories.gateways.wantProfile(id);
    return (await repositories.gateways.toWake('node-1', '', 500)).find(({ gatewayId }) => gatewayId === id);
  };
  await repositories.registrations.register(registrationOf(profileOf(id, both), undefined, pushed));
  expect(await toWake()).toMatchObject({ protocols: ['mqtt', 'http'], address: pushed.pushAddress });
  await repositories.gateways.updateProfile(profileOf(id, { ...both, strategies: ['pull'] }));
  expect(await toWake()).toMatchObject({ protocols: [] });
});

test('a gateway is away until it is there, or registers', async () => {
  await register();
  await repositories.gateways.present([id], false);
  expect((await repositories.gateways.get(id)).awaySince).toBeInstanceOf(Date);
  await repositories.gateways.present([id], true);
  expect((await repositories.gateways.get(id)).awaySince).toBeNull();
});
