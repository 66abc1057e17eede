import type { FastifyInstance } from 'fastify';
import { referencePage, referencePolicy, type ReferenceDocument } from '../reference-page.js';

/** The OpenAPI document, for programs and as a page for people. Both are what the routes say. */
export async function referenceRoutes(app: FastifyInstance): Promise<void> {
  let page: string | null = null;
  app.get('/api/openapi.json', { schema: { hide: true }, config: { role: 'anybody' } }, async () =>
    app.swagger(),
  );
  app.get(
    '/api/reference',
    { schema: { hide: true }, config: { role: 'anybody' } },
    async (_request, reply) => {
      page ??= referencePage(app.swagger() as unknown as ReferenceDocument);
      return reply
        .headers({ 'content-security-policy': referencePolicy, 'x-content-type-options': 'nosniff' })
        .type('text/html; charset=utf-8')
        .send(page);
    },
  );
}
