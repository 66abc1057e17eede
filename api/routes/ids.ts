import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { identifiedKinds } from '../../repositories/id-repository.js';
import type { RouteOptions } from '../context.js';
import { problems, strict } from '../schemas/common.js';

/** Enough to show that a beginning is not enough. */
const mostIds = 50;

const IdQuerySchema = Type.Object(
  {
    prefix: Type.String({
      pattern: '^[0-9a-f]{4,8}(-?[0-9a-f]{1,4}){0,3}(-?[0-9a-f]{1,12})?-?$',
      maxLength: 36,
      description: 'How the id begins: at least four hexadecimal digits',
    }),
  },
  strict,
);

const IdsSchema = Type.Object({
  items: Type.Array(Type.Object({ id: Type.String(), kind: Type.Enum([...identifiedKinds]) })),
});

/** People name things by the beginning of their ids. */
export const idRoutes: FastifyPluginAsyncTypebox<RouteOptions> = async (app) => {
  app.get(
    '/ids',
    {
      schema: {
        tags: ['rollouts'],
        operationId: 'findIds',
        summary: `Rollouts, orders, campaigns and wanted states whose ids begin so; at most ${mostIds}`,
        querystring: IdQuerySchema,
        response: { 200: IdsSchema, ...problems },
      },
      config: { role: 'viewer', scoped: true },
    },
    async (request) => {
      const { prefix } = request.query;
      return { items: await request.repositories.ids.beginningWith(prefix, mostIds) };
    },
  );
};
