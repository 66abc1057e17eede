import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { deliveryStates } from '../../domain/delivery/state.js';
import { LeonoreError } from '../../domain/errors.js';
import { rolloutInput } from '../../domain/orchestration.js';
import { selectRequested } from '../../services/select-requested.js';
import type { Rollout } from '../../repositories/rollout-repository.js';
import type { RouteOptions } from '../context.js';
import { IdempotencyHeadersSchema, requestIdentity } from '../idempotency.js';
import { pageOf } from '../paging.js';
import { RolloutViews } from '../rollout-view.js';
import { PageQuerySchema, PageSchema, problems, strict, UuidParamsSchema } from '../schemas/common.js';
import {
  DeliverySchema,
  NewRolloutSchema,
  RolloutSchema,
  RolloutSummarySchema,
} from '../schemas/resources.js';

const tags = ['rollouts'];
/** A gateway that pulls once an hour, and is switched off over night, still answers in time. */
const defaultDeadlineSeconds = 86_400;

const RolloutQuerySchema = Type.Object(
  { ...PageQuerySchema.properties, cursor: Type.Optional(UuidParamsSchema.properties.id) },
  strict,
);
const DeliveryQuerySchema = Type.Object(
  { ...PageQuerySchema.properties, state: Type.Optional(Type.Enum(deliveryStates)) },
  strict,
);

/** Rollouts: one request to provision artifacts to a deployment. */
export const rolloutRoutes: FastifyPluginAsyncTypebox<RouteOptions> = async (app, { context }) => {
  const { access, repositories, rolloutClient } = context;
  const { artifacts, deployments, members, rollouts, deliveries } = repositories;
  const views = new RolloutViews(rollouts, rolloutClient);

  app.post(
    '/rollouts',
    {
      schema: {
        tags,
        operationId: 'startRollout',
        summary: 'Provision artifacts to a deployment',
        headers: IdempotencyHeadersSchema,
        body: NewRolloutSchema,
        response: { 202: RolloutSummarySchema, ...problems },
      },
      onRequest: async (request) => access.require(request, 'operator'),
    },
    async (request, reply) => {
      const { requests, deployment, deadlineSeconds = defaultDeadlineSeconds } = request.body;
      const { balancer, allowRemove = false } = request.body;
      const wishes = {
        ...(balancer === undefined ? {} : { balancer }),
        ...(allowRemove ? { allowRemove } : {}),
      };
      const identity = requestIdentity(access, request, { requests, deployment, deadlineSeconds, ...wishes });
      const accepted = async (id: string) =>
        reply
          .code(202)
          .header('location', `/api/v1/rollouts/${id}`)
          .send(views.summary(await rollouts.get(id)));
      // First of all: what the request named may be gone by now.
      const known = await rollouts.ofKey(identity.idempotencyKey, identity.requestDigest);
      if (known !== null) return accepted(known);
      const selected = await selectRequested(artifacts, requests);
      const target = await deployments.get(deployment);
      await refuseEmpty(target);
      // Nothing is stored that could not be begun: while Temporal is away, the caller comes again.
      if (!(await rolloutClient.isReachable()))
        throw new LeonoreError('TEMPORAL_UNAVAILABLE', 'Temporal does not answer');
      const { id } = await rollouts.create({
        requests,
        deploymentId: target.id,
        options: { deadlineSeconds, ...wishes },
        ...identity,
      });
      await begin(id, selected);
      return accepted(id);
    },
  );

  app.get(
    '/rollouts',
    {
      schema: {
        tags,
        operationId: 'listRollouts',
        summary: 'All rollouts, newest first',
        querystring: RolloutQuerySchema,
        response: { 200: PageSchema(RolloutSummarySchema), ...problems },
      },
      onRequest: async (request) => access.require(request, 'viewer'),
    },
    async (request) => {
      const { limit, cursor } = pageOf(request.query);
      const page = await rollouts.list(limit, cursor);
      return { items: page.items.map((rollout) => views.summary(rollout)), nextCursor: page.nextCursor };
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
      onRequest: async (request) => access.require(request, 'viewer'),
    },
    async (request) => views.whole(request.params.id),
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
        response: { 200: PageSchema(DeliverySchema), ...problems },
      },
      onRequest: async (request) => access.require(request, 'viewer'),
    },
    async (request) => {
      const { id } = await rollouts.get(request.params.id);
      const { limit, cursor } = pageOf(request.query);
      const page = await deliveries.list(id, limit, cursor, request.query.state ?? null);
      const items = page.items.map((delivery) => ({
        ...delivery,
        updatedAt: delivery.updatedAt.toISOString(),
        endedAt: delivery.endedAt?.toISOString() ?? null,
      }));
      return { items, nextCursor: page.nextCursor };
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
      onRequest: async (request) => access.require(request, 'operator'),
    },
    async (request, reply) => {
      const { id } = request.params;
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

  async function refuseEmpty(deployment: {
    name: string;
    gatewayIds: readonly string[];
    selector: string | null;
  }): Promise<void> {
    if (await members.exist(deployment)) return;
    throw new LeonoreError('EMPTY_DEPLOYMENT', `the deployment "${deployment.name}" has no gateways now`);
  }

  /** The rollout is recorded: should Temporal fall away just now, the coordinator starts it, or ends it with the reason. */
  async function begin(id: Rollout['id'], selected: readonly string[]): Promise<void> {
    try {
      await rolloutClient.start(rolloutInput(await rollouts.get(id), selected));
      await rollouts.workflowStarted(id);
    } catch (error) {
      if (!(error instanceof LeonoreError)) throw error;
      app.log.warn(
        { rolloutId: id, code: error.code },
        'the rollout is recorded; its workflow will be started by the coordinator',
      );
    }
  }
};
