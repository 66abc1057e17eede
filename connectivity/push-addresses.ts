import { LeonoreError } from '../domain/errors.js';
import type { AddressRules, GatewayHandler } from './gateway-handler.js';

/** Where gateways may be notified, whatever they speak: each address by the rules of the protocol whose scheme it has. */
export function pushAddressesOf(
  handlers: readonly Pick<GatewayHandler, 'pushAddresses'>[],
): Pick<AddressRules, 'check'> {
  const rules = handlers.flatMap(({ pushAddresses }) => pushAddresses ?? []);
  return {
    check(address, peer) {
      const own = rules.find(({ scheme }) => address.startsWith(`${scheme}://`));
      if (own === undefined)
        throw new LeonoreError('MALFORMED_INPUT', 'nobody here notifies gateways at such a pushAddress');
      try {
        own.check(address, peer);
      } catch (error) {
        if (error instanceof LeonoreError) throw error;
        // A handler from outside has no LEONORE's errors at hand.
        const why = error instanceof Error ? error.message : 'it is refused';
        throw new LeonoreError('MALFORMED_INPUT', `pushAddress: ${why}`, {}, { cause: error });
      }
    },
  };
}
