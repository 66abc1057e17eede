import { LeonoreError } from '../errors.js';

/** One way to talk to a gateway; a handler in connectivity/ serves it. */
export interface Channel {
  readonly protocol: string;
  readonly strategy: string;
}

/**
 * Agrees on protocol and strategy (paper, section III-C 5): the first pair, in the gateway's order of preference,
 * that LEONORE serves too.
 * @throws LeonoreError NO_COMMON_PROTOCOL with both sides' pairs
 */
export function negotiate(
  gateway: { protocols: readonly string[]; strategies: readonly string[] },
  served: readonly Channel[],
): Channel {
  for (const strategy of gateway.strategies) {
    for (const protocol of gateway.protocols) {
      const channel = served.find((pair) => pair.protocol === protocol && pair.strategy === strategy);
      if (channel !== undefined) return channel;
    }
  }
  const ours = served.map((pair) => `${pair.protocol}/${pair.strategy}`).join(', ');
  const theirs = gateway.protocols.flatMap((p) => gateway.strategies.map((s) => `${p}/${s}`)).join(', ');
  throw new LeonoreError(
    'NO_COMMON_PROTOCOL',
    `the gateway offers ${theirs || 'nothing'}; LEONORE serves ${ours}`,
    {
      served,
    },
  );
}
