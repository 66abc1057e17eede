import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { Text } from '../../domain/text.js';
import type { RouteOptions } from '../context.js';
import { nodeOnWire } from '../node-view.js';
import { IdempotencyHeadersSchema, requestIdentity } from '../idempotency.js';
import { problems } from '../schemas/common.js';
import { NodePoolSchema, NodeSchema } from '../schemas/resources.js';

const tags = ['nodes'];
const ParamsSchema = Type.Object({ id: Text(128) });

/** LEONORE nodes and their pool. */
export const nodeRoutes: FastifyPluginAsyncTypebox<RouteOptions> = async (app, { context }) => {
  const { repositories, wakePool } = context;
  const { nodes, pool, repeatedRequests } = repositories;

  app.get(
    '/nodes',
    {
      schema: {
        tags,
        operationId: 'listNodes',
        summary: 'All nodes, what each serves and uses, and the pool that they are in',
        response: { 200: Type.Object({ items: Type.Array(NodeSchema), pool: NodePoolSchema }), ...problems },
      },
      config: { role: 'viewer' },
    },
    async () => {
      const [items, settings, queued] = await Promise.all([
        nodes.list(),
        pool.settings(),
        pool.queueLength(),
      ]);
      return {
        items: items.map(nodeOnWire),
        pool: { ...settings, channels: [...settings.channels], queued },
      };
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
      config: { role: 'viewer' },
    },
    async (request) => nodeOnWire(await nodes.get(request.params.id)),
  );

  app.post(
    '/nodes',
    {
      schema: {
        tags,
        operationId: 'startNode',
        summary: 'Have a further node launched; the answer names it',
        headers: IdempotencyHeadersSchema,
        response: { 202: NodeSchema, ...problems },
      },
      config: { role: 'admin' },
    },
    async (request, reply) => {
      const identity = requestIdentity(request, { startNode: {} });
      const known = await repeatedRequests.resultOf(identity);
      const { result: id, isNew } =
        known === null
          ? await repeatedRequests.once(identity, (tx) => pool.addLaunchIn(tx, 'operator'))
          : { result: known, isNew: false };
      if (isNew) wakePool();
      return reply
        .code(202)
        .header('location', `/api/v1/nodes/${id}`)
        .send(nodeOnWire(await nodes.get(id)));
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
      config: { role: 'admin' },
    },
    async (request, reply) => {
      const { id } = request.params;
      await nodes.startDrain(id);
      wakePool();
      return reply.code(202).send(nodeOnWire(await nodes.get(id)));
    },
  );
};
