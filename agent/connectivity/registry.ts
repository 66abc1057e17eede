/** Every protocol that an agent speaks; a further one is one more line here, its name, and a folder. */
import type { Connectivity, NodeChannel } from './connectivity.js';
import { httpConnectivity, type HttpConnectivityOptions } from './http/http-connectivity.js';
import { protocolNames } from './protocol-names.js';

export interface ConnectivityOptions extends HttpConnectivityOptions {
  /** In order of preference; default: the first of protocol-names.ts. */
  readonly protocols: readonly string[] | undefined;
  readonly gatewayId: string;
}

/** Loaded only where they are spoken: a gateway's memory is small. */
const channels: Readonly<Record<string, (options: ConnectivityOptions) => Promise<NodeChannel>>> = {
  mqtt: async (options) => (await import('./mqtt/mqtt-channel.js')).mqttChannel(options),
  coap: async (options) => (await import('./coap/coap-channel.js')).coapChannel(options),
};
/** Of these, the ones that are notified at an address of the gateway, as HTTP is. */
const listening: readonly string[] = ['coap'];

/**
 * The connectivity of an agent that speaks some protocols: what goes to its node goes over the channel of the session.
 */
export async function openConnectivity(options: ConnectivityOptions): Promise<Connectivity> {
  const { protocols = protocolNames.slice(0, 1) } = options;
  // A gateway tells one address, so one of its protocols listens: that which it prefers.
  const listener =
    protocols.find((protocol) => listening.includes(protocol) || protocol === 'http') ?? 'http';
  const { push, ...others } = options;
  const optionsOf = (protocol: string): ConnectivityOptions =>
    protocol === listener && push !== undefined ? { ...others, push } : others;
  const base = await httpConnectivity(optionsOf('http'));
  const further = await Promise.all(
    protocols.flatMap((protocol) => channels[protocol]?.(optionsOf(protocol)) ?? []),
  );
  const all: readonly NodeChannel[] = [base, ...further];
  const channelOf = (protocol: string | undefined): NodeChannel =>
    all.find((channel) => channel.protocol === protocol) ?? base;
  return {
    ...base,
    protocols,
    pushAddress: all.find(({ pushAddress }) => pushAddress !== undefined)?.pushAddress,
    onNotice(listener) {
      for (const channel of all) channel.onNotice(listener);
    },
    pollTasks: (session, etag, signal) =>
      channelOf(session.endpoint?.protocol).pollTasks(session, etag, signal),
    sendReports: (session, reports, signal) =>
      channelOf(session.endpoint?.protocol).sendReports(session, reports, signal),
    sendProfile: (session, profile, signal) =>
      channelOf(session.endpoint?.protocol).sendProfile(session, profile, signal),
    download: (session, ...given) =>
      (channelOf(session.endpoint?.protocol).download ?? base.download)(session, ...given),
    async close() {
      await Promise.all(all.map((channel) => channel.close()));
    },
  };
}
