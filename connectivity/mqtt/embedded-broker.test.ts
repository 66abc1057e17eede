/** The border of a node's own broker: who may connect, and what one that is connected may not. */
import { once } from 'node:events';
import { connect as connectSocket } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { connect, connectAsync, type IClientOptions, type MqttClient } from 'mqtt';
import { pino } from 'pino';
import { LeonoreError } from '../../domain/errors.js';
import { topicsOf } from '../../domain/agent-protocol/broker.js';
import type { BrokerLink } from './broker-link.js';
import { embeddedBroker } from './embedded-broker.js';

const prefix = 'leonore/v1/node-1';
const own = topicsOf(prefix, 'gw-a');
const other = topicsOf(prefix, 'gw-b');
let broker: BrokerLink;
let messages: string[] = [];
const clients: MqttClient[] = [];

beforeAll(async () => {
  broker = await embeddedBroker({
    host: '127.0.0.1',
    port: 0,
    tls: null,
    mostConnections: 100,
    prefix,
    // A token is the id of its gateway here.
    admit: async (token) => {
      if (token === 'moved') throw new LeonoreError('NOT_THIS_NODE', 'it belongs to another');
      if (token === 'broken') throw new LeonoreError('DATABASE_UNAVAILABLE', 'it is away');
      if (!token.startsWith('gw-')) throw new LeonoreError('UNAUTHENTICATED', 'it is none');
      return token;
    },
    onMessage: (topic, payload) => messages.push(`${topic} ${payload.toString()}`),
    logger: pino({ level: 'silent' }),
  });
});
afterEach(async () => {
  messages = [];
  for (const client of clients.splice(0)) await client.endAsync(true);
});
afterAll(() => broker.close());

async function join(changes: IClientOptions = {}): Promise<MqttClient> {
  const client = await connectAsync(broker.address, {
    ...{ username: 'gw-a', clientId: 'gw-a', password: 'gw-a', clean: true, reconnectPeriod: 0 },
    ...changes,
  });
  clients.push(client);
  return client;
}

/** What a client tells next of something. */
function nextOf(client: MqttClient, event: 'message' | 'connect' | 'close'): Promise<unknown[]> {
  return new Promise((resolve) => client.once(event, (...told: unknown[]) => resolve(told)));
}

/** Resolves when the broker has ended the connection. */
async function ended(client: MqttClient, deed: (client: MqttClient) => void): Promise<void> {
  const closed = new Promise<void>((resolve) => client.once('close', () => resolve()));
  client.on('error', () => undefined);
  deed(client);
  await closed;
}

test.each([
  ['without a password', { password: '' }, 4],
  ['with a token that is none', { password: 'x' }, 4],
  ["with another gateway's token", { password: 'gw-b' }, 4],
  ['under the name of another', { username: 'gw-b', clientId: 'gw-b' }, 4],
  ['under the client id of another', { clientId: 'gw-b' }, 4],
  ['with a session that would stay', { clean: false }, 4],
  ['that has moved to another node', { password: 'moved' }, 5],
  ['while the database is away', { password: 'broken' }, 3],
])('a client %s is refused', async (_what, changes, code) => {
  await expect(join(changes)).rejects.toMatchObject({ code });
});

test('a gateway reads its own answers and notices, and nothing else', async () => {
  const client = await join();
  const granted = await client.subscribeAsync([own.answers, own.notices], { qos: 1 });
  expect(granted.map(({ qos }) => qos)).toEqual([1, 1]);
  for (const topic of [
    '#',
    '+/#',
    `${prefix}/+/answers`,
    other.answers,
    other.notices,
    own.request('tasks'),
    '$SYS/#',
  ])
    await expect(client.subscribeAsync(topic, { qos: 1 })).rejects.toThrow();
  const heard = nextOf(client, 'message');
  await broker.publish(other.answers, 'for another', { retain: false });
  await broker.publish(own.answers, 'for it', { retain: false });
  const [topic, payload] = (await heard) as [string, Buffer];
  expect([topic, payload.toString()]).toEqual([own.answers, 'for it']);
});

test('a gateway writes its own requests and presence', async () => {
  const client = await join();
  await client.publishAsync(own.request('tasks'), '1', { qos: 1 });
  await client.publishAsync(own.presence, '2', { qos: 1 });
  expect(messages).toEqual([`${own.request('tasks')} 1`, `${own.presence} 2`]);
});

test.each([
  ["another's requests", other.request('reports'), false],
  ["another's answers", other.answers, false],
  ['its own answers', own.answers, false],
  ['its own notices', own.notices, false],
  ['a kind of request that there is not', `${prefix}/gw-a/requests/all`, false],
  ['what belongs to nobody', 'leonore/v1/node-2/gw-a/presence', false],
  ['something that stays', own.presence, true],
])('a gateway that writes %s is disconnected, and nothing is taken', async (_what, topic, retain) => {
  const client = await join();
  await ended(client, () => client.publish(topic, 'x', { qos: 1, retain }));
  expect(messages).toEqual([]);
});

test('a last will that is about another is not told', async () => {
  const client = connect(broker.address, {
    ...{ username: 'gw-a', clientId: 'gw-a', password: 'gw-a', reconnectPeriod: 0 },
    will: { topic: other.presence, payload: Buffer.from('gone'), qos: 1, retain: false },
  });
  clients.push(client);
  client.on('error', () => undefined);
  await Promise.race([nextOf(client, 'connect'), nextOf(client, 'close')]);
  client.stream.destroy();
  const watcher = await join({ username: 'gw-b', clientId: 'gw-b', password: 'gw-b' });
  await watcher.publishAsync(other.presence, 'here', { qos: 1 });
  expect(messages).toEqual([`${other.presence} here`]);
});

test('a gateway that vanishes is told of by its last will', async () => {
  const client = await join({
    will: { topic: own.presence, payload: Buffer.from('gone'), qos: 1, retain: false },
  });
  client.stream.destroy();
  while (messages.length === 0) await new Promise(setImmediate);
  expect(messages).toEqual([`${own.presence} gone`]);
});

test('a notice is kept for a gateway that is away, until it is taken back', async () => {
  await broker.publish(own.notices, 'work', { retain: true });
  const client = await join();
  const heard = nextOf(client, 'message');
  await client.subscribeAsync(own.notices, { qos: 1 });
  expect(String(((await heard) as [string, Buffer])[1])).toBe('work');
  await broker.publish(own.notices, '', { retain: true });
  await client.endAsync();
  const later = await join();
  const next = nextOf(later, 'message');
  await later.subscribeAsync([own.notices, own.answers], { qos: 1 });
  await broker.publish(own.answers, 'the first that it hears', { retain: false });
  expect(String(((await next) as [string, Buffer])[1])).toBe('the first that it hears');
});

test.each([
  ['announces more than any packet has', Buffer.from([0x10, 0xff, 0xff, 0xff, 0x7f])],
  ['has a length that does not end', Buffer.from([0x10, 0xff, 0xff, 0xff, 0xff, 0xff])],
  ['is no MQTT', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
])('a connection that %s is ended', async (_what, bytes) => {
  const { hostname, port } = new URL(broker.address);
  const socket = connectSocket(Number(port), hostname);
  socket.on('error', () => undefined);
  socket.write(bytes);
  socket.resume();
  await once(socket, 'close');
});

test('a message of more than a body may have ends the connection', async () => {
  const client = await join();
  await ended(client, () => client.publish(own.request('reports'), Buffer.alloc(1024 * 1024), { qos: 0 }));
  expect(messages).toEqual([]);
});
