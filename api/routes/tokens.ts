import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { parseScope } from '../../domain/access/scope.js';
import type { ManagementToken } from '../../repositories/token-repository.js';
import type { RouteOptions } from '../context.js';
import { IdempotencyHeadersSchema, requestIdentity } from '../idempotency.js';
import { issueManagementToken } from '../management-token.js';
import { NameSchema, problems } from '../schemas/common.js';
import { NewTokenSchema, TokenRequestSchema, TokenSchema, WhoamiSchema } from '../schemas/tokens.js';

const tags = ['tokens'];

/** Tokens of people and services: who they are, what they may do, and for which gateways. */
export const tokenRoutes: FastifyPluginAsyncTypebox<RouteOptions> = async (app, { context }) => {
  const { tokens, repeatedRequests } = context.repositories;

  app.post(
    '/tokens',
    {
      schema: {
        tags,
        operationId: 'createToken',
        summary: 'Make a token for a person or a service; it is shown this once',
        headers: IdempotencyHeadersSchema,
        body: TokenRequestSchema,
        response: { 201: NewTokenSchema, ...problems },
      },
      config: { role: 'admin' },
    },
    async (request, reply) => {
      const { name, expiresInSeconds = null } = request.body;
      const identity = requestIdentity(request, { createToken: request.body });
      const grants = request.body.grants.map(({ role, scope = null }) => {
        if (scope !== null) parseScope(scope);
        return { role, scope };
      });
      const { id, token, hash } = issueManagementToken('lmt');
      const createdBy = request.principal.name;
      const { result, isNew } = await repeatedRequests.once(identity, async (tx) => {
        await tokens.createIn(tx, { id, name, tokenHash: hash, grants, createdBy, expiresInSeconds });
        return name;
      });
      return reply.code(201).send({ token: toWire(await tokens.get(result)), secret: isNew ? token : null });
    },
  );

  app.get(
    '/whoami',
    {
      schema: {
        tags,
        operationId: 'whoami',
        summary: 'Whose token is sent, and what it may do',
        response: { 200: WhoamiSchema, ...problems },
      },
      config: { role: 'viewer', scoped: true },
    },
    async ({ principal: { name, grants } }) => ({ name, grants: [...grants] }),
  );

  app.get(
    '/tokens',
    {
      schema: {
        tags,
        operationId: 'listTokens',
        summary: 'All tokens, by name; what is sent as bearer token is not shown',
        response: { 200: Type.Object({ items: Type.Array(TokenSchema) }), ...problems },
      },
      config: { role: 'admin' },
    },
    async () => ({ items: (await tokens.list()).map(toWire) }),
  );

  app.delete(
    '/tokens/:name',
    {
      schema: {
        tags,
        operationId: 'revokeToken',
        summary: 'It is void at once, for streams too that are open',
        params: Type.Object({ name: NameSchema }),
        response: { 204: Type.Null(), ...problems },
      },
      config: { role: 'admin' },
    },
    async (request, reply) => {
      await tokens.revoke(request.params.name);
      return reply.code(204).send(null);
    },
  );
};

function toWire({ name, grants, createdBy, createdAt, expiresAt, lastUsedAt }: ManagementToken) {
  return {
    name,
    grants: [...grants],
    createdBy,
    createdAt: createdAt.toISOString(),
    expiresAt: expiresAt?.toISOString() ?? null,
    lastUsedAt: lastUsedAt?.toISOString() ?? null,
  };
}
