import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Value } from 'typebox/value';
import { PushNoticeSchema, type PushNotice } from '../../domain/agent-protocol/messages.js';

/** A notice is a few dozen bytes; more is refused. */
const maxNoticeBytes = 1_024;

/** What to answer: `taken`, `unknown` (404), or `silent`: nothing, as a gateway without power. */
export type NoticeAnswer = 'taken' | 'unknown' | 'silent';

/** One socket on which a whole fleet is told of its tasks: `http://127.0.0.1:PORT/<gateway id>`. */
export class PushListener {
  private constructor(
    private readonly server: Server,
    private readonly port: number,
  ) {}

  static async listen(
    onNotice: (gatewayId: string, notice: PushNotice) => NoticeAnswer,
  ): Promise<PushListener> {
    const server = createServer((request, response) => {
      void answer(request, response, onNotice);
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host: '127.0.0.1', port: 0, backlog: 4_096 }, resolve);
    });
    return new PushListener(server, (server.address() as AddressInfo).port);
  }

  addressOf(gatewayId: string): string {
    return `http://127.0.0.1:${this.port}/${encodeURIComponent(gatewayId)}`;
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    this.server.closeAllConnections();
    await closed;
  }
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  onNotice: (gatewayId: string, notice: PushNotice) => NoticeAnswer,
): Promise<void> {
  const notice = request.method === 'POST' ? await readNotice(request) : undefined;
  if (notice === undefined) {
    response.writeHead(400).end();
    return;
  }
  const given = onNotice(decodeURIComponent((request.url ?? '/').slice(1)), notice);
  if (given === 'silent') request.socket.destroy();
  else response.writeHead(given === 'taken' ? 204 : 404).end();
}

async function readNotice(request: IncomingMessage): Promise<PushNotice | undefined> {
  try {
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of request as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > maxNoticeBytes) return undefined;
      chunks.push(chunk);
    }
    const notice: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    return Value.Check(PushNoticeSchema, notice) ? notice : undefined;
  } catch {
    return undefined; // Not JSON, or the node gave up: nothing that it could be told.
  }
}
