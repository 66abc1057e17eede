import Type, { type Static, type TObject } from 'typebox';

/** What a process that listens for HTTP is told of it; docs/configuration.md has the table. */
export const listenerConfig = {
  /** Address to listen on; loopback unless told otherwise. */
  LEONORE_HOST: Type.String({ default: '127.0.0.1' }),
  /** Requests that one address may send in ten seconds: a whole fleet may be behind it. */
  LEONORE_ADDRESS_BUDGET: Type.Integer({ minimum: 1, maximum: 1_000_000_000, default: 30_000 }),
  /** Certificate and key with which the process serves over TLS, PEM files; taken anew when they change. */
  LEONORE_TLS_CERT: Type.Optional(Type.String({ minLength: 1 })),
  LEONORE_TLS_KEY: Type.Optional(Type.String({ minLength: 1 })),
  /** Authorities that gateways must have a certificate of. */
  LEONORE_TLS_CLIENT_CA: Type.Optional(Type.String({ minLength: 1 })),
};

export type ListenerConfig = Static<TObject<typeof listenerConfig>>;
