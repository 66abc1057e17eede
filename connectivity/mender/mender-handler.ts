import { readEnvironment } from '../../domain/read-environment.js';
import { ClientHandler } from '../client-handler.js';
import type { GatewayHandler, Protocol, ProtocolOptions } from '../gateway-handler.js';
import { MenderConfigSchema } from './config.js';
import { menderRoutes } from './mender-routes.js';

/** Mender's device API, for devices that have a client of Mender's, by pull: mender-client and others that speak as it does. */
export const mender: Protocol = { name: 'mender', open };

function open({ environment }: ProtocolOptions): GatewayHandler {
  const listener = readEnvironment(MenderConfigSchema, environment);
  const { LEONORE_MENDER_IDENTITY: identity, LEONORE_MENDER_POLL_SECONDS: pollSeconds } = listener;
  const protocol = mender.name;
  return new ClientHandler({
    protocol,
    listener,
    port: listener.LEONORE_MENDER_PORT,
    address: listener.LEONORE_MENDER_ADDRESS,
    path: '',
    async register(app, { service, clients, blobs }, address) {
      await app.register(menderRoutes, { service, clients, blobs, protocol, identity, pollSeconds, address });
    },
  });
}
