import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { Text } from '../../domain/text.js';
import type { Repositories } from '../../repositories/repositories.js';
import type { GatewayValue } from '../../repositories/value-repository.js';
import type { RouteOptions } from '../context.js';
import { InstantSchema, NullableTextSchema, problems } from '../schemas/common.js';
import { GatewayValueSchema, ValueChangesSchema } from '../schemas/gateways.js';
import { UndeclaredSchema } from '../schemas/wanted-states.js';

const tags = ['gateways'];
const ParamsSchema = Type.Object({ id: Text(128) });
const AnswerSchema = Type.Object({
  items: Type.Array(GatewayValueSchema),
  pending: Type.Array(
    Type.Object({
      artifact: Type.String(),
      since: InstantSchema,
      attempts: Type.Integer({ description: 'Orders in a row that came to nothing' }),
      order: NullableTextSchema,
      problem: NullableTextSchema,
    }),
    { description: 'Artifacts on the gateway that were given other values, and are still to be configured' },
  ),
  undeclared: UndeclaredSchema,
});

/** Values of one gateway: what artifacts declare and what differs from gateway to gateway. */
export const gatewayValueRoutes: FastifyPluginAsyncTypebox<RouteOptions> = async (app, { context }) => {
  const { values: sealer } = context;
  const { artifacts } = context.repositories;
  const answer = async ({ values, staleValues }: Repositories, id: string, set: readonly string[] = []) => ({
    items: (await values.list(id)).map(toWire),
    pending: (await staleValues.list(id)).map(({ orderId, since, ...stale }) => ({
      ...stale,
      order: orderId,
      since: since.toISOString(),
    })),
    undeclared: await artifacts.undeclaredKeys(set),
  });

  app.get(
    '/gateways/:id/values',
    {
      schema: {
        tags,
        operationId: 'listGatewayValues',
        summary: 'The values of a gateway and where each comes from; secrets are named, not shown',
        params: ParamsSchema,
        response: { 200: AnswerSchema, ...problems },
      },
      config: { role: 'viewer', scoped: true },
    },
    async (request) => {
      const { repositories } = request;
      const { id } = await repositories.gateways.get(request.params.id);
      return answer(repositories, id);
    },
  );

  app.patch(
    '/gateways/:id/values',
    {
      schema: {
        tags,
        operationId: 'changeGatewayValues',
        summary: "Set and remove values of a gateway's own, all or nothing",
        description: 'What is installed on the gateway and declares them is configured anew.',
        params: ParamsSchema,
        body: ValueChangesSchema,
        response: { 200: AnswerSchema, ...problems },
      },
      config: { role: 'operator', scoped: true },
    },
    async (request) => {
      const { set = {}, secret = false, unset = [] } = request.body;
      const { repositories } = request;
      await repositories.values.change(request.params.id, { set, secret, unset }, sealer);
      return answer(repositories, request.params.id, Object.keys(set));
    },
  );
};

function toWire({ key, value, secret, level, select, updatedAt }: GatewayValue) {
  return { key, value, secret, level, select, updatedAt: updatedAt.toISOString() };
}
