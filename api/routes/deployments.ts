import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type, { type Static } from 'typebox';
import { LeonoreError } from '../../domain/errors.js';
import { parseSelector } from '../../domain/selector/selector.js';
import type { Transaction } from '../../repositories/database.js';
import type { Deployment, DeploymentContent } from '../../repositories/deployment-repository.js';
import type { Repositories } from '../../repositories/repositories.js';
import type { RouteOptions } from '../context.js';
import { IdempotencyHeadersSchema, requestIdentity } from '../idempotency.js';
import { pageOf } from '../paging.js';
import { refuseUnknown } from '../read-target.js';
import { NameSchema, PageQuerySchema, PageSchema, problems } from '../schemas/common.js';
import { DeploymentContentSchema, DeploymentSchema, NewDeploymentSchema } from '../schemas/resources.js';

const tags = ['deployments'];

/** Deployments: named sets of gateways. */
export const deploymentRoutes: FastifyPluginAsyncTypebox<RouteOptions> = async (app, { context }) => {
  const { repeatedRequests } = context.repositories;

  app.post(
    '/deployments',
    {
      schema: {
        tags,
        operationId: 'createDeployment',
        summary: 'Name a set of gateways: a list, or a selector',
        headers: IdempotencyHeadersSchema,
        body: NewDeploymentSchema,
        response: { 201: DeploymentSchema, ...problems },
      },
      config: { role: 'operator', scoped: true },
    },
    async (request, reply) => {
      const { name, ...given } = request.body;
      const { deployments, gateways } = request.repositories;
      const identity = requestIdentity(request, { createDeployment: request.body });
      const answer = async (created: string) =>
        reply
          .code(201)
          .header('location', `/api/v1/deployments/${created}`)
          .send(toWire(await deployments.get(created)));
      const known = await repeatedRequests.resultOf(identity);
      if (known !== null) return answer(known);
      const content = await readContent(given, gateways);
      const create = async (tx: Transaction) => (await deployments.create(name, content, tx)).name;
      return answer((await repeatedRequests.once(identity, create)).result);
    },
  );

  app.put(
    '/deployments/:name',
    {
      schema: {
        tags,
        operationId: 'changeDeployment',
        summary: 'Other gateways under the same name; rollouts whose gateways are resolved keep theirs',
        params: Type.Object({ name: NameSchema }),
        body: DeploymentContentSchema,
        response: { 200: DeploymentSchema, ...problems },
      },
      config: { role: 'operator', scoped: true },
    },
    async (request) => {
      const { deployments, gateways } = request.repositories;
      const content = await readContent(request.body, gateways);
      return toWire(await deployments.change(request.params.name, content));
    },
  );

  app.delete(
    '/deployments/:name',
    {
      schema: {
        tags,
        operationId: 'removeDeployment',
        summary: 'Forget the name of a set of gateways; refused while something needs it',
        params: Type.Object({ name: NameSchema }),
        response: { 204: Type.Null(), ...problems },
      },
      config: { role: 'operator', scoped: true },
    },
    async (request, reply) => {
      await request.repositories.deployments.remove(request.params.name);
      return reply.code(204).send(null);
    },
  );

  app.get(
    '/deployments',
    {
      schema: {
        tags,
        operationId: 'listDeployments',
        summary: 'All deployments, by name',
        querystring: PageQuerySchema,
        response: { 200: PageSchema(DeploymentSchema), ...problems },
      },
      config: { role: 'viewer', scoped: true },
    },
    async (request) => {
      const { limit, cursor } = pageOf(request.query);
      const page = await request.repositories.deployments.list(limit, cursor);
      return { items: page.items.map(toWire), nextCursor: page.nextCursor };
    },
  );

  app.get(
    '/deployments/:name',
    {
      schema: {
        tags,
        operationId: 'showDeployment',
        summary: 'One deployment, and how many gateways it has now',
        params: Type.Object({ name: NameSchema }),
        response: {
          200: Type.Object({
            ...DeploymentSchema.properties,
            gateways: Type.Integer({ description: 'Gateways it has now' }),
          }),
          ...problems,
        },
      },
      config: { role: 'viewer', scoped: true },
    },
    async (request) => {
      const { deployments, members } = request.repositories;
      const deployment = await deployments.get(request.params.name);
      return {
        ...toWire(deployment),
        gateways: await members.count({ deployment: deployment.name }),
      };
    },
  );
};

/** @throws LeonoreError MALFORMED_INPUT; GATEWAY_NOT_FOUND */
async function readContent(
  { gatewayIds, select, mode }: Static<typeof DeploymentContentSchema>,
  gateways: Repositories['gateways'],
): Promise<DeploymentContent> {
  if ((gatewayIds === undefined) === (select === undefined)) {
    throw new LeonoreError('MALFORMED_INPUT', 'give either gatewayIds or select');
  }
  if (select !== undefined) {
    parseSelector(select);
    return { gatewayIds: [], selector: select, ...(mode === undefined ? {} : { mode }) };
  }
  if (mode === 'live') {
    throw new LeonoreError('MALFORMED_INPUT', 'gateways that are named one by one are frozen, never live');
  }
  const ids = [...new Set(gatewayIds)];
  await refuseUnknown(gateways, ids);
  return { gatewayIds: ids, selector: null };
}

function toWire({ name, gatewayIds, selector, mode, createdAt }: Deployment) {
  return { name, gatewayIds: [...gatewayIds], select: selector, mode, createdAt: createdAt.toISOString() };
}
