import { randomBytes } from 'node:crypto';
import { Agent, buildConnector } from 'undici';
import type { PushNotice } from '../../../domain/agent-protocol/messages.js';
import { Backoff } from '../backoff.js';
import type { Connectivity, NodeChannel } from '../connectivity.js';
import { DeviceClient } from './device-client.js';
import { HeldNotices } from './held-notices.js';
import { download } from './download.js';
import { PushListener } from './push-listener.js';

export interface TlsOptions {
  /** Whom servers must be certified by, now; with one, nobody is spoken to without TLS. */
  readonly authorities: { readonly pem: string | undefined };
  readonly client: { readonly cert: string; readonly key: string } | undefined;
}

export interface HttpConnectivityOptions {
  /** Base URL of the API. */
  readonly server: string;
  readonly tls: TlsOptions;
  /** Where to listen for notices; absent when push is not offered. */
  readonly push?: { readonly host: string; readonly port: number };
  /** Holds a connection open for notices, where the session's channel is push. */
  readonly holds?: boolean;
  readonly timeoutMs: number;
  readonly firstRetryMs: number;
  readonly mostRetryMs: number;
  readonly userAgent: string;
}

/** What HTTP brings: a channel, and what is had over HTTP whatever the channel is. */
export type HttpConnectivity = Omit<Connectivity, 'protocols'> & NodeChannel;

/** The device API over HTTP/1.1 for one agent: a connection or two, kept open between polls. */
export async function httpConnectivity(options: HttpConnectivityOptions): Promise<HttpConnectivity> {
  const { authorities, client: certificate = {} } = options.tls;
  const dispatcher = new Agent({
    connections: options.holds === true ? 3 : 2,
    keepAliveTimeout: 30_000,
    // Each connection is verified by the authorities of its own time.
    connect: (target, callback) =>
      buildConnector({ ...certificate, ...(authorities.pem === undefined ? {} : { ca: authorities.pem }) })(
        target,
        callback,
      ),
  });
  const client = new DeviceClient({
    registrationAddress: options.server,
    dispatcher,
    run: randomBytes(8).toString('hex'),
    isTlsAlone: () => authorities.pem !== undefined,
    timeoutMs: options.timeoutMs,
    userAgent: options.userAgent,
  });
  const listener = options.push === undefined ? null : await PushListener.listen(options.push);
  let onNotice: (notice: PushNotice | null) => void = () => undefined;
  const held =
    options.holds === true
      ? new HeldNotices({
          client,
          firstRetryMs: options.firstRetryMs,
          mostRetryMs: options.mostRetryMs,
          onNotice: (notice) => onNotice(notice),
        })
      : null;
  const subscription = listener?.subscribe((notice) => onNotice(notice));
  return {
    protocol: 'http',
    pushAddress: subscription?.address,
    onNotice: (callback) => {
      onNotice = callback;
    },
    register: (body, by, signal) => client.register(body, by, signal),
    pollTasks: (session, etag, signal) => {
      if (session.endpoint?.strategy === 'push') held?.keep(session);
      return client.pollTasks(session, etag, signal);
    },
    sendReports: (session, reports, signal) => client.sendReports(session, reports, signal),
    sendProfile: (session, profile, signal) => client.sendProfile(session, profile, signal),
    download: (session, wanted, sink, signal) =>
      download(client, session, wanted, sink, {
        signal,
        backoff: new Backoff({ firstMs: options.firstRetryMs, mostMs: options.mostRetryMs }),
      }),
    fetchMetadata: (session, name, signal) => client.fetchMetadata(session, name, signal),
    fetchStatements: (session, digest, signal) => client.fetchStatements(session, digest, signal),
    close: async () => {
      held?.close();
      await listener?.close();
      await dispatcher.destroy();
    },
  };
}
