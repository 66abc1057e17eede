import fastify, { LogController, type FastifyInstance } from 'fastify';
import type { Server } from 'node:https';
import type { Logger } from 'pino';
import { installBudgets, type RequestBudgets } from './request-budgets.js';
import { followTls, readTls, type TlsFiles } from './tls.js';
import { installProblems, sendUnroutable } from './problem.js';

export interface ServerOptions {
  /** Bytes that a body may have, unless a route says otherwise. */
  readonly bodyLimit: number;
  /** Believe X-Forwarded-For. */
  readonly trustProxy?: boolean;
  readonly budgets: RequestBudgets;
  /** Absent or null: without TLS. */
  readonly tls?: TlsFiles | null;
}

/**
 * An HTTP server with the rules that all of LEONORE's share: input is validated as it is (nothing is coerced or
 * dropped), errors are problem+json; bodies, times and the requests of each caller are bounded.
 */
export function createServer(
  logger: Logger,
  { bodyLimit, trustProxy = false, budgets, tls = null }: ServerOptions,
): FastifyInstance {
  const app = fastify({
    ...(tls === null ? {} : { https: readTls(tls) }),
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit,
    trustProxy,
    requestTimeout: 120_000,
    connectionTimeout: 150_000,
    keepAliveTimeout: 75_000,
    frameworkErrors: sendUnroutable,
    routerOptions: { maxParamLength: 300 },
    ajv: {
      customOptions: { removeAdditional: false, coerceTypes: false, useDefaults: false, allErrors: false },
    },
  });
  // Fastify takes it for a body by itself; no route does.
  app.removeContentTypeParser('text/plain');
  installProblems(app as unknown as FastifyInstance);
  installBudgets(app as unknown as FastifyInstance, budgets);
  if (tls !== null) {
    const unfollow = followTls(app.server as unknown as Server, tls, (error) =>
      logger.warn({ err: error }, 'the new certificate is not taken'),
    );
    app.addHook('onClose', async () => unfollow());
  }
  return app as unknown as FastifyInstance;
}
