import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type, { type Static } from 'typebox';
import { LeonoreError } from '../../domain/errors.js';
import { wholeGatewayActions } from '../../domain/order/ordered-action.js';
import { planUninstallation } from '../../domain/order/uninstallation.js';
import type { OrderMember } from '../../repositories/delivery/delivery-writer.js';
import { Text } from '../../domain/text.js';
import type { Member } from '../../repositories/deployment-members.js';
import type { GatewayOrder } from '../../repositories/order-repository.js';
import type { Repositories } from '../../repositories/repositories.js';
import { repositoriesAs } from '../admission.js';
import { refuseUnknown } from '../read-target.js';
import type { RouteOptions } from '../context.js';
import { IdempotencyHeadersSchema, requestIdentity } from '../idempotency.js';
import { pageOf } from '../paging.js';
import { PageQuerySchema, PageSchema, problems, strict, UuidParamsSchema } from '../schemas/common.js';
import {
  GatewayOrderSchema,
  NewOrderSchema,
  OrderAnswerSchema,
  OrderPreviewSchema,
} from '../schemas/orders.js';

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

/**
 * Orders: uninstall, start or stop an artifact on the gateways that have it, wipe gateways of all they have, or ask for
 * their profiles.
 */
export const orderRoutes: FastifyPluginAsyncTypebox<RouteOptions> = async (app, { context }) => {
  const { repeatedRequests } = context.repositories;

  app.post(
    '/orders',
    {
      schema: {
        tags,
        operationId: 'giveOrder',
        summary:
          'Uninstall, start or stop an artifact on the gateways that have it, wipe gateways, or ask for their profiles',
        headers: IdempotencyHeadersSchema,
        body: NewOrderSchema,
        response: { 202: OrderAnswerSchema, ...problems },
      },
      config: { role: 'operator', scoped: true },
    },
    async (request, reply) => {
      const { action, artifact = '', deadlineSeconds = defaultDeadlineSeconds } = request.body;
      // As with a gateway that is taken out of service: nothing of what it keeps comes back.
      const repositories = action === 'wipe' ? repositoriesAs(request, 'admin') : request.repositories;
      const { orders } = repositories;
      const identity = requestIdentity(request, { ...request.body, deadlineSeconds });
      const answer = (
        { id, gateways }: { id: string; gateways: number },
        also: Record<string, number> = {},
      ) => reply.code(202).header('location', `/api/v1/orders?order=${id}`).send({ id, gateways, also });
      // First of all: what the request named may be gone by now, and the answer is what was begun.
      const known = await repeatedRequests.resultOf(identity);
      if (known !== null) return answer({ id: known, gateways: await orders.size(known) });
      checkOrder(request.body);
      const members = await orderMembers(repositories, request.body);
      const createdBy = request.principal.name;
      const order = { action, artifact, deadlineSeconds, createdBy, ...identity };
      return answer(await orders.add(order, members), countedNames(members));
    },
  );

  app.post(
    '/orders/preview',
    {
      schema: {
        tags,
        operationId: 'previewOrder',
        summary: 'Say what an order would do, without giving it',
        body: NewOrderSchema,
        response: { 200: OrderPreviewSchema, ...problems },
      },
      config: { role: 'viewer', scoped: true, changesNothing: true },
    },
    async (request) => {
      checkOrder(request.body);
      const members = await orderMembers(request.repositories, request.body);
      return { gateways: members.length, also: countedNames(members) };
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
      config: { role: 'viewer', scoped: true },
    },
    async (request) => {
      const { order, gateway, ...paging } = request.query;
      const { limit, cursor } = pageOf(paging);
      const page = await request.repositories.orders.list(
        { orderId: order, gatewayId: gateway },
        limit,
        cursor,
      );
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
      config: { role: 'operator', scoped: true },
    },
    async (request) => ({ cancelled: await request.repositories.orders.cancel(request.params.id) }),
  );
};

