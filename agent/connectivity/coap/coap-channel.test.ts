import { expect, test } from '@jest/globals';
import { coapChannel } from './coap-channel.js';
import { failureOf } from './failure.js';

const problem = (status: number, code: string, retryAfterSeconds?: number) =>
  Buffer.from(JSON.stringify({ status, code, detail: 'why', retryAfterSeconds }));
const empty = Buffer.alloc(0);

test.each([
  ['4.01', empty, undefined, 'unauthenticated', 0],
  ['4.03', problem(421, 'NOT_THIS_NODE'), undefined, 'wrongNode', 0],
  ['4.03', problem(403, 'FORBIDDEN'), undefined, 'refused', 0],
  // Another channel may tell it.
  ['4.03', problem(403, 'CHANNEL_NOT_PRIVATE'), undefined, 'unreachable', 0],
  ['4.29', empty, 2, 'unavailable', 2_000],
  ['5.03', problem(503, 'PACKAGE_REBUILDING', 3), undefined, 'unavailable', 3_000],
  ['5.03', empty, 4_000_000, 'unavailable', 3_600_000],
  ['5.00', Buffer.from('no JSON'), undefined, 'unavailable', 0],
] as const)('%s %s is a failure of its own', (code, payload, maxAge, failure, retryAfterMs) => {
  expect(failureOf({ code, payload, maxAge })).toMatchObject({ failure, retryAfterMs });
});

test('whoever has pinned an authority does not speak in the clear', async () => {
  const channel = await coapChannel({
    gatewayId: 'gw-1',
    protocols: ['coap'],
    server: 'https://127.0.0.1:1',
    tls: { authorities: { pem: 'an authority' }, client: undefined },
    ...{ timeoutMs: 1_000, firstRetryMs: 10, mostRetryMs: 100, userAgent: 'test' },
  });
  const address = 'coap://127.0.0.1:1';
  const endpoint = { protocol: 'coap', strategy: 'pull', transport: 'udp', address, tls: 'none' } as const;
  const session = { nodeAddress: 'https://127.0.0.1:1', token: 'x', endpoint };
  const { signal } = new AbortController();
  await expect(channel.pollTasks(session, undefined, signal)).rejects.toMatchObject({
    failure: 'unreachable',
    message: expect.stringContaining('TLS'),
  });
  await channel.close();
});
