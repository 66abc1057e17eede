import { randomBytes, randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readMessage, writeMessage, type CoapMessage } from '../../domain/agent-protocol/coap-message.js';

/** A socket that sends what a test says, whatever that is, and shows what comes back. */
export interface RawCoap {
  /** Sends bytes. @returns what comes next, of whatever it is */
  send(bytes: Buffer): Promise<Buffer>;
  /** All that has come. */
  readonly received: readonly Buffer[];
  /** Sends bytes that nobody is to answer. */
  drop(bytes: Buffer): void;
  /** Sends one request, once. */
  ask(request: Partial<CoapMessage> & Pick<CoapMessage, 'code'>): Promise<CoapMessage & { bytes: Buffer }>;
  close(): void;
}

/** Bytes of a request with what a test does not say. */
export function requestOf(request: Partial<CoapMessage> & Pick<CoapMessage, 'code'>): Buffer {
  return writeMessage({
    type: 'confirmable',
    messageId: randomInt(0x10000),
    token: randomBytes(8),
    options: [],
    payload: Buffer.alloc(0),
    ...request,
  });
}

/** @param from the address to send from */
export async function rawCoap(address: string, from = '127.0.0.1'): Promise<RawCoap> {
  const { hostname, port } = new URL(address);
  const socket = createSocket('udp4');
  socket.bind(0, from);
  await once(socket, 'listening');
  const received: Buffer[] = [];
  socket.on('message', (bytes) => void received.push(bytes));
  socket.connect(Number(port), hostname);
  await once(socket, 'connect');
  const send = async (bytes: Buffer): Promise<Buffer> => {
    const next = once(socket, 'message');
    socket.send(bytes);
    return ((await next) as [Buffer])[0];
  };
  return {
    send,
    received,
    drop: (bytes) => socket.send(bytes),
    async ask(request) {
      const bytes = await send(requestOf(request));
      const answer = readMessage(bytes);
      if (answer === null) throw new Error('the answer is no message');
      return { ...answer, bytes };
    },
    close: () => void socket.close(),
  };
}
