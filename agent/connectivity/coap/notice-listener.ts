/**
 * Where a gateway hears of new work over CoAP. A notice carries nothing but a reason: the gateway then collects its tasks as it
 * would have done anyway, so one that is lost, forged or comes twice does no harm.
 */
import { randomBytes } from 'node:crypto';
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIP } from 'node:net';
import { Value } from 'typebox/value';
import { optionsOf, readMessage, writeMessage } from '../../../domain/agent-protocol/coap-message.js';
import { PushNoticeSchema, type PushNotice } from '../../../domain/agent-protocol/messages.js';

export class NoticeListener {
  /** Hard to guess, so that nobody else wakes the gateway. */
  readonly #path = ['notice', randomBytes(12).toString('hex')];

  private constructor(
    private readonly socket: Socket,
    private readonly onNotice: (notice: PushNotice) => void,
  ) {
    socket.on('message', (bytes, from) => this.#take(bytes, from));
    // What cannot be sent is an acknowledgement: the node asks again, or another way.
    socket.on('error', () => undefined);
  }

  /** @param port 0 lets the system choose */
  static async listen(
    { host, port }: { readonly host: string; readonly port: number },
    onNotice: (notice: PushNotice) => void,
  ): Promise<NoticeListener> {
    const socket = createSocket(isIP(host) === 6 ? 'udp6' : 'udp4');
    socket.bind(port, host);
    await once(socket, 'listening');
    return new NoticeListener(socket, onNotice);
  }

  /** Full address for the registration. */
  get address(): string {
    const { address, port } = this.socket.address();
    const host = address.includes(':') ? `[${address}]` : address;
    return `coap://${host}:${port}/${this.#path.join('/')}`;
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => this.socket.close(() => resolve()));
  }

  /** What is not a notice at this path is answered by nothing at all: whoever knows the path is a node. */
  #take(bytes: Buffer, { address, port }: RemoteInfo): void {
    const message = readMessage(bytes);
    // Anybody can write port 0 into a datagram; nobody is there, and the socket throws.
    if (message?.type !== 'confirmable' || message.code !== '0.02' || port === 0) return;
    const path = optionsOf(message, 'Uri-Path').map((segment) => segment.toString());
    const notice = noticeIn(message.payload);
    if (notice === null || path.join('/') !== this.#path.join('/')) return;
    const { messageId, token } = message;
    const answer = { type: 'acknowledgement', code: '2.04', messageId, token } as const;
    this.socket.send(writeMessage({ ...answer, options: [], payload: Buffer.alloc(0) }), port, address);
    this.onNotice(notice);
  }
}

function noticeIn(payload: Buffer): PushNotice | null {
  try {
    const value: unknown = JSON.parse(payload.toString('utf8'));
    return Value.Check(PushNoticeSchema, value) ? value : null;
  } catch {
    return null;
  }
}
