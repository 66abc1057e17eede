import { readEnvironment } from '../../domain/read-environment.js';
import { ClientHandler } from '../client-handler.js';
import type { GatewayHandler, Protocol, ProtocolOptions } from '../gateway-handler.js';
import { HawkbitConfigSchema } from './config.js';
import { ddiRoutes } from './ddi-routes.js';

/** hawkBit's DDI API, version 1, for devices that have a client of hawkBit's, by pull: SWUpdate, rauc-hawkbit-updater and others. */
export const hawkbit: Protocol = { name: 'hawkbit', open };

function open({ environment }: ProtocolOptions): GatewayHandler {
  const listener = readEnvironment(HawkbitConfigSchema, environment);
  const { LEONORE_HAWKBIT_TENANT: tenant, LEONORE_HAWKBIT_POLL_SECONDS: pollSeconds } = listener;
  const protocol = hawkbit.name;
  return new ClientHandler({
    protocol,
    listener,
    port: listener.LEONORE_HAWKBIT_PORT,
    address: listener.LEONORE_HAWKBIT_ADDRESS,
    path: `/${tenant}/controller/v1`,
    async register(app, { service, clients, blobs }, address) {
      await app.register(ddiRoutes, { service, clients, blobs, protocol, tenant, pollSeconds, address });
    },
  });
}
