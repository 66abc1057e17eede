import { randomUUID } from 'node:crypto';
import fastify, { LogController, type FastifyInstance, type FastifyRequest } from 'fastify';
import type { Server } from 'node:tls';
import type { Logger } from 'pino';
import { LeonoreError } from '../domain/errors.js';
import { devicePrefix } from '../domain/agent-protocol/messages.js';
import { installBudgets, type RequestBudgets } from './request-budgets.js';
import { SilentConnections } from './silent-connections.js';
import { followTls, readTls, type TlsFiles } from './tls.js';
import { installProblems, sendUnroutable } from './problem.js';

export interface ServerOptions {
  /** Bytes that a body may have, unless a route says otherwise. */
  readonly bodyLimit: number;
  /** Bytes that the line and the headers of a request may have together; Node.js allows 16 KiB by itself. */
  readonly headBytes?: number;
  /** Believe what the proxy in front, and nobody before it, has written into X-Forwarded-For. */
  readonly trustProxy?: boolean;
  readonly budgets: RequestBudgets;
  /** All that gateways ask is below this path. */
  readonly gatewaysBelow?: string;
  /** Absent or null: without TLS. */
  readonly tls?: TlsFiles | null;
}

/**
 * An HTTP server with the rules that all of LEONORE's share: input is validated as it is (nothing is coerced or
 * dropped), errors are problem+json; bodies, times and the requests of each caller are bounded.
 */
export function createServer(
  logger: Logger,
  {
    bodyLimit,
    headBytes,
    trustProxy = false,
    budgets,
    gatewaysBelow = devicePrefix,
    tls = null,
  }: ServerOptions,
): FastifyInstance {
  const head = headBytes === undefined ? {} : { maxHeaderSize: headBytes };
  const app = fastify({
    ...(tls === null ? { http: head } : { https: { ...head, ...readTls(tls), ...askClients(tls) } }),
    loggerInstance: logger,
    // It names the request in logs and in the audit, whatever process served it.
    genReqId: () => randomUUID(),
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit,
    trustProxy: trustProxy && isProxyInFront,
    requestTimeout: 120_000,
    connectionTimeout: 150_000,
    keepAliveTimeout: 75_000,
    frameworkErrors: sendUnroutable,
    routerOptions: { maxParamLength: 300 },
    ajv: {
      customOptions: { removeAdditional: false, coerceTypes: false, useDefaults: false, allErrors: false },
    },
    // Of an answer's schema a part below `oneOf` need not say again that it is about an object.
    serializerOpts: { ajv: { strictTypes: false } },
  });
  // Fastify takes it for a body by itself; no route does.
  app.removeContentTypeParser('text/plain');
  installProblems(app as unknown as FastifyInstance);
  installBudgets(app as unknown as FastifyInstance, budgets);
  const silent = new SilentConnections(app.server);
  app.addHook('preClose', async () => silent.end());
  if (tls !== null) {
    const unfollow = followTls(app.server as unknown as Server, tls, (error) =>
      logger.warn({ err: error }, 'the new certificate is not taken'),
    );
    app.addHook('onClose', async () => unfollow());
    if (tls.clientCaPath !== undefined)
      app.addHook('onRequest', async (request) => requireCertificate(request, gatewaysBelow));
  }
  return app as unknown as FastifyInstance;
}

/** Proxies add whom they hear to what that one has written: only their own entry, the last, is no caller's invention. */
function isProxyInFront(_address: string, hop: number): boolean {
  return hop === 0;
}

/** People come without a certificate, so the handshake takes everybody; what is a gateway's is judged by its route. */
function askClients({ clientCaPath }: TlsFiles): { requestCert?: true; rejectUnauthorized?: false } {
  return clientCaPath === undefined ? {} : { requestCert: true, rejectUnauthorized: false };
}

/** Of a connection over TLS: its certificate is of an authority of clients. */
function isAuthorized(socket: object): boolean {
  return 'authorized' in socket && socket.authorized === true;
}

function requireCertificate(
  { routeOptions, raw }: Pick<FastifyRequest, 'routeOptions' | 'raw'>,
  gatewaysBelow: string,
): void {
  if (routeOptions.url?.startsWith(gatewaysBelow) !== true || isAuthorized(raw.socket)) return;
  throw new LeonoreError(
    'CLIENT_CERTIFICATE_REQUIRED',
    'this server takes gateways with a certificate of its authority alone',
  );
}
