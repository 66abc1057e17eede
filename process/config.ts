import { availableParallelism } from 'node:os';
import Type from 'typebox';

/** What every LEONORE process is told; docs/configuration.md has the table. */
export const commonConfig = {
  /** PostgreSQL. */
  DATABASE_URL: Type.String({ pattern: '^postgres(ql)?://' }),
  /** Connections to PostgreSQL that the process may open. */
  LEONORE_POOL_SIZE: Type.Integer({ minimum: 2, maximum: 200, default: 10 }),
  /** host:port of the Temporal frontend. */
  TEMPORAL_ADDRESS: Type.String({ default: '127.0.0.1:7233' }),
  TEMPORAL_NAMESPACE: Type.String({ default: 'default' }),
  /** TLS with Temporal; implied by what follows, see composition/temporal-security.ts. */
  TEMPORAL_TLS: Type.Boolean({ default: false }),
  TEMPORAL_TLS_CA: Type.Optional(Type.String({ minLength: 1 })),
  TEMPORAL_TLS_CERT: Type.Optional(Type.String({ minLength: 1 })),
  TEMPORAL_TLS_KEY: Type.Optional(Type.String({ minLength: 1 })),
  TEMPORAL_API_KEY: Type.Optional(Type.String({ minLength: 1 })),
  /** Directory of the content-addressed blob store. */
  LEONORE_BLOBS: Type.String({ minLength: 1 }),
  /** How often a node says that it is alive; one that misses three is dead. */
  LEONORE_HEARTBEAT_MS: Type.Integer({ minimum: 100, maximum: 60_000, default: 2_000 }),
  LEONORE_LOG_LEVEL: Type.Enum(['debug', 'info', 'warn', 'error'], { default: 'info' }),
  /** Keys that secrets of HMAC keys and of webhooks are sealed with, 32 bytes in hex each; the first seals, all open. The same for all. */
  LEONORE_SECRET_KEYS: Type.Optional(Type.String({ pattern: '^[0-9a-f]{64}(,[0-9a-f]{64})*$' })),
};

/** What a process that judges, or uses, the addresses of webhooks is told of them. */
export const webhookConfig = {
  /** Networks, of those that are closed by default, in which receivers of webhooks may be. The same for all. */
  LEONORE_WEBHOOK_ADDRESSES: Type.Optional(
    Type.String({ pattern: '^[0-9a-fA-F.:]+/[0-9]{1,3}(,[0-9a-fA-F.:]+/[0-9]{1,3})*$' }),
  ),
};

/** What a process that gateways speak to is told besides. */
export const servingConfig = {
  ...commonConfig,
  /** Processes for what computes (planning, checking of artifacts); started when there is work for them. */
  LEONORE_COMPUTE_PROCESSES: Type.Integer({
    minimum: 2,
    maximum: 64,
    default: Math.max(4, availableParallelism()),
  }),
  /** MiB of memory that each of them may use. */
  LEONORE_COMPUTE_MEMORY_MB: Type.Integer({ minimum: 64, maximum: 65_536, default: 1_024 }),
  /** Modules of further protocols (connectivity/registry.ts): absolute paths, separated by commas. The same for all. */
  LEONORE_HANDLERS: Type.Optional(Type.String({ minLength: 1 })),
};
