import type { Channel } from '../domain/gateway/negotiate.js';
import { channelsOf, type GatewayHandler } from './gateway-handler.js';
import { HttpHandler } from './http/http-handler.js';

/** New handlers of every protocol that LEONORE speaks; a further protocol is one more line here. */
export function createHandlers(): GatewayHandler[] {
  return [new HttpHandler()];
}

/** What can be agreed on with a gateway. */
export function servedChannels(): Channel[] {
  return channelsOf(createHandlers());
}
