/** A broker of somebody else that goes away, for as long as it likes, and comes back. */
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { Aedes } from 'aedes';
import { connectAsync } from 'mqtt';
import { pino } from 'pino';
import { topicsOf } from '../../domain/agent-protocol/broker.js';
import type { BrokerLink } from './broker-link.js';
import { externalBroker } from './external-broker.js';
import { reconnectPauseMs } from './reconnect-pauses.js';

const prefix = 'leonore/v1/node-1';
const logger = pino({ level: 'silent' });
const pauses = { firstMs: 5, mostMs: 40 };
const links: BrokerLink[] = [];
const brokers: { stop(): Promise<void> }[] = [];

afterEach(async () => {
  for (const link of links.splice(0)) await link.close();
  for (const broker of brokers.splice(0)) await broker.stop();
});

/** @param acknowledges whether it takes messages */
async function startBroker(port = 0, acknowledges = true) {
  const aedes = await Aedes.createBroker({
    authorizePublish: (client, packet, done) => {
      broker.published.push(packet.topic);
      if (acknowledges || client?.id !== 'leonore-node-1') done(null);
    },
  });
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    aedes.handle(socket);
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const broker = {
    port: (server.address() as AddressInfo).port,
    published: [] as string[],
    /** Resolves when the node listens. */
    subscribed: () => once(aedes, 'subscribe'),
    async stop() {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
      await new Promise<void>((resolve) => aedes.close(() => resolve()));
    },
  };
  brokers.push(broker);
  return broker;
}

function link(port: number, onMessage: (topic: string, payload: Buffer) => void = () => undefined) {
  const made = externalBroker({
    ...{ url: `mqtt://127.0.0.1:${port}`, nodeId: 'node-1', prefix, onMessage, logger, pauses },
  });
  links.push(made);
  return made;
}

test('nothing is kept for a broker that is away, and all goes on when it is back', async () => {
  const first = await startBroker();
  const heard: string[] = [];
  let hear: () => void = () => undefined;
  const own = link(first.port, (topic, payload) => {
    heard.push(`${topic} ${payload.toString()}`);
    hear();
  });
  await first.subscribed();
  expect(await own.publish(`${prefix}/gw-a/notices`, 'x', { retain: true })).toBe(true);
  await first.stop();
  // However many: each is refused at once, so that who sends it goes another way, or tries again.
  const refused = await Promise.all(
    Array.from({ length: 5_000 }, () => own.publish(`${prefix}/gw-a/notices`, 'lost', { retain: true })),
  );
  expect(new Set(refused)).toEqual(new Set([false]));

  const second = await startBroker(first.port);
  await second.subscribed();
  expect(await own.publish(`${prefix}/gw-a/notices`, 'anew', { retain: true })).toBe(true);
  expect(second.published.filter((topic) => topic.endsWith('/notices'))).toHaveLength(1);
  const gateway = await connectAsync(`mqtt://127.0.0.1:${second.port}`, { clientId: 'gw-a' });
  const told = new Promise<void>((resolve) => (hear = resolve));
  await gateway.publishAsync(topicsOf(prefix, 'gw-a').request('tasks'), 'asks', { qos: 1 });
  await told;
  await gateway.endAsync();
  expect(heard).toEqual([`${prefix}/gw-a/requests/tasks asks`]);
});

test('a message that was on its way when the broker went was not taken, and who sent it is told so', async () => {
  const broker = await startBroker(0, false);
  const own = link(broker.port);
  await broker.subscribed();
  const sent = own.publish(`${prefix}/gw-a/notices`, 'x', { retain: true });
  await broker.stop();
  expect(await sent).toBe(false);
});

test('pauses grow to a minute at most, and no two nodes have the same', () => {
  const real = { firstMs: 1_000, mostMs: 60_000 };
  const longest = [0, 1, 2, 6, 3_600].map((attempts) => reconnectPauseMs(real, attempts, 0.999_999));
  expect(longest).toEqual([1_000, 2_000, 4_000, 60_000, 60_000]);
  expect([0, 6].map((attempts) => reconnectPauseMs(real, attempts, 0))).toEqual([500, 30_000]);
  // An hour of it are some 80 attempts.
  let [attempts, ms] = [0, 0];
  while (ms < 3_600_000) ms += reconnectPauseMs(real, attempts++, 0.5);
  expect(attempts).toBeLessThan(100);
});
