import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import type { RouteOptions } from '../context.js';
import { problems } from '../schemas/common.js';
import { NodeSchema } from '../schemas/resources.js';

/** LEONORE nodes. */
export const nodeRoutes: FastifyPluginAsyncTypebox<RouteOptions> = async (app, { context }) => {
  app.get(
    '/nodes',
    {
      schema: {
        tags: ['nodes'],
        operationId: 'listNodes',
        summary: 'All nodes, and how many gateways each serves',
        response: { 200: Type.Object({ items: Type.Array(NodeSchema) }), ...problems },
      },
      onRequest: async (request) => context.access.require(request, 'viewer'),
    },
    async () => {
      const nodes = await context.repositories.nodes.list();
      const items = nodes.map(({ id, address, state, gatewayCount, startedAt, heartbeatAt, stats }) => ({
        id,
        address,
        state,
        gatewayCount,
        startedAt: startedAt.toISOString(),
        heartbeatAt: heartbeatAt.toISOString(),
        stats,
      }));
      return { items };
    },
  );
};
