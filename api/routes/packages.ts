import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import type { StoredPackage } from '../../repositories/package-repository.js';
import type { RouteOptions } from '../context.js';
import { pageOf } from '../paging.js';
import { PageQuerySchema, PageSchema, problems } from '../schemas/common.js';
import { PackageSchema } from '../schemas/resources.js';

const tags = ['packages'];
const ParamsSchema = Type.Object({ id: Type.String({ pattern: '^[0-9a-f]{64}$' }) });

/** The package repository. */
export const packageRoutes: FastifyPluginAsyncTypebox<RouteOptions> = async (app, { context }) => {
  const { blobs, repositories } = context;
  const { packages } = repositories;

  app.get(
    '/packages',
    {
      schema: {
        tags,
        operationId: 'listPackages',
        summary: 'All packages, newest first',
        querystring: PageQuerySchema,
        response: { 200: PageSchema(PackageSchema), ...problems },
      },
      config: { role: 'viewer' },
    },
    async (request) => {
      const { limit, cursor } = pageOf(request.query);
      const page = await packages.list(limit, cursor);
      return { items: page.items.map(toWire), nextCursor: page.nextCursor };
    },
  );

  app.get(
    '/packages/:id',
    {
      schema: {
        tags,
        operationId: 'showPackage',
        summary: 'One package, with the log of its build',
        params: ParamsSchema,
        response: { 200: PackageSchema, ...problems },
      },
      config: { role: 'viewer' },
    },
    async (request) => toWire(await packages.get(request.params.id)),
  );

  app.get(
    '/packages/:id/archive',
    {
      schema: {
        tags,
        operationId: 'downloadPackage',
        summary: 'The archive itself, for looking into it',
        params: ParamsSchema,
        produces: ['application/gzip'],
        response: { 200: Type.Unknown(), ...problems },
      },
      config: { role: 'operator' },
    },
    async (request, reply) => {
      const { archiveDigest, sizeBytes } = await packages.get(request.params.id);
      reply.headers({ 'content-type': 'application/gzip', 'content-length': sizeBytes });
      return reply.send(await blobs.open(archiveDigest));
    },
  );
};

function toWire(stored: StoredPackage) {
  const { id, archiveDigest, sizeBytes, installedBytes, artifacts, builtBy, log } = stored;
  const builtAt = stored.builtAt.toISOString();
  const lastNeededAt = stored.lastNeededAt.toISOString();
  return {
    id,
    digest: archiveDigest,
    sizeBytes,
    installedBytes,
    artifacts: [...artifacts],
    builtBy,
    builtAt,
    lastNeededAt,
    log,
  };
}
