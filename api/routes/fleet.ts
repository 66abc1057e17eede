import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import Type from 'typebox';
import { scopeOf } from '../../domain/access/grant.js';
import { namePattern } from '../../domain/artifact/manifest.js';
import type { CountedGateways } from '../../repositories/facet-repository.js';
import type { GatewayFilter } from '../../repositories/gateway-filter.js';
import type { RouteOptions } from '../context.js';
import { gatewayFilterOf, gatewayFilterProperties } from '../gateway-query.js';
import { KeptAnswers } from '../kept-answers.js';
import { InstantSchema, problems, strict } from '../schemas/common.js';
import { FleetHistorySchema, GatewayFacetsSchema, toldSamples, toldVersions } from '../schemas/facets.js';
import { FleetSchema } from '../schemas/gateways.js';

const tags = ['gateways'];
const FleetQuerySchema = Type.Object(gatewayFilterProperties, strict);
const FacetQuerySchema = Type.Object(
  {
    ...gatewayFilterProperties,
    all: Type.Optional(
      Type.Enum(['true', 'false'], {
        description:
          'All of a part are counted, however many they are: seconds in a large fleet. Who asks the same within half a minute is told the same; `complete` is false where it would take more than 20 s, or too many ask',
      }),
    ),
  },
  strict,
);
/** How long the numbers of a part are good for whoever asks the same, how many are kept, and how many wait to be counted. */
const keptMs = 30_000;
const keptParts = 200;
const waitingParts = 8;
const HistoryQuerySchema = Type.Object(
  {
    from: Type.Optional({ ...InstantSchema, description: 'Default: a week before `to`' }),
    to: Type.Optional({ ...InstantSchema, description: 'Default: now' }),
    artifact: Type.Optional(Type.String({ pattern: namePattern, description: 'The versions of this one' })),
  },
  strict,
);
const weekMs = 7 * 86_400_000;

/** The fleet in numbers: now, and over time. */
export const fleetRoutes: FastifyPluginAsyncTypebox<RouteOptions> = async (app) => {
  const parts = new KeptAnswers<CountedGateways>(keptMs, keptParts, waitingParts);
  const allOf = ({ repositories, principal }: FastifyRequest, filter: GatewayFilter) =>
    parts.of(JSON.stringify([scopeOf(principal.grants, 'viewer'), filter]), () =>
      repositories.facets.ofGateways(filter, true),
    );

  app.get(
    '/fleet',
    {
      schema: {
        tags,
        operationId: 'countGateways',
        summary:
          'How many gateways there are, how they stand, and what they have; of all, or those that are asked for',
        querystring: FleetQuerySchema,
        response: { 200: FleetSchema, ...problems },
      },
      config: { role: 'viewer', scoped: true },
    },
    async (request) => {
      const { installed, nodes, protocols, failures, wanted, ...counts } =
        await request.repositories.fleet.counts(gatewayFilterOf(request.query));
      return {
        ...counts,
        installed: [...installed],
        nodes: [...nodes],
        protocols: [...protocols],
        failures: [...failures],
        wanted: wanted.map(({ requests, compliance, ...state }) => ({
          ...state,
          requests: [...requests],
          compliance: { ...compliance },
        })),
      };
    },
  );

  app.get(
    '/fleet/facets',
    {
      schema: {
        tags,
        operationId: 'facetGateways',
        summary: 'What to choose among in a list of gateways: what they have, most first, with numbers',
        description:
          'Of the whole fleet the numbers are kept, and told at once whatever its size; of a part of it, gateways are counted one by one, up to some thousand unless all are asked for.',
        querystring: FacetQuerySchema,
        response: { 200: GatewayFacetsSchema, ...problems },
      },
      config: { role: 'viewer', scoped: true },
    },
    async (request) => {
      const { all, ...query } = request.query;
      const filter = gatewayFilterOf(query);
      const few = () => request.repositories.facets.ofGateways(filter);
      const { facets, countedAt, ...counted } =
        all === 'true' ? ((await allOf(request, filter)) ?? (await few())) : await few();
      return {
        ...counted,
        countedAt: countedAt.toISOString(),
        facets: {
          state: [...facets.state],
          artifact: [...facets.artifact],
          node: [...facets.node],
          protocol: [...facets.protocol],
          label: facets.label.map(({ key, values }) => ({ key, values: [...values] })),
        },
      };
    },
  );

  app.get(
    '/fleet/history',
    {
      schema: {
        tags,
        operationId: 'showFleetHistory',
        summary: 'How the fleet stood and which versions it had, over time',
        querystring: HistoryQuerySchema,
        response: { 200: FleetHistorySchema, ...problems },
      },
      config: { role: 'viewer' },
    },
    async (request) => {
      const { from, to, artifact = null } = request.query;
      const end = to === undefined ? new Date() : new Date(to);
      const begin = from === undefined ? new Date(end.getTime() - weekMs) : new Date(from);
      const samples = await request.repositories.fleetSamples.list(
        { from: begin, to: end, artifact },
        { most: toldSamples, versions: toldVersions },
      );
      return {
        samples: samples.map(({ at, versions, conditions, gateways }) => ({
          at: at.toISOString(),
          gateways,
          conditions: { ...conditions },
          versions: [...versions],
        })),
      };
    },
  );
};
