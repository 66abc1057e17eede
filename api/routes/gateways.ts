import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { artifactKey } from '../../domain/artifact/manifest.js';
import { troublesOf } from '../../domain/gateway/troubles.js';
import { Text } from '../../domain/text.js';
import { gatewaySorts, type Gateway } from '../../repositories/gateway-repository.js';
import type { RouteOptions } from '../context.js';
import { gatewayFilterOf, gatewayFilterProperties } from '../gateway-query.js';
import { pageOf } from '../paging.js';
import { PageQuerySchema, PageSchema, problems, strict } from '../schemas/common.js';
import { GatewayDetailSchema, GatewaySchema } from '../schemas/gateways.js';

const tags = ['gateways'];
const GatewayQuerySchema = Type.Object(
  {
    ...PageQuerySchema.properties,
    ...gatewayFilterProperties,
    sort: Type.Optional(
      Type.Enum([...gatewaySorts], { description: 'default id; with - the other way round' }),
    ),
  },
  strict,
);
const ParamsSchema = Type.Object({ id: Text(128) });

/** IoT gateway management, for people; gateways themselves use the device API. */
export const gatewayRoutes: FastifyPluginAsyncTypebox<RouteOptions> = async (app) => {
  app.get(
    '/gateways',
    {
      schema: {
        tags,
        operationId: 'listGateways',
        summary: 'Gateways, by id or as they are sorted: all, or those that are asked for',
        querystring: GatewayQuerySchema,
        response: { 200: PageSchema(GatewaySchema), ...problems },
      },
      config: { role: 'viewer', scoped: true },
    },
    async (request) => {
      const { sort, limit: asked, cursor: after, ...filter } = request.query;
      const { limit, cursor } = pageOf({
        ...(asked === undefined ? {} : { limit: asked }),
        ...(after === undefined ? {} : { cursor: after }),
      });
      const page = await request.repositories.gateways.list(limit, cursor, gatewayFilterOf(filter), sort);
      return { items: page.items.map(gatewayOnWire), nextCursor: page.nextCursor };
    },
  );

  app.get(
    '/gateways/:id',
    {
      schema: {
        tags,
        operationId: 'showGateway',
        summary: 'One gateway with its profile, and since when it has what is installed',
        params: ParamsSchema,
        response: { 200: GatewayDetailSchema, ...problems },
      },
      config: { role: 'viewer', scoped: true },
    },
    async (request) => {
      const { gateways, gatewayHistory } = request.repositories;
      const gateway = await gateways.get(request.params.id);
      const since = await gatewayHistory.installedSince(gateway.id);
      const installedSince = (gateway.profile.installed ?? []).flatMap(({ name, version }) => {
        const at = since.get(artifactKey({ name, version }));
        return at === undefined ? [] : [[artifactKey({ name, version }), at.toISOString()] as const];
      });
      return { ...gatewayOnWire(gateway), installedSince: Object.fromEntries(installedSince) };
    },
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
      config: { role: 'operator', scoped: true },
    },
    async (request, reply) => {
      await request.repositories.gateways.wantProfile(request.params.id);
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
      config: { role: 'admin', scoped: true },
    },
    async (request, reply) => {
      await request.repositories.gateways.decommission(request.params.id);
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
    channelReason: gateway.channelReason,
    fallbacks: [...gateway.fallbacks],
    awaySince: gateway.awaySince?.toISOString() ?? null,
    agentVersion,
    registeredAt: gateway.registeredAt.toISOString(),
    lastSeenAt: gateway.lastSeenAt.toISOString(),
    pollSeconds: gateway.pollSeconds,
    conditions: [...gateway.conditions],
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
