import { randomUUID } from 'node:crypto';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { toldEventTypes } from '../../domain/webhook/event-types.js';
import { webhookPlace, type Webhook, type WebhookDelivery } from '../../repositories/webhook-repository.js';
import { newWebhookSecret } from '../../trust/sign-webhook.js';
import type { RouteOptions } from '../context.js';
import { IdempotencyHeadersSchema, requestIdentity } from '../idempotency.js';
import { pageOf } from '../paging.js';
import { PageSchema, problems } from '../schemas/common.js';
import {
  NewWebhookSchema,
  RetryRequestSchema,
  RotateSecretRequestSchema,
  WebhookDeliveryParamsSchema,
  WebhookDeliveryQuerySchema,
  WebhookDeliverySchema,
  WebhookParamsSchema,
  WebhookRequestSchema,
  WebhookSchema,
} from '../schemas/webhooks.js';

const tags = ['webhooks'];
const daySeconds = 86_400;

/** Who is told of what happens: of the whole fleet, or of the part of it that whoever made the webhook is an admin of. */
export const webhookRoutes: FastifyPluginAsyncTypebox<RouteOptions> = async (app, { context }) => {
  const { secrets, webhookAddresses } = context;
  const { repeatedRequests } = context.repositories;

  app.post(
    '/webhooks',
    {
      schema: {
        tags,
        operationId: 'createWebhook',
        summary: 'Have somebody told of what happens; what requests are signed with is shown this once',
        headers: IdempotencyHeadersSchema,
        body: WebhookRequestSchema,
        response: { 201: NewWebhookSchema, ...problems },
      },
      config: { role: 'admin', scoped: true },
    },
    async (request, reply) => {
      const { webhooks } = request.repositories;
      const { name, url, events = toldEventTypes } = request.body;
      const identity = requestIdentity(request, { createWebhook: request.body });
      // What was asked before is answered, whatever may be reached by now.
      if ((await repeatedRequests.resultOf(identity)) === null) await webhookAddresses.check(url);
      const id = randomUUID();
      const secret = newWebhookSecret();
      const sealed = secrets.seal(secret, webhookPlace(id));
      const createdBy = request.principal.name;
      const { result, isNew } = await repeatedRequests.once(identity, async (tx) => {
        await webhooks.createIn(tx, { id, name, url, events, secret: sealed, createdBy });
        return name;
      });
      const webhook = toWire(await webhooks.get(result));
      return reply.code(201).send({ webhook, secret: isNew ? secret : null });
    },
  );

  app.get(
    '/webhooks',
    {
      schema: {
        tags,
        operationId: 'listWebhooks',
        summary: 'Webhooks by name; their secrets are not shown',
        response: { 200: Type.Object({ items: Type.Array(WebhookSchema) }), ...problems },
      },
      config: { role: 'admin', scoped: true },
    },
    async (request) => ({ items: (await request.repositories.webhooks.list()).map(toWire) }),
  );

  app.get(
    '/webhooks/:name',
    {
      schema: {
        tags,
        operationId: 'getWebhook',
        summary: 'One webhook, and how it stands',
        params: WebhookParamsSchema,
        response: { 200: WebhookSchema, ...problems },
      },
      config: { role: 'admin', scoped: true },
    },
    async (request) => toWire(await request.repositories.webhooks.get(request.params.name)),
  );

  app.delete(
    '/webhooks/:name',
    {
      schema: {
        tags,
        operationId: 'removeWebhook',
        summary: 'It is told nothing any more, nor what waits for it',
        params: WebhookParamsSchema,
        response: { 204: Type.Null(), ...problems },
      },
      config: { role: 'admin', scoped: true },
    },
    async (request, reply) => {
      await request.repositories.webhooks.remove(request.params.name);
      return reply.code(204).send(null);
    },
  );

  app.post(
    '/webhooks/:name/test',
    {
      schema: {
        tags,
        operationId: 'testWebhook',
        summary: 'Send it a message to try it by',
        params: WebhookParamsSchema,
        response: { 202: WebhookDeliverySchema, ...problems },
      },
      config: { role: 'admin', scoped: true },
    },
    async (request, reply) => {
      const { webhooks } = request.repositories;
      const { name } = request.params;
      const id = await webhooks.test(name, request.principal.name);
      return reply.code(202).send(deliveryToWire(await webhooks.delivery(name, id)));
    },
  );

  app.post(
    '/webhooks/:name/secret',
    {
      schema: {
        tags,
        operationId: 'rotateWebhookSecret',
        summary: 'Give it another secret, shown this once; the one before signs too for a while',
        params: WebhookParamsSchema,
        body: RotateSecretRequestSchema,
        response: { 200: NewWebhookSchema, ...problems },
      },
      config: { role: 'admin', scoped: true },
    },
    async (request) => {
      const { webhooks } = request.repositories;
      const { name } = request.params;
      const { overlapSeconds = daySeconds } = request.body;
      const secret = newWebhookSecret();
      await webhooks.rotate(name, (id) => secrets.seal(secret, webhookPlace(id)), overlapSeconds);
      return { webhook: toWire(await webhooks.get(name)), secret };
    },
  );

  app.get(
    '/webhooks/:name/deliveries',
    {
      schema: {
        tags,
        operationId: 'listWebhookDeliveries',
        summary: 'What it is to be told, and was; the latest first',
        params: WebhookParamsSchema,
        querystring: WebhookDeliveryQuerySchema,
        response: { 200: PageSchema(WebhookDeliverySchema), ...problems },
      },
      config: { role: 'admin', scoped: true },
    },
    async (request) => {
      const { state = null, ...paging } = request.query;
      const { limit, cursor } = pageOf(paging);
      const page = await request.repositories.webhooks.deliveries(request.params.name, state, limit, cursor);
      return { items: page.items.map(deliveryToWire), nextCursor: page.nextCursor };
    },
  );

  app.get(
    '/webhooks/:name/deliveries/:id',
    {
      schema: {
        tags,
        operationId: 'getWebhookDelivery',
        summary: 'One delivery, and what came of it',
        params: WebhookDeliveryParamsSchema,
        response: { 200: WebhookDeliverySchema, ...problems },
      },
      config: { role: 'admin', scoped: true },
    },
    async (request) => {
      const { name, id } = request.params;
      return deliveryToWire(await request.repositories.webhooks.delivery(name, id));
    },
  );

  app.post(
    '/webhooks/:name/retry',
    {
      schema: {
        tags,
        operationId: 'retryWebhook',
        summary: 'Try anew what was given up, as often as at first',
        params: WebhookParamsSchema,
        body: RetryRequestSchema,
        response: { 202: Type.Object({ retried: Type.Integer() }), ...problems },
      },
      config: { role: 'admin', scoped: true },
    },
    async (request, reply) => {
      const { deliveryIds = null } = request.body;
      const retried = await request.repositories.webhooks.retry(request.params.name, deliveryIds);
      return reply.code(202).send({ retried });
    },
  );
};

function toWire(webhook: Webhook) {
  const { name, url, createdBy, waiting, dead, dropped, failures } = webhook;
  return {
    ...{ name, url, events: [...webhook.events], createdBy, waiting, dead, dropped, failures },
    scopes: [...webhook.scopes],
    goneAt: webhook.goneAt?.toISOString() ?? null,
    createdAt: webhook.createdAt.toISOString(),
    restsUntil: webhook.restsUntil?.toISOString() ?? null,
    previousSecretUntil: webhook.previousUntil?.toISOString() ?? null,
  };
}

function deliveryToWire(delivery: WebhookDelivery) {
  const { id, type, data, occurredAt, state, attempts, dueAt, triedAt, status, problem } = delivery;
  return {
    ...{ id, type, data, state, attempts, status, problem },
    occurredAt: occurredAt.toISOString(),
    dueAt: dueAt?.toISOString() ?? null,
    triedAt: triedAt?.toISOString() ?? null,
  };
}
