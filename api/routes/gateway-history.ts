import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { contestReasons, type ContestReason } from '../../domain/gateway/admission.js';
import { gatewayEventText } from '../../domain/gateway/gateway-event.js';
import { Text } from '../../domain/text.js';
import type { GatewayEvent, GatewayIncident } from '../../repositories/gateway-history-repository.js';
import type { RouteOptions } from '../context.js';
import { gatewayDeliveryOnWire } from '../delivery-view.js';
import { pageOf } from '../paging.js';
import { PageQuerySchema, PageSchema, problems, strict, UuidParamsSchema } from '../schemas/common.js';
import { GatewayEventSchema } from '../schemas/gateways.js';
import { GatewayDeliverySchema } from '../schemas/resources.js';

const tags = ['gateways'];
const ParamsSchema = Type.Object({ id: Text(128) });
const DeliveriesQuerySchema = Type.Object(
  { ...PageQuerySchema.properties, cursor: Type.Optional(UuidParamsSchema.properties.id) },
  strict,
);
/** Rollouts and orders whose events are told at once; the others are among the deliveries. */
const toldDeliveries = 100;

/** What happened to a gateway: its part in rollouts and orders, and what people did with it. */
export const gatewayHistoryRoutes: FastifyPluginAsyncTypebox<RouteOptions> = async (app) => {
  app.get(
    '/gateways/:id/deliveries',
    {
      schema: {
        tags,
        operationId: 'listGatewayDeliveries',
        summary: "A gateway's part in rollouts and orders, the newest first",
        params: ParamsSchema,
        querystring: DeliveriesQuerySchema,
        response: { 200: PageSchema(GatewayDeliverySchema), ...problems },
      },
      config: { role: 'viewer', scoped: true },
    },
    async (request) => {
      const { gateways, gatewayHistory } = request.repositories;
      const { id } = await gateways.get(request.params.id);
      const { limit, cursor } = pageOf(request.query);
      const page = await gatewayHistory.deliveries(id, limit, cursor);
      return { items: page.items.map(gatewayDeliveryOnWire), nextCursor: page.nextCursor };
    },
  );

  app.get(
    '/gateways/:id/history',
    {
      schema: {
        tags,
        operationId: 'showGatewayHistory',
        summary: `What happened to a gateway, in order: its first registration, what people did, moves and changes of its profile, its last ${toldDeliveries} rollouts and orders`,
        params: ParamsSchema,
        response: { 200: Type.Object({ items: Type.Array(GatewayEventSchema) }), ...problems },
      },
      config: { role: 'viewer', scoped: true },
    },
    async (request) => {
      const { gateways, gatewayHistory } = request.repositories;
      const { id, registeredAt, registeredFrom } = await gateways.get(request.params.id);
      const [{ items: deliveries }, incidents, events] = await Promise.all([
        gatewayHistory.deliveries(id, toldDeliveries, null),
        gatewayHistory.incidents(id),
        gatewayHistory.events(id),
      ]);
      const first = {
        at: registeredAt.toISOString(),
        kind: 'registered' as const,
        what: registeredFrom === null ? 'registered' : `registered; it came last from ${registeredFrom}`,
        rollout: null,
        by: null,
      };
      const delivered = deliveries.map(gatewayDeliveryOnWire).flatMap((delivery) =>
        delivery.history.map(({ at, what }) => ({
          at,
          kind: 'delivery' as const,
          what: `${delivery.action} ${delivery.artifact ?? delivery.requests.join(' ')}: ${what}`,
          rollout: delivery.rollout,
          by: delivery.createdBy,
        })),
      );
      const items = [first, ...incidents.map(incidentOnWire), ...events.map(eventOnWire), ...delivered];
      return { items: items.sort((left, right) => Date.parse(left.at) - Date.parse(right.at)) };
    },
  );
};

function incidentOnWire({ at, action, by, reason, address }: GatewayIncident) {
  const what =
    reason === null
      ? `${action ?? ''} from ${address}`
      : `somebody at ${address} ${contestReasons[reason as ContestReason]}`;
  const kind = reason === null ? ('person' as const) : ('contest' as const);
  return { at: at.toISOString(), kind, what, rollout: null, by };
}

function eventOnWire({ at, kind, changes }: GatewayEvent) {
  return { at: at.toISOString(), kind, what: gatewayEventText(kind, changes), rollout: null, by: null };
}
