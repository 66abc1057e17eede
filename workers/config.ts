import Type from 'typebox';

/** What every LEONORE process is told; docs/configuration.md has the table. */
const common = {
  /** PostgreSQL. */
  DATABASE_URL: Type.String({ pattern: '^postgres(ql)?://' }),
  /** Connections to PostgreSQL that the process may open. */
  LEONORE_POOL_SIZE: Type.Integer({ minimum: 2, maximum: 200, default: 10 }),
  /** host:port of the Temporal frontend. */
  TEMPORAL_ADDRESS: Type.String({ default: '127.0.0.1:7233' }),
  TEMPORAL_NAMESPACE: Type.String({ default: 'default' }),
  /** How often a node says that it is alive; one that misses three is dead. */
  LEONORE_HEARTBEAT_MS: Type.Integer({ minimum: 100, maximum: 60_000, default: 2_000 }),
  LEONORE_LOG_LEVEL: Type.Enum(['debug', 'info', 'warn', 'error'], { default: 'info' }),
};

export const CoordinatorConfigSchema = Type.Object(common);

export const NodeConfigSchema = Type.Object({
  ...common,
  /** Name of the node; two processes cannot be the same node. */
  LEONORE_NODE_ID: Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,62}$' }),
  /** Directory of the content-addressed blob store. */
  LEONORE_BLOBS: Type.String({ minLength: 1 }),
  /** Address to listen on; loopback unless told otherwise. */
  LEONORE_HOST: Type.String({ default: '127.0.0.1' }),
  /** Port of the device API; 0 takes a free one. */
  LEONORE_PORT: Type.Integer({ minimum: 0, maximum: 65_535, default: 0 }),
  /** Address that gateways are given, when it is not the one listened on (behind a proxy). */
  LEONORE_ADDRESS: Type.Optional(Type.String({ pattern: '^https?://' })),
});
