import Type from 'typebox';

/** What the api process is told; docs/configuration.md has the table. */
export const ApiConfigSchema = Type.Object({
  /** PostgreSQL. */
  DATABASE_URL: Type.String({ pattern: '^postgres(ql)?://' }),
  /** Connections to PostgreSQL that the process may open. */
  LEONORE_POOL_SIZE: Type.Integer({ minimum: 2, maximum: 200, default: 10 }),
  /** host:port of the Temporal frontend. */
  TEMPORAL_ADDRESS: Type.String({ default: '127.0.0.1:7233' }),
  TEMPORAL_NAMESPACE: Type.String({ default: 'default' }),
  /** Directory of the content-addressed blob store. */
  LEONORE_BLOBS: Type.String({ minLength: 1 }),
  /** Address to listen on; loopback unless told otherwise. */
  LEONORE_HOST: Type.String({ default: '127.0.0.1' }),
  LEONORE_PORT: Type.Integer({ minimum: 0, maximum: 65_535, default: 8480 }),
  /** Management tokens, as `role:sha256` separated by commas; only hashes are ever known to the process. */
  LEONORE_TOKENS: Type.String({
    pattern: '^(admin|operator|viewer):[0-9a-f]{64}(,(admin|operator|viewer):[0-9a-f]{64})*$',
  }),
  /** sha256 of the tokens with which gateways may enrol, separated by commas. */
  LEONORE_ENROLMENT_TOKENS: Type.String({ pattern: '^[0-9a-f]{64}(,[0-9a-f]{64})*$' }),
  /** Heartbeat of the nodes; one that misses three is dead. */
  LEONORE_HEARTBEAT_MS: Type.Integer({ minimum: 100, maximum: 60_000, default: 2_000 }),
  /** Seconds between two polls of a gateway that has no interval of its own. */
  LEONORE_POLL_SECONDS: Type.Number({ minimum: 0.1, maximum: 86_400, default: 60 }),
  /** Believe X-Forwarded-For of a proxy in front. */
  LEONORE_TRUST_PROXY: Type.Boolean({ default: false }),
  LEONORE_LOG_LEVEL: Type.Enum(['debug', 'info', 'warn', 'error'], { default: 'info' }),
});
