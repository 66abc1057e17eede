import { join } from 'node:path';
import helmet from '@fastify/helmet';
import serveStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import { packageRoot } from '../../repositories/migrations/package-root.js';

/**
 * The dashboard: static files that ask the management API with the token of whoever looks at them. Its policy lets
 * the page load and call nothing but this server, and nobody frame it.
 */
export async function dashboardRoutes(app: FastifyInstance): Promise<void> {
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        'default-src': ["'none'"],
        'script-src': ["'self'"],
        'style-src': ["'self'"],
        'img-src': ["'self'"],
        'connect-src': ["'self'"],
        'base-uri': ["'none'"],
        'form-action': ["'none'"],
        'frame-ancestors': ["'none'"],
      },
    },
    referrerPolicy: { policy: 'no-referrer' },
    // Whether there is TLS is decided by what stands in front.
    strictTransportSecurity: false,
  });
  await app.register(serveStatic, {
    root: join(packageRoot(), 'web', 'static'),
    // One route a file: everything else stays an error of the API.
    wildcard: false,
    decorateReply: false,
    cacheControl: false,
    setHeaders: (reply) => void reply.header('cache-control', 'no-cache'),
  });
}
