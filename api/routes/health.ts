import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import type { RouteOptions } from '../context.js';

const ReadySchema = Type.Object({ database: Type.Boolean(), temporal: Type.Boolean() });

/** For supervisors: /healthz says that the process lives, /readyz that it can do its work. */
export const healthRoutes: FastifyPluginAsyncTypebox<RouteOptions> = async (app, { context }) => {
  app.get(
    '/healthz',
    {
      config: { role: 'anybody' },
      schema: {
        tags: ['health'],
        security: [],
        operationId: 'health',
        summary: 'The process lives',
        response: { 200: Type.Object({ status: Type.String() }) },
      },
    },
    async () => ({
      status: 'ok',
    }),
  );

  app.get(
    '/readyz',
    {
      config: { role: 'anybody' },
      schema: {
        tags: ['health'],
        security: [],
        operationId: 'ready',
        summary: 'The process can do its work',
        response: { 200: ReadySchema, 503: ReadySchema },
      },
    },
    async (_request, reply) => {
      const [database, temporal] = await Promise.all([
        context.repositories.nodes.list().then(
          () => true,
          () => false,
        ),
        context.rolloutClient.isReachable(),
      ]);
      const ready = database && temporal;
      if (!ready) reply.header('retry-after', 2);
      return reply.code(ready ? 200 : 503).send({ database, temporal });
    },
  );
};
