import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import { installAdmission } from './admission.js';
import { installAudit } from './audit.js';
import type { ApiContext } from './context.js';
import { OpenStreams } from './open-streams.js';
import { openApiOptions } from './openapi-document.js';
import { artifactRoutes } from './routes/artifacts.js';
import { auditRoutes } from './routes/audit.js';
import { backChannelLogoutRoutes } from './routes/back-channel-logout.js';
import { campaignRoutes } from './routes/campaigns.js';
import { dashboardRoutes } from './routes/dashboard.js';
import { deliveryRoutes } from './routes/deliveries.js';
import { deploymentRoutes } from './routes/deployments.js';
import { enrolmentRoutes } from './routes/enrolments.js';
import { fleetRoutes } from './routes/fleet.js';
import { gatewayIdentityRoutes } from './routes/gateway-identity.js';
import { gatewayHistoryRoutes } from './routes/gateway-history.js';
import { gatewayRoutes } from './routes/gateways.js';
import { gatewayValueRoutes } from './routes/gateway-values.js';
import { healthRoutes } from './routes/health.js';
import { idRoutes } from './routes/ids.js';
import { metricsRoutes } from './routes/metrics.js';
import { nodeRoutes } from './routes/nodes.js';
import { orderRoutes } from './routes/orders.js';
import { packageRoutes } from './routes/packages.js';
import { planRoutes } from './routes/plans.js';
import { referenceRoutes } from './routes/reference.js';
import { registerRoutes } from './routes/register.js';
import { rolloutEventRoutes } from './routes/rollout-events.js';
import { rolloutRoutes } from './routes/rollouts.js';
import { sessionRoutes } from './routes/sessions.js';
import { signInRoutes } from './routes/sign-in.js';
import { streamRoutes } from './routes/stream.js';
import { sharedValueRoutes } from './routes/shared-values.js';
import { tokenRoutes } from './routes/tokens.js';
import { trustRoutes } from './routes/trust.js';
import { webhookRoutes } from './routes/webhooks.js';
import { wantedStateRoutes } from './routes/wanted-states.js';

/** The management API, registration, and the OpenAPI document that describes them. */
export async function apiApp(app: FastifyInstance, { context }: { context: ApiContext }): Promise<void> {
  await app.register(swagger, openApiOptions);
  installAdmission(app, context);
  installAudit(app, context);
  await app.register(referenceRoutes);
  await app.register(dashboardRoutes);
  const streams = new OpenStreams();
  await app.register(healthRoutes, { context, streams });
  await app.register(metricsRoutes, { context, streams });
  await app.register(registerRoutes, { context, streams });
  await app.register(
    async (management) => {
      for (const routes of [
        artifactRoutes,
        gatewayRoutes,
        fleetRoutes,
        gatewayHistoryRoutes,
        gatewayValueRoutes,
        sharedValueRoutes,
        gatewayIdentityRoutes,
        enrolmentRoutes,
        deploymentRoutes,
        planRoutes,
        rolloutRoutes,
        rolloutEventRoutes,
        deliveryRoutes,
        streamRoutes,
        wantedStateRoutes,
        campaignRoutes,
        orderRoutes,
        nodeRoutes,
        packageRoutes,
        trustRoutes,
        tokenRoutes,
        signInRoutes,
        backChannelLogoutRoutes,
        sessionRoutes,
        auditRoutes,
        webhookRoutes,
        idRoutes,
      ]) {
        await management.register(routes, { context, streams });
      }
    },
    { prefix: '/api/v1' },
  );
}
