/** The api process: reads its configuration, connects, listens. */
import { ComputePool } from '../compute/compute-pool.js';
import { Planner } from '../compute/planner.js';
import { PushAddresses, servicesOf } from '../connectivity/http/push-address.js';
import { tlsFilesOf } from '../connectivity/http/tls.js';
import { createServer } from '../connectivity/http/create-server.js';
import { limits } from '../domain/limits.js';
import { readEnvironment } from '../domain/read-environment.js';
import { compose } from '../composition/compose.js';
import { SecretBox } from '../repositories/secret-box.js';
import { Access } from './access.js';
import { apiApp } from './app.js';
import { ApiConfigSchema } from './config.js';

const config = readEnvironment(ApiConfigSchema, process.env);
const { logger, lifecycle, repositories, blobs, rolloutClient, poolClient } = compose('api', config);

const pool = new ComputePool({
  processes: config.LEONORE_COMPUTE_PROCESSES,
  memoryMb: config.LEONORE_COMPUTE_MEMORY_MB,
});
lifecycle.onEnd('computing processes', () => pool.close());
pool.warmUp();

const app = createServer(logger, {
  bodyLimit: limits.jsonBodyBytes,
  trustProxy: config.LEONORE_TRUST_PROXY,
  budgets: { caller: config.LEONORE_CALLER_BUDGET, address: config.LEONORE_ADDRESS_BUDGET },
  tls: tlsFilesOf(config),
});
await app.register(apiApp, {
  context: {
    repositories,
    blobs,
    pool,
    planner: new Planner(repositories.artifacts, pool, limits.dryRun),
    secrets: new SecretBox(config.LEONORE_SECRET_KEYS?.split(',') ?? []),
    rolloutClient,
    access: new Access(config.LEONORE_TOKENS, config.LEONORE_ENROLMENT_TOKENS ?? ''),
    pollSeconds: config.LEONORE_POLL_SECONDS,
    pushAddresses: new PushAddresses(
      config.LEONORE_PUSH_ADDRESSES?.split(',') ?? [],
      servicesOf([
        config.DATABASE_URL,
        config.TEMPORAL_ADDRESS,
        `${config.LEONORE_HOST}:${config.LEONORE_PORT}`,
      ]),
    ),
    wakePool: () => poolClient.wakeSoon(),
  },
});
const address = await app.listen({ host: config.LEONORE_HOST, port: config.LEONORE_PORT });
lifecycle.onEnd('listener', () => app.close());
lifecycle.ready(address);
