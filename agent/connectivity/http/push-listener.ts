/**
 * Where a gateway hears of new work when its strategy is push. A notice carries nothing but a reason: the gateway
 * then collects its tasks as it would have done anyway, so a lost or forged notice does no harm.
 */
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Value } from 'typebox/value';
import { PushNoticeSchema, type PushNotice } from '../../../domain/agent-protocol/messages.js';

/** A notice is some 20 bytes. */
const noticeBytes = 1_024;

export interface PushListenerOptions {
  readonly host?: string;
  /** 0 lets the system choose. */
  readonly port?: number;
}

export interface PushSubscription {
  /** Full URL for the registration; hard to guess, so that nobody else wakes the gateway. */
  readonly address: string;
  close(): void;
}

/** One HTTP server for any number of gateways of a process. */
export class PushListener {
  readonly #subscribers = new Map<string, (notice: PushNotice) => void>();

  private constructor(
    private readonly server: Server,
    private readonly host: string,
  ) {
    server.on('request', (incoming, response) => void this.answer(incoming, response));
  }

  static async listen(options: PushListenerOptions = {}): Promise<PushListener> {
    const { host = '127.0.0.1', port = 0 } = options;
    // A notice is one small request: whoever takes longer is not a node.
    const server = createServer({ requestTimeout: 10_000, headersTimeout: 10_000, maxHeaderSize: 8_192 });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, resolve);
    });
    return new PushListener(server, host);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Adds a gateway; its callback is called for each notice at its address. */
  subscribe(onNotice: (notice: PushNotice) => void): PushSubscription {
    const path = `/notice/${randomBytes(12).toString('hex')}`;
    this.#subscribers.set(path, onNotice);
    const host = this.host.includes(':') ? `[${this.host}]` : this.host;
    return {
      address: `http://${host}:${this.port}${path}`,
      close: () => void this.#subscribers.delete(path),
    };
  }

  async close(): Promise<void> {
    this.#subscribers.clear();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const subscriber = this.#subscribers.get(incoming.url ?? '');
    if (subscriber === undefined) return end(response, 404);
    if (incoming.method !== 'POST') return end(response, 405);
    const notice = await readNotice(incoming).catch(() => null);
    if (notice === null) return end(response, 400);
    end(response, 204);
    subscriber(notice);
  }
}

function end(response: ServerResponse, status: number): void {
  response.writeHead(status, { 'content-length': 0 }).end();
}

async function readNotice(incoming: IncomingMessage): Promise<PushNotice | null> {
  let text = '';
  for await (const chunk of incoming.setEncoding('utf8') as AsyncIterable<string>) {
    text += chunk;
    if (text.length > noticeBytes) return null;
  }
  const value: unknown = JSON.parse(text);
  return Value.Check(PushNoticeSchema, value) ? value : null;
}
