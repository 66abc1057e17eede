import { expect, test } from '@jest/globals';
import type { RegisterResponse } from '../../domain/agent-protocol/messages.js';
import type { DeviceSession } from './connectivity.js';
import { DeviceError } from './device-error.js';
import { NodeConnection } from './node-connection.js';

const answer: RegisterResponse = {
  gatewayId: 'gw-1',
  token: 'token',
  node: { id: 'node-1', address: 'http://192.0.2.1:1' },
  protocol: 'mqtt',
  strategy: 'push',
  endpoints: [
    { protocol: 'mqtt', strategy: 'push', transport: 'tcp', address: 'mqtt://192.0.2.1:2/x', tls: 'none' },
    { protocol: 'http', strategy: 'pull', transport: 'tcp', address: 'http://192.0.2.1:1', tls: 'none' },
  ],
  pollIntervalSeconds: 1,
};

function connection(): { connection: NodeConnection; registrations: () => number } {
  let registrations = 0;
  const made = new NodeConnection({
    connectivity: {
      protocols: ['mqtt', 'http'],
      register: async () => {
        registrations += 1;
        return answer;
      },
    },
    enrolmentToken: 'enrolment',
    credentials: { token: undefined, nodeAddress: undefined, endpoints: undefined, enrolled: false },
    key: async () => undefined,
    request: async () => ({ profile: { id: 'gw-1', hardware: { arch: 'x' }, software: { os: 'x' } } }),
    onRegistered: async () => undefined,
    log: () => undefined,
    signal: new AbortController().signal,
    firstRetryMs: 1,
    mostRetryMs: 2,
  });
  return { connection: made, registrations: () => registrations };
}

/** Something that goes over all protocols but some. */
function but(...dead: readonly string[]): (session: DeviceSession) => Promise<string> {
  return async ({ endpoint }) => {
    const protocol = endpoint?.protocol ?? 'none';
    if (dead.includes(protocol)) throw new DeviceError('unreachable', `${protocol} is gone`);
    return protocol;
  };
}

test('a gateway uses the first channel that it was told, and the next when it loses that', async () => {
  const { connection: node, registrations } = connection();
  expect(await node.call(but())).toBe('mqtt');
  expect(node.strategy).toBe('push');
  expect(await node.call(but('mqtt'))).toBe('http');
  expect(node.strategy).toBe('pull');
  // It stays with what works.
  expect(await node.call(but())).toBe('http');
  expect(registrations()).toBe(1);
});

test('a gateway that loses all of its channels asks where to go', async () => {
  const { connection: node, registrations } = connection();
  await expect(node.call(but('mqtt', 'http'), 5)).rejects.toThrow('is gone');
  expect(registrations()).toBe(2);
});
