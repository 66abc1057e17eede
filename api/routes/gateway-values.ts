import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { Text } from '../../domain/text.js';
import type { GatewayValue } from '../../repositories/value-repository.js';
import type { RouteOptions } from '../context.js';
import { problems } from '../schemas/common.js';
import { GatewayValueSchema, ValueChangesSchema } from '../schemas/resources.js';

const tags = ['gateways'];
const ParamsSchema = Type.Object({ id: Text(128) });
const AnswerSchema = Type.Object({ items: Type.Array(GatewayValueSchema) });

/** Values of one gateway: what artifacts declare and what differs from gateway to gateway. */
export const gatewayValueRoutes: FastifyPluginAsyncTypebox<RouteOptions> = async (app, { context }) => {
  const { access, repositories, secrets } = context;
  const { gateways, values } = repositories;
  const answer = async (id: string) => ({ items: (await values.list(id)).map(toWire) });

  app.get(
    '/gateways/:id/values',
    {
      schema: {
        tags,
        operationId: 'listGatewayValues',
        summary: 'The values of a gateway; secrets are named, not shown',
        params: ParamsSchema,
        response: { 200: AnswerSchema, ...problems },
      },
      onRequest: async (request) => access.require(request, 'viewer'),
    },
    async (request) => {
      const { id } = await gateways.get(request.params.id);
      return answer(id);
    },
  );

  app.patch(
    '/gateways/:id/values',
    {
      schema: {
        tags,
        operationId: 'changeGatewayValues',
        summary: 'Set and remove values of a gateway, all or nothing',
        description: 'They go to the gateway with the next task whose package declares them.',
        params: ParamsSchema,
        body: ValueChangesSchema,
        response: { 200: AnswerSchema, ...problems },
      },
      onRequest: async (request) => access.require(request, 'operator'),
    },
    async (request) => {
      const { set = {}, secret = false, unset = [] } = request.body;
      await values.change(request.params.id, { set, secret, unset }, secrets);
      return answer(request.params.id);
    },
  );
};

function toWire({ key, value, secret, updatedAt }: GatewayValue) {
  return { key, value, secret, updatedAt: updatedAt.toISOString() };
}
