import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import helmet from '@fastify/helmet';
import type { FastifyInstance } from 'fastify';
import { packageRoot } from '../../process/package-root.js';
import { dashboardVocabulary } from '../dashboard-vocabulary.js';

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/**
 * The dashboard: static files that ask the management API with the token of whoever looks at them. Its policy lets
 * the page load and call nothing but this server, and nobody frame it. The few small files are held in memory: each
 * has a route of its own, and everything else stays an error of the API.
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
  const directory = join(packageRoot(), 'web', 'static');
  for (const name of await readdir(directory)) {
    serve(
      app,
      name === 'index.html' ? '/' : `/${name}`,
      extname(name),
      await readFile(join(directory, name)),
    );
  }
  serve(app, '/vocabulary.js', '.js', Buffer.from(dashboardVocabulary()));
}

function serve(app: FastifyInstance, path: string, extension: string, content: Buffer): void {
  const contentType = contentTypes[extension];
  if (contentType === undefined) throw new Error(`the dashboard has no content type for ${extension}`);
  const etag = `"${createHash('sha256').update(content).digest('base64url')}"`;
  app.get(path, { schema: { hide: true } }, async (request, reply) => {
    reply.headers({ etag, 'cache-control': 'no-cache' });
    if (request.headers['if-none-match'] === etag) return reply.code(304).send();
    return reply.type(contentType).send(content);
  });
}