/** What an order is on each gateway that it is about. @throws LeonoreError when it is about none, or must not be given */
async function orderMembers(
  repositories: Repositories,
  order: Static<typeof NewOrderSchema>,
): Promise<OrderMember[]> {
  const having = await gatewaysThatHave(repositories, order);
  if (order.action !== 'uninstall') {
    return having.map(({ id }) => ({ gatewayId: id, startState: null, changes: {} }));
  }
  return uninstallations(repositories, having, order.artifact ?? '', order.keepData);
}

/**
 * The gateways meant, without those that have not got the artifact: there is nothing to do for them.
 * @throws LeonoreError when nobody has it
 */
async function gatewaysThatHave(
  { members, gateways }: Repositories,
  { artifact, deployment, gatewayIds }: Static<typeof NewOrderSchema>,
): Promise<Member[]> {
  if ((deployment === undefined) === (gatewayIds === undefined)) {
    throw new LeonoreError('MALFORMED_INPUT', 'give either gatewayIds or deployment');
  }
  if (gatewayIds !== undefined) await refuseUnknown(gateways, [...new Set(gatewayIds)]);
  const target = deployment === undefined ? { gateways: gatewayIds ?? [] } : { deployment };
  const having: Member[] = [];
  for await (const page of members.pages(target, artifact)) having.push(...page);
  if (having.length === 0 && artifact !== undefined) {
    throw new LeonoreError('ARTIFACT_NOT_FOUND', `${artifact} is installed on none of these gateways`);
  }
  return having;
}

/** @throws LeonoreError MALFORMED_INPUT when the parts of an order do not go together */
function checkOrder({ action, artifact, keepData, deployment }: Static<typeof NewOrderSchema>): void {
  if (wholeGatewayActions.includes(action) !== (artifact === undefined)) {
    throw new LeonoreError(
      'MALFORMED_INPUT',
      `name an artifact, but for ${wholeGatewayActions.join(' and ')}`,
    );
  }
  if (action === 'wipe' && deployment !== undefined) {
    throw new LeonoreError('MALFORMED_INPUT', 'gateways that are to be wiped are named one by one');
  }
  if (keepData !== undefined && action !== 'uninstall') {
    throw new LeonoreError('MALFORMED_INPUT', 'keepData belongs to uninstall');
  }
}

/**
 * What an uninstallation is on each gateway, meant for the state that the gateway named last. An order must not break
 * what stays: the whole of it is refused.
 * @throws LeonoreError ARTIFACT_NEEDED
 */
async function uninstallations(
  { artifacts }: Repositories,
  gateways: readonly Member[],
  artifact: string,
  keepData: boolean | undefined,
): Promise<OrderMember[]> {
  const names = gateways.flatMap(({ profile }) => (profile.installed ?? []).map(({ name }) => name));
  const catalog = await artifacts.loadCatalog([...new Set(names)]);
  return gateways.map(({ id, profile }) => {
    const planned = planUninstallation(profile, artifact, ({ name, version }) =>
      catalog.versionsOf(name).find((manifest) => manifest.version === version),
    );
    if ('neededBy' in planned) {
      throw new LeonoreError('ARTIFACT_NEEDED', `${planned.neededBy} on gateway "${id}" needs ${artifact}`, {
        gatewayId: id,
        neededBy: planned.neededBy,
      });
    }
    const also = planned.also.length === 0 ? {} : { also: [...planned.also] };
    return {
      gatewayId: id,
      startState: profile.state?.digest ?? null,
      changes: { ...also, ...(keepData === undefined ? {} : { keepData }) },
    };
  });
}

function countedNames(members: readonly OrderMember[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const { changes } of members) {
    for (const name of changes.also ?? []) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return Object.fromEntries([...counts].sort());
}

function toWire(part: GatewayOrder): Static<typeof GatewayOrderSchema> {
  const { orderId, gatewayId, action, artifact, state, error, createdBy } = part;
  return {
    order: orderId,
    gatewayId,
    action,
    artifact,
    state,
    error,
    createdBy,
    createdAt: part.createdAt.toISOString(),
    deadlineAt: part.deadlineAt.toISOString(),
    endedAt: part.endedAt?.toISOString() ?? null,
  };
}
