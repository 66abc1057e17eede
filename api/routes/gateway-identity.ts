import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { issueClaimCode } from '../../connectivity/gateway-token.js';
import { Text } from '../../domain/text.js';
import type { NotedContest } from '../../repositories/contest-repository.js';
import type { RouteOptions } from '../context.js';
import { pageOf } from '../paging.js';
import { PageQuerySchema, PageSchema, problems, strict } from '../schemas/common.js';
import {
  ClaimCodesSchema,
  ContestSchema,
  ExpectedGatewaySchema,
  ExpectRequestSchema,
  LabelChangesSchema,
  ReadmissionRequestSchema,
  ReadmissionSchema,
} from '../schemas/identity.js';
import { GatewaySchema } from '../schemas/gateways.js';
import { gatewayOnWire } from './gateways.js';

const tags = ['gateways'];
const ParamsSchema = Type.Object({ id: Text(128) });
/** What is shown at once of what came under others' ids: the latest tell what goes on now. */
const contestsShown = 1_000;

/** Who a gateway is: approving, readmitting and expecting it, its labels, and who else came under its id. */
export const gatewayIdentityRoutes: FastifyPluginAsyncTypebox<RouteOptions> = async (app, { context }) => {
  const { wakePool } = context;
  const { expected } = context.repositories;

  app.get(
    '/contested-gateways',
    {
      schema: {
        tags,
        operationId: 'listContestedGateways',
        summary: `Refused registrations under ids of gateways, the latest ${contestsShown} first`,
        querystring: Type.Object({ gateway: Type.Optional(Text(128)) }, strict),
        response: { 200: Type.Object({ items: Type.Array(ContestSchema) }), ...problems },
      },
      config: { role: 'viewer', scoped: true },
    },
    async (request) => ({
      items: (await request.repositories.contests.list(contestsShown, request.query.gateway)).map(
        contestOnWire,
      ),
    }),
  );

  app.post(
    '/gateways/:id/approval',
    {
      schema: {
        tags,
        operationId: 'approveGateway',
        summary: 'Let a gateway in that waits for it',
        params: ParamsSchema,
        response: { 200: GatewaySchema, ...problems },
      },
      config: { role: 'operator', scoped: true },
    },
    async (request) => {
      const { id } = request.params;
      const { gateways } = request.repositories;
      await gateways.approve(id);
      wakePool();
      return gatewayOnWire(await gateways.get(id));
    },
  );

  app.post(
    '/gateways/:id/readmission',
    {
      schema: {
        tags,
        operationId: 'readmitGateway',
        summary: 'Let an id be enrolled anew: its key and token are forgotten, labels and values stay',
        params: ParamsSchema,
        body: ReadmissionRequestSchema,
        response: { 200: ReadmissionSchema, ...problems },
      },
      config: { role: 'admin', scoped: true },
    },
    async (request) => {
      const { id } = request.params;
      const { code = false, expiresInSeconds = null } = request.body;
      const claim = code ? issueClaimCode() : null;
      await request.repositories.gateways.readmit(
        id,
        claim === null ? null : { codeHash: claim.hash, expiresInSeconds },
      );
      return { id, claimCode: claim?.code ?? null };
    },
  );

  app.patch(
    '/gateways/:id/labels',
    {
      schema: {
        tags,
        operationId: 'changeGatewayLabels',
        summary: "Set and remove the operator's labels of a gateway, all or nothing",
        params: ParamsSchema,
        body: LabelChangesSchema,
        response: { 200: GatewaySchema, ...problems },
      },
      config: { role: 'operator', scoped: true },
    },
    async (request) => {
      const { set = {}, unset = [] } = request.body;
      const { gateways } = request.repositories;
      await gateways.changeLabels(request.params.id, { set, unset });
      return gatewayOnWire(await gateways.get(request.params.id));
    },
  );

  app.post(
    '/expected-gateways',
    {
      schema: {
        tags,
        operationId: 'expectGateways',
        summary: 'Register gateways before they come, all or none; with a claim code each, shown this once',
        body: ExpectRequestSchema,
        response: { 200: ClaimCodesSchema, ...problems },
      },
      config: { role: 'admin' },
    },
    async (request) => {
      const { codes = true, expiresInSeconds = null } = request.body;
      const claims = request.body.gateways.map((gateway) => ({
        gateway,
        claim: codes ? issueClaimCode() : null,
      }));
      await expected.expect(
        claims.map(({ gateway: { id, labels = {}, nodeId = null }, claim }) => ({
          gatewayId: id,
          labels,
          nodeId,
          codeHash: claim?.hash ?? null,
        })),
        expiresInSeconds,
      );
      return { items: claims.map(({ gateway: { id }, claim }) => ({ id, claimCode: claim?.code ?? null })) };
    },
  );

  app.get(
    '/expected-gateways',
    {
      schema: {
        tags,
        operationId: 'listExpectedGateways',
        summary: 'Gateways that are to come, by id',
        querystring: PageQuerySchema,
        response: { 200: PageSchema(ExpectedGatewaySchema), ...problems },
      },
      config: { role: 'viewer' },
    },
    async (request) => {
      const { limit, cursor } = pageOf(request.query);
      const { items, nextCursor } = await expected.list(limit, cursor);
      return {
        items: items.map(({ gatewayId, createdAt, expiresAt, ...rest }) => ({
          id: gatewayId,
          ...rest,
          createdAt: createdAt.toISOString(),
          expiresAt: expiresAt?.toISOString() ?? null,
        })),
        nextCursor,
      };
    },
  );

  app.delete(
    '/expected-gateways/:id',
    {
      schema: {
        tags,
        operationId: 'forgetExpectedGateway',
        summary: 'Expect a gateway no more; its claim code is void',
        params: ParamsSchema,
        response: { 204: Type.Null(), ...problems },
      },
      config: { role: 'admin' },
    },
    async (request, reply) => {
      await expected.forget(request.params.id);
      return reply.code(204).send(null);
    },
  );
};

function contestOnWire({ firstAt, lastAt, ...rest }: NotedContest) {
  return { ...rest, firstAt: firstAt.toISOString(), lastAt: lastAt.toISOString() };
}
