/** The api process: reads its configuration, connects, listens. */
import { ComputePool } from '../compute/compute-pool.js';
import { Planner } from '../compute/planner.js';
import { networksOf } from '../connectivity/networks.js';
import { pushAddressesOf } from '../connectivity/push-addresses.js';
import { WebhookAddresses } from '../connectivity/webhook-addresses.js';
import { handlerFiles, openHandlers } from '../connectivity/registry.js';
import { tlsFilesOf, ToldAuthorities } from '../serving/tls.js';
import { createServer } from '../serving/create-server.js';
import { listenOptions } from '../serving/listen-options.js';
import { limits } from '../domain/limits.js';
import { workflowAddress } from '../domain/orchestration.js';
import { readEnvironment } from '../domain/read-environment.js';
import { compose } from '../composition/compose.js';
import { SecretBox } from '../repositories/secret-box.js';
import { Access } from './access.js';
import { apiApp } from './app.js';
import { valueSealer } from './value-sealer.js';
import { ApiConfigSchema } from './config.js';
import { signInOptionsOf } from './sign-in/config.js';
import { createSignIn } from './sign-in/sign-in.js';

const config = readEnvironment(ApiConfigSchema, process.env);
const { logger, lifecycle, repositories, blobs, rolloutClient, campaignClient, poolClient } = compose(
  'api',
  config,
);

const pool = new ComputePool({
  processes: config.LEONORE_COMPUTE_PROCESSES,
  memoryMb: config.LEONORE_COMPUTE_MEMORY_MB,
});
lifecycle.onEnd('computing processes', () => pool.close());
pool.warmUp();

const { LEONORE_HOST: host, LEONORE_PORT: port, LEONORE_TEMPORAL_UI_URL: ui } = config;
const services = [config.DATABASE_URL, config.TEMPORAL_ADDRESS, `${host}:${port}`];
// They are not started here: the api judges by their rules where gateways may be notified.
const handlers = await openHandlers(
  { environment: process.env, services },
  handlerFiles(config.LEONORE_HANDLERS),
);

const tls = tlsFilesOf(config);
const authorities =
  tls === null || config.LEONORE_TLS_CA === undefined
    ? null
    : ToldAuthorities.open(config.LEONORE_TLS_CA, tls, (error) =>
        logger.warn({ err: error }, 'the new authorities are not taken'),
      );
if (authorities !== null) lifecycle.onEnd('authorities', async () => authorities.close());

const signInOptions = signInOptionsOf(config);
const signIn = signInOptions === null ? null : createSignIn(signInOptions, repositories.sessions);
if (signIn !== null) lifecycle.onEnd('identity provider', () => signIn.provider.close());

const app = createServer(logger, {
  bodyLimit: limits.jsonBodyBytes,
  headBytes: limits.requestHeadBytes,
  trustProxy: config.LEONORE_TRUST_PROXY,
  budgets: { caller: config.LEONORE_CALLER_BUDGET, address: config.LEONORE_ADDRESS_BUDGET },
  tls,
});
await app.register(apiApp, {
  context: {
    repositories,
    blobs,
    pool,
    planner: new Planner(repositories.artifacts, pool, limits.dryRun),
    secrets: new SecretBox(config.LEONORE_SECRET_KEYS?.split(',') ?? []),
    values: valueSealer(config.LEONORE_VALUES_PUBLIC_KEY),
    rolloutClient,
    campaignClient,
    workflowAddress: (workflowId) =>
      ui === undefined ? null : workflowAddress(ui, config.TEMPORAL_NAMESPACE, workflowId),
    access: new Access(
      config.LEONORE_TOKENS,
      config.LEONORE_ENROLMENT_TOKENS ?? '',
      repositories.tokens,
      signIn,
    ),
    signIn,
    authorities,
    pollSeconds: config.LEONORE_POLL_SECONDS,
    pushAddresses: pushAddressesOf(handlers),
    webhookAddresses: new WebhookAddresses(networksOf(config.LEONORE_WEBHOOK_ADDRESSES, services)),
    wakePool: () => poolClient.wakeSoon(),
  },
});
const address = await app.listen(listenOptions(host, port));
lifecycle.onEnd('listener', () => app.close());
lifecycle.ready(address);
