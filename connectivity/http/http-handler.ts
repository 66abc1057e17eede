import type { FastifyInstance } from 'fastify';
import { limits } from '../../domain/limits.js';
import type { PushTarget } from '../../repositories/delivery/delivery-repository.js';
import type { GatewayHandler, HandlerContext } from '../gateway-handler.js';
import { createServer } from './create-server.js';
import { deviceRoutes } from './device-routes.js';
import type { PushAddresses } from './push-address.js';
import { HttpPush } from './http-push.js';

/** The handler for gateways that speak HTTP, by pull and by push. */
export class HttpHandler implements GatewayHandler {
  readonly protocol = 'http';
  readonly strategies = ['push', 'pull'];
  private app: FastifyInstance | null = null;
  private addresses: PushAddresses | null = null;
  private readonly push = new HttpPush();

  async start({
    service,
    blobs,
    logger,
    host,
    port,
    budgets,
    pushAddresses,
    tls,
  }: HandlerContext): Promise<string> {
    this.addresses = pushAddresses;
    this.app = createServer(logger, { bodyLimit: limits.deviceBodyBytes, budgets, tls });
    await this.app.register(deviceRoutes, { service, blobs });
    return this.app.listen({ host, port });
  }

  async notify({ address }: PushTarget, signal: AbortSignal): Promise<boolean> {
    if (address === null || this.addresses?.mayBeUsed(address) !== true) return false;
    return this.push.send(address, { reason: 'task' }, signal);
  }

  async close(): Promise<void> {
    await this.app?.close();
    await this.push.close();
  }
}
