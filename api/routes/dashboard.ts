import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join, relative } from 'node:path';
import helmet from '@fastify/helmet';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { packageRoot } from '../../process/package-root.js';

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Compressed forms that lie beside a file, the smaller one first. */
const encodings = [
  { name: 'br', suffix: '.br' },
  { name: 'gzip', suffix: '.gz' },
] as const;

/** Names below it have a digest of what they hold: they never change. */
const hashedDirectory = 'assets/';
const forever = 'public, max-age=31536000, immutable';

interface StaticFile {
  readonly contentType: string;
  readonly cacheControl: string;
  readonly etag: string;
  readonly content: Buffer;
  readonly compressed: readonly { readonly name: string; readonly content: Buffer }[];
}

/**
 * The dashboard: static files that ask the management API with the token of whoever looks at them. Its policy lets
 * the page load and call nothing but this server, and nobody frame it. The files are few and held in memory: each has a
 * route of its own, every address of a view answers the one page, and everything else stays an error of the API.
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
  const directory = join(packageRoot(), 'dist', 'web');
  const files = await filesOf(directory);
  const page = files.get('index.html');
  if (page === undefined) {
    // The API does without, such as where its document is made from the sources.
    app.get('/', { schema: { hide: true }, config: { role: 'anybody' } }, async (_request, reply) =>
      reply.code(503).send('The dashboard has not been built; npm run build does it.\n'),
    );
    return;
  }
  for (const [path, file] of files) if (file !== page) serve(app, `/${path}`, file);
  const views = JSON.parse(await readFile(join(directory, 'views.json'), 'utf8')) as readonly string[];
  for (const path of ['/', ...views.flatMap((view) => [`/${view}`, `/${view}/*`])]) serve(app, path, page);
}

async function filesOf(directory: string): Promise<Map<string, StaticFile>> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => []);
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)));
  const found = new Set(paths);
  const files = new Map<string, StaticFile>();
  for (const path of paths) {
    const contentType = contentTypes[extname(path)];
    if (contentType === undefined) continue;
    const content = await readFile(join(directory, path));
    const digest = createHash('sha256').update(content).digest('base64url');
    files.set(path, {
      contentType,
      cacheControl: path.startsWith(hashedDirectory) ? forever : 'no-cache',
      etag: `"${digest}"`,
      content,
      compressed: await Promise.all(
        encodings
          .filter(({ suffix }) => found.has(path + suffix))
          .map(async ({ name, suffix }) => ({
            name,
            content: await readFile(join(directory, path + suffix)),
          })),
      ),
    });
  }
  return files;
}

function serve(app: FastifyInstance, path: string, file: StaticFile): void {
  app.get(path, { schema: { hide: true }, config: { role: 'anybody' } }, async (request, reply) =>
    sendFile(request, reply, file),
  );
}

function sendFile(request: FastifyRequest, reply: FastifyReply, file: StaticFile): FastifyReply {
  const { contentType, cacheControl, etag, content, compressed } = file;
  const chosen = compressed.find(({ name }) => accepts(request.headers['accept-encoding'], name));
  // Another form of the same is another thing to whoever compares by byte.
  const own = chosen === undefined ? etag : etag.replace(/"$/, `-${chosen.name}"`);
  reply.headers({ etag: own, 'cache-control': cacheControl, vary: 'accept-encoding' });
  if (request.headers['if-none-match'] === own) return reply.code(304).send();
  if (chosen !== undefined) reply.header('content-encoding', chosen.name);
  return reply.type(contentType).send(chosen?.content ?? content);
}

/** Whether a form is among those that a client takes (RFC 9110, 12.5.3); what it refuses has the weight 0. */
function accepts(header: string | string[] | undefined, encoding: string): boolean {
  return String(header ?? '')
    .split(',')
    .some((item) => {
      const [name = '', ...parameters] = item.split(';').map((part) => part.trim().toLowerCase());
      return name === encoding && !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
    });
}
