import type { FastifyInstance } from 'fastify';
import type { Static } from 'typebox';
import type { Endpoint } from '../../domain/gateway/endpoint.js';
import { limits } from '../../domain/limits.js';
import { readEnvironment } from '../../domain/read-environment.js';
import type { PushTarget } from '../../repositories/delivery/delivery-repository.js';
import { createServer } from '../../serving/create-server.js';
import { listenOptions } from '../../serving/listen-options.js';
import { tlsFilesOf } from '../../serving/tls.js';
import { NetworkAddressRules } from '../address-rules.js';
import type { GatewayHandler, HandlerContext, Protocol, ProtocolOptions } from '../gateway-handler.js';
import { HttpConfigSchema } from './config.js';
import { deviceRoutes } from './device-routes.js';
import { HeldConnections } from './held-connections.js';
import { HttpPush } from './http-push.js';
import { networksOf } from '../networks.js';

/** The agent protocol over HTTP/1.1, by pull and by push. */
export const http: Protocol = { name: 'http', open: (options) => new HttpHandler(options) };

/** The handler for gateways that speak HTTP. */
class HttpHandler implements GatewayHandler {
  readonly protocol = http.name;
  readonly pushAddresses: NetworkAddressRules;
  private readonly config: Static<typeof HttpConfigSchema>;
  private readonly push = new HttpPush();
  private app: FastifyInstance | null = null;
  private held: HeldConnections | null = null;

  constructor({ environment, services }: ProtocolOptions) {
    this.config = readEnvironment(HttpConfigSchema, environment);
    this.pushAddresses = new NetworkAddressRules(
      { scheme: 'http', defaultPort: 80 },
      networksOf(this.config.LEONORE_PUSH_ADDRESSES, services),
    );
  }

  async start({ service, blobs, logger }: HandlerContext): Promise<readonly Endpoint[]> {
    const { config } = this;
    const tls = tlsFilesOf(config);
    this.app = createServer(logger, {
      bodyLimit: limits.deviceBodyBytes,
      budgets: { caller: config.LEONORE_CALLER_BUDGET, address: config.LEONORE_ADDRESS_BUDGET },
      tls,
    });
    this.held = new HeldConnections({
      most: config.LEONORE_HELD_CONNECTIONS,
      admit: (token) => service.admitted(token),
    });
    await this.app.register(deviceRoutes, { service, blobs, held: this.held });
    const listening = await this.app.listen(listenOptions(config.LEONORE_HOST, config.LEONORE_PORT));
    const address = config.LEONORE_ADDRESS ?? listening;
    const asks = tls?.clientCaPath === undefined ? 'server' : 'mutual';
    return [
      {
        protocol: this.protocol,
        transport: 'tcp',
        address,
        strategies: ['push', 'pull'],
        // A gateway without an address is notified over a connection that it holds.
        pushScheme: null,
        tls: address.startsWith('https:') ? asks : 'none',
      },
    ];
  }

  async notify({ gatewayId, address }: PushTarget, signal: AbortSignal): Promise<boolean> {
    if (this.held?.notify(gatewayId, { reason: 'task' }) === true) return true;
    if (address === null || !this.pushAddresses.mayBeUsed(address)) return false;
    return this.push.send(address, { reason: 'task' }, signal);
  }

  async close(): Promise<void> {
    this.held?.close();
    await this.app?.close();
    await this.push.close();
  }
}
