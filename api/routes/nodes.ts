import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { Text } from '../../domain/text.js';
import type { LeonoreNode } from '../../repositories/node-repository.js';
import type { RouteOptions } from '../context.js';
import { problems } from '../schemas/common.js';
import { NodePoolSchema, NodeSchema } from '../schemas/resources.js';

const tags = ['nodes'];
const ParamsSchema = Type.Object({ id: Text(128) });

/** LEONORE nodes and their pool. */
export const nodeRoutes: FastifyPluginAsyncTypebox<RouteOptions> = async (app, { context }) => {
  const { access, repositories, wakePool } = context;
  const { nodes, pool } = repositories;

  app.get(
    '/nodes',
    {
      schema: {
        tags,
        operationId: 'listNodes',
        summary: 'All nodes, what each serves and uses, and the pool that they are in',
        response: { 200: Type.Object({ items: Type.Array(NodeSchema), pool: NodePoolSchema }), ...problems },
      },
      onRequest: async (request) => access.require(request, 'viewer'),
    },
    async () => {
      const [items, settings, queued] = await Promise.all([
        nodes.list(),
        pool.settings(),
        pool.queueLength(),
      ]);
      return { items: items.map(toWire), pool: { ...settings, queued } };
    },
  );

  app.get(
    '/nodes/:id',
    {
      schema: {
        tags,
        operationId: 'showNode',
        summary: 'One node',
        params: ParamsSchema,
        response: { 200: NodeSchema, ...problems },
      },
      onRequest: async (request) => access.require(request, 'viewer'),
    },
    async (request) => toWire(await nodes.get(request.params.id)),
  );

  app.post(
    '/nodes',
    {
      schema: {
        tags,
        operationId: 'startNode',
        summary: 'Have a further node launched; the answer names it',
        response: { 202: NodeSchema, ...problems },
      },
      onRequest: async (request) => access.require(request, 'admin'),
    },
    async (_request, reply) => {
      const id = await pool.addLaunch('operator');
      wakePool();
      return reply
        .code(202)
        .header('location', `/api/v1/nodes/${id}`)
        .send(toWire(await nodes.get(id)));
    },
  );

  app.post(
    '/nodes/:id/drain',
    {
      schema: {
        tags,
        operationId: 'drainNode',
        summary: 'Move what a node has to the others, let it finish what runs, then end it',
        params: ParamsSchema,
        response: { 202: NodeSchema, ...problems },
      },
      onRequest: async (request) => access.require(request, 'admin'),
    },
    async (request, reply) => {
      const { id } = request.params;
      await nodes.startDrain(id);
      wakePool();
      return reply.code(202).send(toWire(await nodes.get(id)));
    },
  );
};

function toWire(node: LeonoreNode) {
  return {
    ...node,
    requestedAt: node.requestedAt?.toISOString() ?? null,
    launchedAt: node.launchedAt?.toISOString() ?? null,
    startedAt: node.startedAt.toISOString(),
    sharedAt: node.sharedAt?.toISOString() ?? null,
    heartbeatAt: node.heartbeatAt.toISOString(),
  };
}
