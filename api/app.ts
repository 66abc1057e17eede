import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import type { ApiContext } from './context.js';
import { openApiOptions } from './openapi-document.js';
import { artifactRoutes } from './routes/artifacts.js';
import { dashboardRoutes } from './routes/dashboard.js';
import { deploymentRoutes } from './routes/deployments.js';
import { enrolmentRoutes } from './routes/enrolments.js';
import { gatewayIdentityRoutes } from './routes/gateway-identity.js';
import { gatewayRoutes } from './routes/gateways.js';
import { gatewayValueRoutes } from './routes/gateway-values.js';
import { healthRoutes } from './routes/health.js';
import { metricsRoutes } from './routes/metrics.js';
import { nodeRoutes } from './routes/nodes.js';
import { orderRoutes } from './routes/orders.js';
import { packageRoutes } from './routes/packages.js';
import { planRoutes } from './routes/plans.js';
import { registerRoutes } from './routes/register.js';
import { rolloutEventRoutes } from './routes/rollout-events.js';
import { rolloutRoutes } from './routes/rollouts.js';
import { trustRoutes } from './routes/trust.js';

/** The management API, registration, and the OpenAPI document that describes them. */
export async function apiApp(app: FastifyInstance, { context }: { context: ApiContext }): Promise<void> {
  await app.register(swagger, openApiOptions);
  app.get('/api/openapi.json', { schema: { hide: true } }, async () => app.swagger());
  await app.register(dashboardRoutes);
  await app.register(healthRoutes, { context });
  await app.register(metricsRoutes, { context });
  await app.register(registerRoutes, { context });
  await app.register(
    async (management) => {
      for (const routes of [
        artifactRoutes,
        gatewayRoutes,
        gatewayValueRoutes,
        gatewayIdentityRoutes,
        enrolmentRoutes,
        deploymentRoutes,
        planRoutes,
        rolloutRoutes,
        rolloutEventRoutes,
        orderRoutes,
        nodeRoutes,
        packageRoutes,
        trustRoutes,
      ]) {
        await management.register(routes, { context });
      }
    },
    { prefix: '/api/v1' },
  );
}
