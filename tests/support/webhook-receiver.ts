import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { WebhookEventType } from '../../domain/webhook/event-types.js';
import { webhookMessageSchema } from '../../domain/webhook/events.js';
import Value from 'typebox/value';

export interface ReceivedMessage {
  readonly id: string;
  readonly type: string;
  readonly data: Record<string, unknown>;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Answers a message; nothing is answered until it does. */
type Answer = (response: ServerResponse, message: ReceivedMessage) => void;

export const takesIt: Answer = (response) => response.writeHead(204).end();

/** A receiver of webhooks on a socket. */
export interface WebhookReceiver {
  readonly url: string;
  /** What came so far, in order. */
  readonly messages: readonly ReceivedMessage[];
  /** How it answers from now on. */
  answer: Answer;
  /** Resolves when so many have come. */
  until(count: number): Promise<void>;
  close(): Promise<void>;
}

export async function webhookReceiver(): Promise<WebhookReceiver> {
  const messages: ReceivedMessage[] = [];
  const waiting: { readonly count: number; readonly come: () => void }[] = [];
  const receiver = {
    url: '',
    messages,
    answer: takesIt,
    until: (count: number) =>
      new Promise<void>((come) => {
        if (messages.length >= count) come();
        else waiting.push({ count, come });
      }),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      const { type, data } = JSON.parse(body) as Pick<ReceivedMessage, 'type' | 'data'>;
      const message = {
        id: String(request.headers['webhook-id']),
        type,
        data,
        headers: request.headers,
        body,
      };
      messages.push(message);
      receiver.answer(response, message);
      for (const { count, come } of waiting) if (messages.length >= count) come();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  receiver.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  return receiver;
}

/** Whether a message is signed with a secret, as its receiver finds out. */
export function isSignedBy(secret: string, { id, headers, body }: ReceivedMessage): boolean {
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
  const signed = createHmac('sha256', key).update(`${id}.${String(headers['webhook-timestamp'])}.${body}`);
  return String(headers['webhook-signature'])
    .split(' ')
    .includes(`v1,${signed.digest('base64')}`);
}

/** What of a message is not as the OpenAPI document says; nothing when all is. */
export function schemaFaults(type: string, data: unknown): string[] {
  const message = { type, timestamp: new Date().toISOString(), data };
  const schema = webhookMessageSchema(type as WebhookEventType);
  return Value.Errors(schema, message).map(({ instancePath, message: what }) => `${instancePath} ${what}`);
}
