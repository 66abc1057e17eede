import type { FastifyInstance } from 'fastify';
import type { Endpoint } from '../domain/gateway/endpoint.js';
import { limits } from '../domain/limits.js';
import type { ListenerConfig } from '../serving/config.js';
import { createServer } from '../serving/create-server.js';
import { listenOptions } from '../serving/listen-options.js';
import { tlsFilesOf } from '../serving/tls.js';
import type { GatewayHandler, HandlerContext } from './gateway-handler.js';

/** What a protocol of devices that have a client of their own is served by. */
export interface ClientService {
  /** Name of the protocol. */
  readonly protocol: string;
  /** What every process that listens is told. */
  readonly listener: ListenerConfig;
  /** Port to listen on, 0 for a free one; absent: it is not served. */
  readonly port: number | undefined;
  /** Address that clients are given in links; absent: the one listened on. */
  readonly address: string | undefined;
  /** Path below which clients ask, as their endpoint says it; empty for none. */
  readonly path: string;
  /** Adds the routes. @param address where clients find the server, known once it listens */
  register(app: FastifyInstance, context: HandlerContext, address: () => string): Promise<void>;
}

/** The handler of a protocol whose devices have a client of their own, and ask over HTTP by pull. */
export class ClientHandler implements GatewayHandler {
  readonly protocol: string;
  readonly pushAddresses = null;
  private app: FastifyInstance | null = null;

  constructor(private readonly client: ClientService) {
    this.protocol = client.protocol;
  }

  async start(context: HandlerContext): Promise<readonly Endpoint[]> {
    const { listener, port, path } = this.client;
    if (port === undefined) return [];
    const tls = tlsFilesOf(listener);
    const { LEONORE_ADDRESS_BUDGET: budget } = listener;
    this.app = createServer(context.logger, {
      bodyLimit: limits.deviceBodyBytes,
      budgets: { caller: budget, address: budget },
      tls,
      gatewaysBelow: '/',
    });
    let address = this.client.address ?? '';
    await this.client.register(this.app, context, () => address);
    const listening = await this.app.listen(listenOptions(listener.LEONORE_HOST, port));
    address ||= listening;
    const asks = tls?.clientCaPath === undefined ? 'server' : 'mutual';
    return [
      {
        protocol: this.protocol,
        transport: 'tcp',
        address: `${address}${path}`,
        strategies: ['pull'],
        pushScheme: null,
        tls: address.startsWith('https:') ? asks : 'none',
      },
    ];
  }

  async notify(): Promise<boolean> {
    return false;
  }

  async close(): Promise<void> {
    await this.app?.close();
  }
}
