import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import type { RouteOptions } from '../context.js';
import { problems } from '../schemas/common.js';
import { SharedValueChangesSchema, SharedValueSchema, UndeclaredSchema } from '../schemas/wanted-states.js';

const tags = ['values'];

/** Values that many gateways have: of the fleet, and of all that a selector matches. */
export const sharedValueRoutes: FastifyPluginAsyncTypebox<RouteOptions> = async (app, { context }) => {
  const { repositories, values: sealer } = context;
  const { artifacts, sharedValues } = repositories;
  const items = async () =>
    (await sharedValues.list()).map((value) => ({ ...value, updatedAt: value.updatedAt.toISOString() }));

  app.get(
    '/values',
    {
      schema: {
        tags,
        operationId: 'listSharedValues',
        summary: 'The values of fleet and selectors; secrets are named, not shown',
        response: { 200: Type.Object({ items: Type.Array(SharedValueSchema) }), ...problems },
      },
      config: { role: 'viewer' },
    },
    async () => ({ items: await items() }),
  );

  app.patch(
    '/values',
    {
      schema: {
        tags,
        operationId: 'changeSharedValues',
        summary:
          'Set and remove values of the fleet, or of all gateways that a selector matches; all or nothing',
        description:
          'The nearest value of a key counts: the gateway before selectors, these before the fleet. Gateways that have something that declares the key are configured anew.',
        body: SharedValueChangesSchema,
        response: {
          200: Type.Object({ items: Type.Array(SharedValueSchema), undeclared: UndeclaredSchema }),
          ...problems,
        },
      },
      config: { role: 'operator' },
    },
    async (request) => {
      const { select = null, set = {}, secret = false, unset = [] } = request.body;
      await sharedValues.change(select, { set, secret, unset }, sealer);
      return { items: await items(), undeclared: await artifacts.undeclaredKeys(Object.keys(set)) };
    },
  );
};
