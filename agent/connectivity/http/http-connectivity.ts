import { Agent } from 'undici';
import type { PushNotice } from '../../../domain/agent-protocol/messages.js';
import { Backoff } from '../backoff.js';
import type { Connectivity } from '../connectivity.js';
import { DeviceClient } from './device-client.js';
import { download } from './download.js';
import { PushListener } from './push-listener.js';

export interface HttpConnectivityOptions {
  /** Base URL of the API. */
  readonly server: string;
  /** Where to listen for notices; absent when push is not offered. */
  readonly push?: { readonly host: string; readonly port: number };
  readonly timeoutMs: number;
  readonly firstRetryMs: number;
  readonly mostRetryMs: number;
  readonly userAgent: string;
}

/** The device API over HTTP/1.1 for one agent: a connection or two, kept open between polls. */
export async function httpConnectivity(options: HttpConnectivityOptions): Promise<Connectivity> {
  const dispatcher = new Agent({ connections: 2, keepAliveTimeout: 30_000 });
  const client = new DeviceClient({
    registrationAddress: options.server,
    dispatcher,
    timeoutMs: options.timeoutMs,
    userAgent: options.userAgent,
  });
  const listener = options.push === undefined ? null : await PushListener.listen(options.push);
  let onNotice: (notice: PushNotice) => void = () => undefined;
  const subscription = listener?.subscribe((notice) => onNotice(notice));
  return {
    protocol: 'http',
    pushAddress: subscription?.address,
    onNotice: (callback) => {
      onNotice = callback;
    },
    register: (body, by, signal) => client.register(body, by, signal),
    pollTasks: (session, etag, signal) => client.pollTasks(session, etag, signal),
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
      await listener?.close();
      await dispatcher.destroy();
    },
  };
}
