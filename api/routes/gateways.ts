import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { troublesOf } from '../../domain/gateway/troubles.js';
import { Text } from '../../domain/text.js';
import type { Gateway } from '../../repositories/gateway-repository.js';
import type { RouteOptions } from '../context.js';
import { pageOf } from '../paging.js';
import { PageQuerySchema, PageSchema, problems, strict } from '../schemas/common.js';
import { GatewaySchema } from '../schemas/resources.js';

const tags = ['gateways'];
const GatewayQuerySchema = Type.Object(
  {
    ...PageQuerySchema.properties,
    unwell: Type.Optional(
      // Nothing of an address is converted: there it is a text.
      Type.Enum(['true', 'false'], {
        description: 'Only those that report that something is not as it should be',
      }),
    ),
  },
  strict,
);
const ParamsSchema = Type.Object({ id: Text(128) });

/** IoT gateway management, for people; gateways themselves use the device API. */
export const gatewayRoutes: FastifyPluginAsyncTypebox<RouteOptions> = async (app, { context }) => {
  const { access, repositories } = context;
  const { gateways } = repositories;

  app.get(
    '/gateways',
    {
      schema: {
        tags,
        operationId: 'listGateways',
        summary: 'All gateways, by id',
        querystring: GatewayQuerySchema,
        response: { 200: PageSchema(GatewaySchema), ...problems },
      },
      onRequest: async (request) => access.require(request, 'viewer'),
    },
    async (request) => {
      const { unwell, ...paging } = request.query;
      const { limit, cursor } = pageOf(paging);
      const page = await gateways.list(limit, cursor, unwell === 'true');
      return { items: page.items.map(gatewayOnWire), nextCursor: page.nextCursor };
    },
  );

  app.get(
    '/gateways/:id',
    {
      schema: {
        tags,
        operationId: 'showGateway',
        summary: 'One gateway with its profile',
        params: ParamsSchema,
        response: { 200: GatewaySchema, ...problems },
      },
      onRequest: async (request) => access.require(request, 'viewer'),
    },
    async (request) => gatewayOnWire(await gateways.get(request.params.id)),
  );

  app.post(
    '/gateways/:id/profile-request',
    {
      schema: {
        tags,
        operationId: 'requestProfile',
        summary: 'Ask for a fresh profile at the next contact',
        params: ParamsSchema,
        response: { 202: Type.Null(), ...problems },
      },
      onRequest: async (request) => access.require(request, 'operator'),
    },
    async (request, reply) => {
      await gateways.wantProfile(request.params.id);
      return reply.code(202).send(null);
    },
  );

  app.delete(
    '/gateways/:id',
    {
      schema: {
        tags,
        operationId: 'decommissionGateway',
        summary: 'Take a gateway out of service; its token is void at once',
        params: ParamsSchema,
        response: { 204: Type.Null(), ...problems },
      },
      onRequest: async (request) => access.require(request, 'admin'),
    },
    async (request, reply) => {
      await gateways.decommission(request.params.id);
      return reply.code(204).send(null);
    },
  );
};

/** A gateway as the API shows it. */
export function gatewayOnWire(gateway: Gateway) {
  const { id, state, nodeId, protocol, strategy, agentVersion, profile, key, readmitted, registeredFrom } =
    gateway;
  return {
    id,
    state,
    nodeId,
    protocol,
    strategy,
    agentVersion,
    registeredAt: gateway.registeredAt.toISOString(),
    lastSeenAt: gateway.lastSeenAt.toISOString(),
    troubles: troublesOf(profile),
    labels: gateway.labels,
    operatorLabels: gateway.operatorLabels,
    reportedLabels: [...gateway.reportedLabels],
    key,
    readmitted,
    registeredFrom,
    profile,
  };
}
