import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { LeonoreError } from '../../domain/errors.js';
import type { RouteOptions } from '../context.js';
import { pageOf } from '../paging.js';
import { AuditEntrySchema, AuditQuerySchema } from '../schemas/audit.js';
import { PageSchema, problems } from '../schemas/common.js';

/** Who changed what. */
export const auditRoutes: FastifyPluginAsyncTypebox<RouteOptions> = async (app, { context }) => {
  const { audit } = context.repositories;

  app.get(
    '/audit',
    {
      schema: {
        tags: ['audit'],
        operationId: 'listAudit',
        summary:
          'What was asked to be changed, by whom and from where, and what came of it; the latest first',
        querystring: AuditQuerySchema,
        response: { 200: PageSchema(AuditEntrySchema), ...problems },
      },
      config: { role: 'admin' },
    },
    async (request) => {
      const { request: requestId, from, to, principal, action, subject, ...paging } = request.query;
      const { limit, cursor } = pageOf(paging);
      const filter = { principal, action, subject, requestId, from: instantOf(from), to: instantOf(to) };
      const page = await audit.list(filter, limit, cursor);
      return {
        items: page.items.map(({ at, ...entry }) => ({ ...entry, at: at.toISOString() })),
        nextCursor: page.nextCursor,
      };
    },
  );
};

/** @throws LeonoreError MALFORMED_INPUT for an instant that no clock of JavaScript shows, such as a leap second */
function instantOf(text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  const instant = new Date(text);
  if (Number.isNaN(instant.getTime())) throw new LeonoreError('MALFORMED_INPUT', `"${text}" is no instant`);
  return instant;
}
