import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Aedes, type AedesPublishPacket } from 'aedes';
import type { RequestEnvelope } from '../../../domain/agent-protocol/broker.js';
import type { NodeChannel } from '../connectivity.js';
import { mqttChannel } from './mqtt-channel.js';

const { signal } = new AbortController();
const prefix = 'leonore/v1/node';

/** A node with a broker of its own, which tells every gateway that there is nothing to do. */
class Node {
  /** Connections of gateways until now. */
  connections = 0;
  private readonly sockets = new Set<Socket>();

  private constructor(
    readonly broker: Aedes,
    private readonly server: Server,
  ) {}

  static async start(): Promise<Node> {
    const broker = await Aedes.createBroker();
    const server = createServer((socket) => {
      node.sockets.add(socket);
      broker.handle(socket);
    });
    const node = new Node(broker, server);
    broker.on('client', () => (node.connections += 1));
    broker.on('publish', (packet) => node.answer(packet));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return node;
  }

  get session() {
    const { port } = this.server.address() as AddressInfo;
    const address = `mqtt://127.0.0.1:${port}/${prefix}`;
    const endpoint = { protocol: 'mqtt', strategy: 'push', transport: 'tcp', address, tls: 'none' } as const;
    return { nodeAddress: 'http://127.0.0.1:1', token: 'token', endpoint };
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise<void>((resolve) => this.broker.close(resolve));
    await new Promise((resolve) => this.server.close(resolve));
  }

  private answer({ topic, payload }: AedesPublishPacket): void {
    if (!topic.includes('/requests/')) return;
    const { id } = JSON.parse(payload.toString()) as RequestEnvelope;
    const body = { tasks: [], profileWanted: false };
    const answer = Buffer.from(JSON.stringify({ id, status: 200, dateMs: 0, version: 'v1', body }));
    const packet = { cmd: 'publish', qos: 1, dup: false, retain: false, payload: answer } as const;
    this.broker.publish({ ...packet, topic: `${prefix}/gw-1/answers` }, () => undefined);
  }
}

let channel: NodeChannel;
let nodes: Node[];

beforeEach(async () => {
  nodes = [await Node.start(), await Node.start()];
  channel = mqttChannel({
    gatewayId: 'gw-1',
    protocols: ['mqtt'],
    server: 'http://127.0.0.1:1',
    tls: { authorities: { pem: undefined }, client: undefined },
    ...{ timeoutMs: 60_000, firstRetryMs: 60_000, mostRetryMs: 60_000, userAgent: 'test' },
  });
});

afterEach(async () => {
  await channel.close();
  for (const node of nodes) await node.close();
});

test('a gateway that moves has one connection to its new node: the end of the one before is not the end of that', async () => {
  const [before, after] = nodes as [Node, Node];
  await channel.pollTasks(before.session, undefined, signal);
  const asked = [1, 2, 3].map(() => channel.pollTasks(after.session, undefined, signal));
  await Promise.all(asked);
  await channel.pollTasks(after.session, undefined, signal);
  expect([before.connections, after.connections]).toEqual([1, 1]);
});

test('a connection that ends before the broker has answered is lost to whoever waits for it, and the next is tried', async () => {
  const [node] = nodes as [Node];
  const { authorizeSubscribe } = node.broker;
  node.broker.authorizeSubscribe = (client) => client.conn.destroy();
  const polled = channel.pollTasks(node.session, undefined, signal);
  await expect(polled).rejects.toMatchObject({ failure: 'unreachable' });
  node.broker.authorizeSubscribe = authorizeSubscribe;
  expect(await channel.pollTasks(node.session, undefined, signal)).toMatchObject({ changed: true });
});

test('a request whose connection is lost is lost with it', async () => {
  const [node] = nodes as [Node];
  await channel.pollTasks(node.session, undefined, signal);
  node.broker.authorizePublish = (client) => client?.conn.destroy();
  const polled = channel.pollTasks(node.session, undefined, signal);
  await expect(polled).rejects.toMatchObject({ failure: 'unreachable' });
});
