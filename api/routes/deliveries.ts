import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type, { type Static } from 'typebox';
import type { RouteOptions } from '../context.js';
import { troubleFilterProperties, withinHours } from '../delivery-query.js';
import { deliveryFacetsOnWire, fleetDeliveryOnWire } from '../delivery-view.js';
import { pageOf } from '../paging.js';
import { PageQuerySchema, PageSchema, problems, strict } from '../schemas/common.js';
import { DeliveryFacetsSchema, FleetDeliverySchema } from '../schemas/deliveries.js';

const tags = ['rollouts'];
const FilterSchema = Type.Object(troubleFilterProperties, strict);
const QuerySchema = Type.Object({ ...PageQuerySchema.properties, ...troubleFilterProperties }, strict);

/** What ended badly, in whatever rollout or order. */
export const deliveryRoutes: FastifyPluginAsyncTypebox<RouteOptions> = async (app) => {
  app.get(
    '/deliveries',
    {
      schema: {
        tags,
        operationId: 'listTroubledDeliveries',
        summary: 'What ended badly of late in rollouts and orders, the latest first',
        querystring: QuerySchema,
        response: { 200: PageSchema(FleetDeliverySchema), ...problems },
      },
      config: { role: 'viewer', scoped: true },
    },
    async (request) => {
      const { limit, cursor } = pageOf(request.query);
      const page = await request.repositories.deliveryLists.trouble(limit, cursor, filterOf(request.query));
      return { items: page.items.map(fleetDeliveryOnWire), nextCursor: page.nextCursor };
    },
  );

  app.get(
    '/deliveries/facets',
    {
      schema: {
        tags,
        operationId: 'facetTroubledDeliveries',
        summary: 'What ended badly of late, by state, class, node and reason',
        querystring: FilterSchema,
        response: { 200: DeliveryFacetsSchema, ...problems },
      },
      config: { role: 'viewer', scoped: true },
    },
    async (request) =>
      deliveryFacetsOnWire(await request.repositories.deliveryLists.facetsOfTrouble(filterOf(request.query))),
  );
};

function filterOf({
  node,
  class: errorClass,
  rollout,
  campaign,
  sinceHours,
  ...filter
}: Static<typeof FilterSchema>) {
  return {
    ...filter,
    nodeId: node,
    errorClass,
    rolloutId: rollout,
    campaignId: campaign,
    withinHours: withinHours(sinceHours),
  };
}
