import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import type { ApiContext } from './context.js';
import { artifactRoutes } from './routes/artifacts.js';
import { deploymentRoutes } from './routes/deployments.js';
import { gatewayRoutes } from './routes/gateways.js';
import { healthRoutes } from './routes/health.js';
import { nodeRoutes } from './routes/nodes.js';
import { packageRoutes } from './routes/packages.js';
import { planRoutes } from './routes/plans.js';
import { registerRoutes } from './routes/register.js';
import { rolloutEventRoutes } from './routes/rollout-events.js';
import { rolloutRoutes } from './routes/rollouts.js';

/** The management API, registration, and the OpenAPI document that describes them. */
export async function apiApp(app: FastifyInstance, { context }: { context: ApiContext }): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'LEONORE',
        version: '1.0.0',
        description: 'Provisioning of application packages onto fleets of resource-constrained IoT gateways.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } },
      security: [{ bearer: [] }],
    },
  });
  app.get('/api/openapi.json', { schema: { hide: true } }, async () => app.swagger());
  await app.register(healthRoutes, { context });
  await app.register(registerRoutes, { context });
  await app.register(
    async (management) => {
      for (const routes of [artifactRoutes, gatewayRoutes, deploymentRoutes, planRoutes, rolloutRoutes, rolloutEventRoutes, nodeRoutes, packageRoutes]) {
        await management.register(routes, { context });
      }
    },
    { prefix: '/api/v1' },
  );
}
