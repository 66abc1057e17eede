import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { deliveryStates } from '../../domain/delivery/state.js';
import { LeonoreError } from '../../domain/errors.js';
import { rolloutInput } from '../../domain/orchestration.js';
import { RolloutState } from '../../domain/rollout/state.js';
import { emptyTargetText } from '../../domain/rollout/target.js';
import { Text } from '../../domain/text.js';
import { selectRequested } from '../../services/select-requested.js';
import type { Rollout } from '../../repositories/rollout-repository.js';
import { deliveryFilterProperties } from '../delivery-query.js';
import { deliveryFacetsOnWire, deliveryOnWire, gatewayDeliveryOnWire } from '../delivery-view.js';
import type { RouteOptions } from '../context.js';
import { IdempotencyHeadersSchema, requestIdentity } from '../idempotency.js';
import { pageOf } from '../paging.js';
import { readTarget } from '../read-target.js';
import { RolloutViews } from '../rollout-view.js';
import { PageQuerySchema, PageSchema, problems, strict, UuidParamsSchema } from '../schemas/common.js';
import { DeliveryFacetsSchema, ListedDeliverySchema } from '../schemas/deliveries.js';
import {
  GatewayDeliverySchema,
  NewRolloutSchema,
  RolloutSchema,
  RolloutSummarySchema,
} from '../schemas/resources.js';
import {
  workFacetsOnWire,
  WorkFacetsSchema,
  workFilterOf,
  workFilterProperties,
  workSortProperties,
} from '../work-query.js';

const tags = ['rollouts'];
const PartParamsSchema = Type.Object({ id: UuidParamsSchema.properties.id, gateway: Text(128) });
/** A gateway that pulls once an hour, and is switched off over night, still answers in time. */
const defaultDeadlineSeconds = 86_400;

const rolloutFilterProperties = {
  ...workFilterProperties,
  state: Type.Optional(Type.Enum(Object.values(RolloutState))),
  campaign: Type.Optional(UuidParamsSchema.properties.id),
};
const RolloutFilterSchema = Type.Object(rolloutFilterProperties, strict);
const RolloutQuerySchema = Type.Object(
  {
    ...PageQuerySchema.properties,
    cursor: Type.Optional(UuidParamsSchema.properties.id),
    ...rolloutFilterProperties,
    ...workSortProperties,
  },
  strict,
);
const DeliveryQuerySchema = Type.Object(
  {
    ...PageQuerySchema.properties,
    ...deliveryFilterProperties,
    state: Type.Optional(Type.Enum(deliveryStates)),
  },
  strict,
);

