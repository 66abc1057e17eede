import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { LeonoreError } from '../../domain/errors.js';
import { parseSelector } from '../../domain/selector/selector.js';
import type { Deployment } from '../../repositories/deployment-repository.js';
import type { RouteOptions } from '../context.js';
import { pageOf } from '../paging.js';
import { NameSchema, PageQuerySchema, PageSchema, problems } from '../schemas/common.js';
import { DeploymentSchema, NewDeploymentSchema } from '../schemas/resources.js';

const tags = ['deployments'];

/** Deployments: named sets of gateways. */
export const deploymentRoutes: FastifyPluginAsyncTypebox<RouteOptions> = async (app, { context }) => {
  const { access, repositories } = context;
  const { deployments, gateways, members } = repositories;

  app.post(
    '/deployments',
    {
      schema: {
        tags,
        operationId: 'createDeployment',
        summary: 'Name a set of gateways: a list, or a selector',
        body: NewDeploymentSchema,
        response: { 201: DeploymentSchema, ...problems },
      },
      onRequest: async (request) => access.require(request, 'operator'),
    },
    async (request, reply) => {
      const { name, gatewayIds, select } = request.body;
      if ((gatewayIds === undefined) === (select === undefined)) {
        throw new LeonoreError('MALFORMED_INPUT', 'give either gatewayIds or select');
      }
      if (select !== undefined) parseSelector(select);
      const ids = [...new Set(gatewayIds)];
      const unknown = await gateways.unknownAmong(ids);
      if (unknown.length > 0) {
        throw new LeonoreError('GATEWAY_NOT_FOUND', `there is no gateway "${unknown[0]}"`, {
          unknown: unknown.slice(0, 100),
        });
      }
      const created = await deployments.create(name, { gatewayIds: ids, selector: select ?? null });
      return reply.code(201).header('location', `/api/v1/deployments/${name}`).send(toWire(created));
    },
  );

  app.get(
    '/deployments',
    {
      schema: {
        tags,
        operationId: 'listDeployments',
        summary: 'All deployments, by name',
        querystring: PageQuerySchema,
        response: { 200: PageSchema(DeploymentSchema), ...problems },
      },
      onRequest: async (request) => access.require(request, 'viewer'),
    },
    async (request) => {
      const { limit, cursor } = pageOf(request.query);
      const page = await deployments.list(limit, cursor);
      return { items: page.items.map(toWire), nextCursor: page.nextCursor };
    },
  );

  app.get(
    '/deployments/:name',
    {
      schema: {
        tags,
        operationId: 'showDeployment',
        summary: 'One deployment, and how many gateways it has now',
        params: Type.Object({ name: NameSchema }),
        response: {
          200: Type.Object({
            ...DeploymentSchema.properties,
            gateways: Type.Integer({ description: 'Gateways it has now' }),
          }),
          ...problems,
        },
      },
      onRequest: async (request) => access.require(request, 'viewer'),
    },
    async (request) => {
      const deployment = await deployments.get(request.params.name);
      return { ...toWire(deployment), gateways: await members.count(deployment) };
    },
  );
};

function toWire({ name, gatewayIds, selector, createdAt }: Deployment) {
  return { name, gatewayIds: [...gatewayIds], select: selector, createdAt: createdAt.toISOString() };
}
