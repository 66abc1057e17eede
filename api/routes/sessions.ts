import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { LeonoreError } from '../../domain/errors.js';
import type { RouteOptions } from '../context.js';
import { problems, UuidParamsSchema } from '../schemas/common.js';
import { SessionSchema } from '../schemas/sign-in.js';

const tags = ['sign-in'];

/** Sessions of people who signed in: each ends his own, admins see and end all. */
export const sessionRoutes: FastifyPluginAsyncTypebox<RouteOptions> = async (app, { context }) => {
  const { access, signIn } = context;
  const { sessions } = context.repositories;

  app.delete(
    '/session',
    {
      schema: {
        tags,
        operationId: 'signOut',
        summary: 'End the session that the request is sent in',
        response: { 204: Type.Null(), ...problems },
      },
      config: { role: 'viewer', scoped: true },
    },
    async (request, reply) => {
      const id = access.sessionOf(request);
      if (id === null)
        throw new LeonoreError(
          'SESSION_NOT_FOUND',
          'a token that an admin made is revoked, and not signed out',
        );
      await sessions.end(id);
      if (signIn !== null) reply.header('set-cookie', signIn.cookies.ofNoSession());
      return reply.code(204).send(null);
    },
  );

  app.get(
    '/sessions',
    {
      schema: {
        tags,
        operationId: 'listSessions',
        summary: 'Who is signed in, the latest first',
        response: { 200: Type.Object({ items: Type.Array(SessionSchema) }), ...problems },
      },
      config: { role: 'admin' },
    },
    async () => ({
      items: (await sessions.list()).map(({ groups, createdAt, lastUsedAt, expiresAt, ...session }) => ({
        ...session,
        grants: signIn?.sessions.grantsOf(groups) ?? [],
        createdAt: createdAt.toISOString(),
        lastUsedAt: lastUsedAt.toISOString(),
        expiresAt: expiresAt.toISOString(),
      })),
    }),
  );

  app.delete(
    '/sessions/:id',
    {
      schema: {
        tags,
        operationId: 'revokeSession',
        summary: 'It is void at once, for streams too that are open',
        params: UuidParamsSchema,
        response: { 204: Type.Null(), ...problems },
      },
      config: { role: 'admin' },
    },
    async (request, reply) => {
      await sessions.end(request.params.id);
      return reply.code(204).send(null);
    },
  );
};