/** Rollouts: one request to provision artifacts to a deployment, or to gateways that are named in another way. */
export const rolloutRoutes: FastifyPluginAsyncTypebox<RouteOptions> = async (app, { context }) => {
  const { rolloutClient, workflowAddress } = context;
  const { artifacts, repeatedRequests } = context.repositories;
  const views = new RolloutViews(rolloutClient, workflowAddress);

  app.post(
    '/rollouts',
    {
      schema: {
        tags,
        operationId: 'startRollout',
        summary: 'Provision artifacts to a deployment, to gateways, or to all that a selector matches',
        headers: IdempotencyHeadersSchema,
        body: NewRolloutSchema,
        response: { 202: RolloutSummarySchema, ...problems },
      },
      config: { role: 'operator', scoped: true },
    },
    async (request, reply) => {
      const { repositories } = request;
      const { members, rollouts } = repositories;
      const { requests, deployment, gateways, select, ...given } = request.body;
      const { deadlineSeconds = defaultDeadlineSeconds, balancer } = given;
      const { allowRemove = false, allowDowngrade = false } = given;
      const named = {
        ...(deployment === undefined ? {} : { deployment }),
        ...(gateways === undefined ? {} : { gateways }),
        ...(select === undefined ? {} : { select }),
      };
      const wishes = {
        ...(balancer === undefined ? {} : { balancer }),
        ...(allowRemove ? { allowRemove } : {}),
        ...(allowDowngrade ? { allowDowngrade } : {}),
      };
      const identity = requestIdentity(request, { requests, ...named, deadlineSeconds, ...wishes });
      const accepted = async (id: string) =>
        reply
          .code(202)
          .header('location', `/api/v1/rollouts/${id}`)
          .send(views.summary(await rollouts.get(id)));
      // First of all: what the request named may be gone by now.
      const known = await repeatedRequests.resultOf(identity);
      if (known !== null) return accepted(known);
      const selected = await selectRequested(artifacts, requests);
      const target = await readTarget(repositories, named);
      if (!(await members.exist(target))) throw new LeonoreError('EMPTY_DEPLOYMENT', emptyTargetText(target));
      // Nothing is stored that could not be begun: while Temporal is away, the caller comes again.
      if (!(await rolloutClient.isReachable()))
        throw new LeonoreError('TEMPORAL_UNAVAILABLE', 'Temporal does not answer');
      const { id } = await rollouts.create({
        requests,
        target,
        options: { deadlineSeconds, ...wishes },
        createdBy: request.principal.name,
        ...identity,
      });
      await begin(await rollouts.get(id), selected);
      return accepted(id);
    },
  );

  app.get(
    '/rollouts',
    {
      schema: {
        tags,
        operationId: 'listRollouts',
        summary: 'Rollouts, newest first or as they are sorted: all, or those that are asked for',
        querystring: RolloutQuerySchema,
        response: { 200: PageSchema(RolloutSummarySchema), ...problems },
      },
      config: { role: 'viewer', scoped: true },
    },
    async (request) => {
      const { limit, cursor } = pageOf(request.query);
      const filter = { ...workFilterOf(request.query), campaignId: request.query.campaign };
      const page = await request.repositories.rollouts.list(limit, cursor, filter);
      return { items: page.items.map((rollout) => views.summary(rollout)), nextCursor: page.nextCursor };
    },
  );

  app.get(
    '/rollouts/facets',
    {
      schema: {
        tags,
        operationId: 'facetRollouts',
        summary: 'What to choose among in a list of rollouts, with numbers',
        querystring: RolloutFilterSchema,
        response: { 200: WorkFacetsSchema, ...problems },
      },
      config: { role: 'viewer', scoped: true },
    },
    async (request) => {
      const filter = { ...workFilterOf(request.query), campaignId: request.query.campaign };
      return workFacetsOnWire(await request.repositories.rollouts.facets(filter));
    },
  );

  app.get(
    '/rollouts/:id',
    {
      schema: {
        tags,
        operationId: 'showRollout',
        summary: 'One rollout: counts, steps, groups',
        params: UuidParamsSchema,
        response: { 200: RolloutSchema, ...problems },
      },
      config: { role: 'viewer', scoped: true },
    },
    async (request) => views.whole(request.repositories.rollouts, request.params.id),
  );

  app.get(
    '/rollouts/:id/deliveries',
    {
      schema: {
        tags,
        operationId: 'listDeliveries',
        summary: "Each gateway's part in a rollout",
        params: UuidParamsSchema,
        querystring: DeliveryQuerySchema,
        response: { 200: PageSchema(ListedDeliverySchema), ...problems },
      },
      config: { role: 'viewer', scoped: true },
    },
    async (request) => {
      const { rollouts, deliveryLists } = request.repositories;
      const { id } = await rollouts.get(request.params.id);
      const { limit, cursor } = pageOf(request.query);
      const { select, text, node, state, class: errorClass, reason } = request.query;
      const filter = { select, text, nodeId: node, state, errorClass, reason };
      const page = await deliveryLists.ofRollout(id, limit, cursor, filter);
      return { items: page.items.map(deliveryOnWire), nextCursor: page.nextCursor };
    },
  );

  app.get(
    '/rollouts/:id/facets',
    {
      schema: {
        tags,
        operationId: 'facetDeliveries',
        summary: 'Deliveries of a rollout by state, and those that ended badly by class, node and reason',
        params: UuidParamsSchema,
        response: { 200: DeliveryFacetsSchema, ...problems },
      },
      config: { role: 'viewer', scoped: true },
    },
    async (request) => {
      const { rollouts, deliveryLists } = request.repositories;
      const { id } = await rollouts.get(request.params.id);
      return deliveryFacetsOnWire(await deliveryLists.facetsOfRollout(id));
    },
  );

  app.get(
    '/rollouts/:id/deliveries/:gateway',
    {
      schema: {
        tags,
        operationId: 'showDelivery',
        summary: "One gateway's part in a rollout: what came of it, why, and all that happened to it",
        params: PartParamsSchema,
        response: { 200: GatewayDeliverySchema, ...problems },
      },
      config: { role: 'viewer', scoped: true },
    },
    async (request) => {
      const { id, gateway } = request.params;
      return gatewayDeliveryOnWire(await request.repositories.gatewayHistory.delivery(id, gateway));
    },
  );

  app.post(
    '/rollouts/:id/cancel',
    {
      schema: {
        tags,
        operationId: 'cancelRollout',
        summary: 'Stop what no gateway has begun to install',
        params: UuidParamsSchema,
        response: { 202: RolloutSummarySchema, ...problems },
      },
      config: { role: 'operator', scoped: true },
    },
    async (request, reply) => {
      const { id } = request.params;
      const { rollouts } = request.repositories;
      // The wish is stored with what reads it; the workflow is only woken, and looks by itself if that fails.
      await rollouts.requestCancel(id);
      await rolloutClient.cancel(id).catch((error: unknown) => {
        if (!(error instanceof LeonoreError)) throw error;
        app.log.warn(
          { rolloutId: id, code: error.code },
          'the rollout was not woken to be cancelled; it will look',
        );
      });
      return reply.code(202).send(views.summary(await rollouts.get(id)));
    },
  );

  /** The rollout is recorded: should Temporal fall away just now, the coordinator starts it, or ends it with the reason. */
  async function begin(rollout: Rollout, selected: readonly string[]): Promise<void> {
    const { id } = rollout;
    try {
      await rolloutClient.start(rolloutInput(rollout, selected));
      await context.repositories.rollouts.workflowStarted(id);
    } catch (error) {
      if (!(error instanceof LeonoreError)) throw error;
      app.log.warn(
        { rolloutId: id, code: error.code },
        'the rollout is recorded; its workflow will be started by the coordinator',
      );
    }
  }
};
