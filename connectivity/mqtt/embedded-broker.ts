/**
 * A broker in the process of the node, for its gateways alone.
 *
 * INVARIANTS
 * - A client is the gateway that its token says: user, client id and topics are that gateway's, or it is refused.
 * - A gateway writes its own requests and presence, and reads its own answers and notices; no wildcards, nothing retained.
 * - Nothing is kept for who is away but one notice each: sessions that would outlive their connection are refused.
 */
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:tls';
import { Aedes, type Client } from 'aedes';
import type { Logger } from 'pino';
import { readTopic, topicsOf } from '../../domain/agent-protocol/broker.js';
import { LeonoreError } from '../../domain/errors.js';
import { limits } from '../../domain/limits.js';
import { listenOptions } from '../../serving/listen-options.js';
import { followTls, readTls, type TlsFiles } from '../../serving/tls.js';
import { BoundedSocket } from './bounded-socket.js';
import type { BrokerLink, OnMessage } from './broker-link.js';

export interface EmbeddedBrokerOptions {
  readonly host: string;
  readonly port: number;
  readonly tls: TlsFiles | null;
  readonly mostConnections: number;
  /** Of the topics of this node. */
  readonly prefix: string;
  /** @returns the gateway whose token it is @throws LeonoreError UNAUTHENTICATED, NOT_THIS_NODE */
  admit(token: string): Promise<string>;
  readonly onMessage: OnMessage;
  readonly logger: Logger;
}

/** MQTT 3.1.1, table 3.1. */
const returnCodes: Readonly<Record<string, number>> = {
  UNAUTHENTICATED: 4,
  NOT_THIS_NODE: 5,
};
const unavailable = 3;
/** Characters of an id of a client. */
const idLength = 128;
/** A packet carries a topic and a body. */
const packetBytes = limits.deviceBodyBytes + 1_024;

export async function embeddedBroker(options: EmbeddedBrokerOptions): Promise<BrokerLink> {
  const { prefix, logger, tls } = options;
  const broker = await Aedes.createBroker({
    maxClientsIdLength: idLength,
    authenticate: (client, username, password, done) => {
      void admitted(options, client, username, password).then(
        () => done(null, true),
        (error: unknown) => done(refusal(error), false),
      );
    },
    authorizePublish: (client, { topic, retain }, done) => {
      const isOwn = client !== null && readTopic(prefix, topic)?.gatewayId === client.id && !retain;
      done(isOwn ? null : new Error(`${client?.id ?? 'nobody'} may not write to this topic`));
    },
    authorizeSubscribe: (client, subscription, done) => {
      const { answers, notices } = topicsOf(prefix, client.id);
      done(null, [answers, notices].includes(subscription.topic) ? subscription : null);
    },
  });
  // What one client does wrong ends its connection, and is no matter of the node's.
  broker.on('clientError', (client, error) => logger.debug({ err: error, client: client.id }, 'MQTT client'));
  broker.on('connectionError', (_client, error) => logger.debug({ err: error }, 'MQTT connection'));
  broker.on('publish', ({ topic, payload }, client) => {
    if (client !== null) options.onMessage(topic, Buffer.from(payload));
  });

  const accept = (socket: Socket): void => void broker.handle(new BoundedSocket(socket, packetBytes));
  const { server, unfollow } = listener(tls, accept, logger);
  server.maxConnections = options.mostConnections;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(listenOptions(options.host, options.port), resolve);
  });
  const { port } = server.address() as AddressInfo;
  const host = options.host.includes(':') ? `[${options.host}]` : options.host;
  return {
    address: `${tls === null ? 'mqtt' : 'mqtts'}://${host}:${port}`,
    tls: tls === null ? 'none' : tls.clientCaPath === undefined ? 'server' : 'mutual',
    publish: (topic, payload, { retain }) =>
      new Promise((resolve) => {
        const packet = {
          cmd: 'publish',
          topic,
          payload: Buffer.from(payload),
          qos: 1,
          retain,
          dup: false,
        } as const;
        broker.publish(packet, (error) => resolve(error == null));
      }),
    async close() {
      unfollow();
      const ended = new Promise<void>((resolve) => server.close(() => resolve()));
      await new Promise<void>((resolve) => broker.close(() => resolve()));
      await ended;
    },
  };
}

function listener(
  tls: TlsFiles | null,
  accept: (socket: Socket) => void,
  logger: Logger,
): { readonly server: Server; readonly unfollow: () => void } {
  if (tls === null) return { server: createServer(accept), unfollow: () => undefined };
  const isAsked = tls.clientCaPath !== undefined;
  const server: TlsServer = createTlsServer(
    { ...readTls(tls), requestCert: isAsked, rejectUnauthorized: isAsked },
    accept,
  );
  const unfollow = followTls(server, tls, (error) =>
    logger.warn({ err: error }, 'the new certificate is not taken'),
  );
  return { server, unfollow };
}

/** @throws LeonoreError UNAUTHENTICATED, NOT_THIS_NODE */
async function admitted(
  options: EmbeddedBrokerOptions,
  client: Client,
  username: string | undefined,
  password: Buffer | undefined,
): Promise<void> {
  const gatewayId = await options.admit(password?.toString('utf8') ?? '');
  if (username !== gatewayId || client.id !== gatewayId)
    throw new LeonoreError('UNAUTHENTICATED', 'user and client id have to be the id of the gateway');
  if (!client.clean) throw new LeonoreError('UNAUTHENTICATED', 'sessions are clean here');
}

function refusal(error: unknown): Error & { readonly returnCode: number } {
  const code = error instanceof LeonoreError ? error.code : 'INTERNAL';
  return Object.assign(new Error(code), { returnCode: returnCodes[code] ?? unavailable });
}
