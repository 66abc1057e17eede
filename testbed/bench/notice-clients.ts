/** Gateways that do nothing but be notified, thousands in one process: how each protocol tells them. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { Agent, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connectAsync } from 'mqtt';
import { readMessage, writeMessage } from '../../domain/agent-protocol/coap-message.js';
import { topicsOf } from '../../domain/agent-protocol/broker.js';
import { devicePaths, type RegisterResponse } from '../../domain/agent-protocol/messages.js';

/** A gateway that has registered. */
export interface NoticedGateway {
  readonly id: string;
  readonly token: string;
  readonly node: string;
  readonly endpoints: NonNullable<RegisterResponse['endpoints']>;
}

/** What a fleet of one protocol is. */
export interface NoticeClients {
  readonly protocols: readonly string[];
  /** Where a gateway listens; undefined: nowhere, it connects. */
  readonly pushAddress: (id: string) => string | undefined;
  /** Has a gateway be reachable. */
  join(gateway: NoticedGateway): Promise<void>;
  close(): Promise<void>;
}

/** @param told for each notice, by the id of the gateway */
export type Told = (id: string) => void;

/** Notices to a server, one for all. */
export async function httpPushClients(told: Told): Promise<NoticeClients> {
  const server = createServer((asked, answer) => {
    asked.resume().on('end', () => {
      told(asked.url?.slice(1) ?? '');
      answer.writeHead(204).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    protocols: ['http'],
    pushAddress: (id) => `http://127.0.0.1:${port}/${id}`,
    join: async () => undefined,
    async close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Connections that are held, one each. */
export function heldClients(told: Told): NoticeClients {
  const agent = new Agent({ keepAlive: true, maxSockets: Infinity });
  return {
    protocols: ['http'],
    pushAddress: () => undefined,
    async join({ id, token, node }) {
      const asking = request(new URL(devicePaths.notices, node), {
        agent,
        headers: { authorization: `Bearer ${token}` },
      });
      asking.on('error', () => undefined).end();
      const [answer] = (await once(asking, 'response')) as [NodeJS.ReadableStream & { statusCode: number }];
      if (answer.statusCode !== 200) throw new Error(`a connection was answered by ${answer.statusCode}`);
      answer.on('error', () => undefined);
      answer.on('data', (part: Buffer) => {
        if (part.includes('data:')) told(id);
      });
    },
    close: async () => agent.destroy(),
  };
}

/** Notices to a socket, one for all. */
export async function coapPushClients(told: Told): Promise<NoticeClients> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  socket.on('message', (bytes, peer) => {
    const message = readMessage(bytes);
    if (message === null) return;
    const { messageId, token, options } = message;
    told(options.find(({ name }) => name === 'Uri-Path')?.value.toString() ?? '');
    const answer = { type: 'acknowledgement', messageId, token, code: '2.04' } as const;
    socket.send(writeMessage({ ...answer, options: [], payload: Buffer.alloc(0) }), peer.port, peer.address);
  });
  const { port } = socket.address();
  return {
    protocols: ['coap', 'http'],
    pushAddress: (id) => `coap://127.0.0.1:${port}/${id}`,
    join: async () => undefined,
    close: async () => void socket.close(),
  };
}

/** Sessions at a broker, one each. */
export function mqttClients(told: Told): NoticeClients {
  const clients: { endAsync(force: boolean): Promise<void> }[] = [];
  return {
    protocols: ['mqtt', 'http'],
    pushAddress: () => undefined,
    async join({ id, token, endpoints }) {
      const endpoint = endpoints.find(({ protocol }) => protocol === 'mqtt');
      if (endpoint === undefined) throw new Error('the node does not speak MQTT');
      const { protocol, host, pathname } = new URL(endpoint.address);
      const topics = topicsOf(pathname.slice(1), id);
      const credentials = { clientId: id, username: id, password: token, clean: true };
      const client = await connectAsync(`${protocol}//${host}`, { ...credentials, reconnectPeriod: 0 });
      clients.push(client);
      client.on('message', (_topic, payload) => {
        if (payload.length > 0) told(id);
      });
      await client.subscribeAsync(topics.notices, { qos: 1 });
      await client.publishAsync(topics.presence, JSON.stringify({ token, present: true }), { qos: 1 });
    },
    async close() {
      await Promise.all(clients.map((client) => client.endAsync(true)));
    },
  };
}
