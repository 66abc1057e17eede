import Type from 'typebox';
import { listenerConfig } from '../../serving/config.js';
import { pushNetworks } from '../address-rules.js';

/** What the handler for CoAP is told; docs/configuration.md has the table. It serves where it has a port. */
export const CoapConfigSchema = Type.Object({
  LEONORE_HOST: listenerConfig.LEONORE_HOST,
  LEONORE_ADDRESS_BUDGET: listenerConfig.LEONORE_ADDRESS_BUDGET,
  LEONORE_PUSH_ADDRESSES: pushNetworks,
  /** Port of UDP to listen on; 0 takes a free one. */
  LEONORE_COAP_PORT: Type.Optional(Type.Integer({ minimum: 0, maximum: 65_535 })),
  /** Address that gateways are given, when it is not the one listened on. */
  LEONORE_COAP_ADDRESS: Type.Optional(Type.String({ pattern: '^coap://[^/?#]+$' })),
  /** Seconds between two polls that gateways are told which register over CoAP. */
  LEONORE_COAP_POLL_SECONDS: Type.Number({ minimum: 1, maximum: 86_400, default: 60 }),
});
