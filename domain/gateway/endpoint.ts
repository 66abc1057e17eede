/** Where a node serves one protocol over one transport. A gateway's channel is negotiated from these. */
import Type, { type Static } from 'typebox';

/** One way to talk to a gateway; a handler in connectivity/ serves it. */
export interface Channel {
  readonly protocol: string;
  readonly strategy: string;
}

/** Who must show a certificate: nobody, as it is not over TLS; the node; the node and the gateway. */
export const tlsKinds = ['none', 'server', 'mutual'] as const;

export const EndpointSchema = Type.Object({
  protocol: Type.String({ pattern: '^[a-z][a-z0-9-]{0,31}$' }),
  transport: Type.Enum(['tcp', 'udp']),
  /** URL with host and port. */
  address: Type.String({ maxLength: 512, pattern: '^[a-z][a-z0-9+.-]*://[!-~]+$' }),
  strategies: Type.Array(Type.String({ maxLength: 32 }), { minItems: 1, maxItems: 8 }),
  /** Scheme of the address that a gateway has to listen at to be pushed; null: push needs none. */
  pushScheme: Type.Union([Type.String({ maxLength: 32 }), Type.Null()]),
  tls: Type.Enum([...tlsKinds]),
});

export type Endpoint = Static<typeof EndpointSchema>;

/** The name of a channel, as settings and people write it: `http/pull`. */
export function channelName({ protocol, strategy }: Channel): string {
  return `${protocol}/${strategy}`;
}

/** What an operator may write: `http/pull`, or `http` for all strategies of a protocol; separated by commas. */
export const channelsPattern =
  '^[a-z][a-z0-9-]{0,31}(/[a-z]{1,32})?(,[a-z][a-z0-9-]{0,31}(/[a-z]{1,32})?){0,31}$';
