import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type, { type Static } from 'typebox';
import { LeonoreError } from '../../domain/errors.js';
import { Text } from '../../domain/text.js';
import { neededBy } from '../../domain/order/needed-by.js';
import type { Member } from '../../repositories/deployment-members.js';
import type { GatewayOrder } from '../../repositories/order-repository.js';
import type { Repositories } from '../../repositories/repositories.js';
import type { RouteOptions } from '../context.js';
import { IdempotencyHeadersSchema, requestIdentity } from '../idempotency.js';
import { pageOf } from '../paging.js';
import { PageQuerySchema, PageSchema, problems, strict, UuidParamsSchema } from '../schemas/common.js';
import { GatewayOrderSchema, NewOrderSchema, OrderAnswerSchema } from '../schemas/orders.js';

const tags = ['orders'];
/** As for rollouts: a gateway that is switched off over night still answers in time. */
const defaultDeadlineSeconds = 86_400;

const OrderQuerySchema = Type.Object(
  {
    ...PageQuerySchema.properties,
    order: Type.Optional(UuidParamsSchema.properties.id),
    gateway: Type.Optional(Text(128)),
  },
  strict,
);

/** Orders: uninstall, start or stop an artifact on the gateways that have it. */
export const orderRoutes: FastifyPluginAsyncTypebox<RouteOptions> = async (app, { context }) => {
  const { access, repositories } = context;
  const { orders } = repositories;

  app.post(
    '/orders',
    {
      schema: {
        tags,
        operationId: 'giveOrder',
        summary: 'Uninstall, start or stop an artifact on the gateways that have it',
        headers: IdempotencyHeadersSchema,
        body: NewOrderSchema,
        response: { 202: OrderAnswerSchema, ...problems },
      },
      onRequest: async (request) => access.require(request, 'operator'),
    },
    async (request, reply) => {
      const { action, artifact, deadlineSeconds = defaultDeadlineSeconds } = request.body;
      const identity = requestIdentity(access, request, { ...request.body, deadlineSeconds });
      const answer = ({ id, gateways }: { id: string; gateways: number }) =>
        reply.code(202).header('location', `/api/v1/orders?order=${id}`).send({ id, gateways });
      // First of all: what the request named may be gone by now.
      const known = await repositories.rollouts.ofKey(identity.idempotencyKey, identity.requestDigest);
      if (known !== null) return answer({ id: known, gateways: await orders.size(known) });
      const having = await gatewaysThatHave(repositories, request.body);
      if (action === 'uninstall') await refuseIfNeeded(repositories, having, artifact);
      return answer(
        await orders.add(
          { action, artifact, deadlineSeconds, ...identity },
          having.map(({ id }) => id),
        ),
      );
    },
  );

  app.get(
    '/orders',
    {
      schema: {
        tags,
        operationId: 'listOrders',
        summary:
          "What gateways were ordered to do and what came of it, one item a gateway's part, oldest first",
        querystring: OrderQuerySchema,
        response: { 200: PageSchema(GatewayOrderSchema), ...problems },
      },
      onRequest: async (request) => access.require(request, 'viewer'),
    },
    async (request) => {
      const { order, gateway, ...paging } = request.query;
      const { limit, cursor } = pageOf(paging);
      const page = await orders.list({ orderId: order, gatewayId: gateway }, limit, cursor);
      return { items: page.items.map(toWire), nextCursor: page.nextCursor };
    },
  );

  app.post(
    '/orders/:id/cancel',
    {
      schema: {
        tags,
        operationId: 'cancelOrder',
        summary: 'Withdraw an order from the gateways that have not begun with it',
        params: UuidParamsSchema,
        response: {
          200: Type.Object({
            cancelled: Type.Integer({ description: 'Gateways that it was withdrawn from' }),
          }),
          ...problems,
        },
      },
      onRequest: async (request) => access.require(request, 'operator'),
    },
    async (request) => ({ cancelled: await orders.cancel(request.params.id) }),
  );
};

/**
 * The gateways meant, without those that have not got the artifact: there is nothing to do for them.
 * @throws LeonoreError when nobody has it
 */
async function gatewaysThatHave(
  { deployments, members, gateways }: Repositories,
  { artifact, deployment, gatewayIds }: Static<typeof NewOrderSchema>,
): Promise<Member[]> {
  if ((deployment === undefined) === (gatewayIds === undefined)) {
    throw new LeonoreError('MALFORMED_INPUT', 'give either gatewayIds or deployment');
  }
  if (gatewayIds !== undefined) {
    const [unknown] = await gateways.unknownAmong([...new Set(gatewayIds)]);
    if (unknown !== undefined) {
      throw new LeonoreError('GATEWAY_NOT_FOUND', `there is no gateway "${unknown}"`);
    }
  }
  const target =
    deployment === undefined
      ? { gatewayIds: gatewayIds ?? [], selector: null }
      : await deployments.get(deployment);
  const having: Member[] = [];
  for await (const page of members.pages(target, artifact)) having.push(...page);
  if (having.length === 0) {
    throw new LeonoreError('ARTIFACT_NOT_FOUND', `${artifact} is installed on none of these gateways`);
  }
  return having;
}

/** An order to uninstall must not break what stays: the whole of it is refused. */
async function refuseIfNeeded(
  { artifacts }: Repositories,
  gateways: readonly Member[],
  artifact: string,
): Promise<void> {
  const names = gateways.flatMap(({ profile }) => (profile.installed ?? []).map(({ name }) => name));
  const catalog = await artifacts.loadCatalog([...new Set(names)]);
  for (const { id, profile } of gateways) {
    const needing = neededBy(profile, artifact, ({ name, version }) =>
      catalog.versionsOf(name).find((manifest) => manifest.version === version),
    );
    if (needing !== null) {
      throw new LeonoreError('ARTIFACT_NEEDED', `${needing} on gateway "${id}" needs ${artifact}`, {
        gatewayId: id,
        neededBy: needing,
      });
    }
  }
}

function toWire(part: GatewayOrder): Static<typeof GatewayOrderSchema> {
  const { orderId, gatewayId, action, artifact, state, error } = part;
  return {
    order: orderId,
    gatewayId,
    action,
    artifact,
    state,
    error,
    createdAt: part.createdAt.toISOString(),
    deadlineAt: part.deadlineAt.toISOString(),
    endedAt: part.endedAt?.toISOString() ?? null,
  };
}
