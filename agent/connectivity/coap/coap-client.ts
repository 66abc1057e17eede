/**
 * Requests over CoAP to one node (RFC 7252, section 4): sent again until they are answered.
 *
 * INVARIANTS
 *  - The socket is connected: nobody else's datagrams come in, and an answer names its request by eight random bytes.
 *  - A request has one answer, or a DeviceError within its time.
 */
import { randomBytes, randomInt } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { coapPort } from '../../../domain/agent-protocol/coap.js';
import {
  emptyMessage,
  readMessage,
  writeMessage,
  type CoapMessage,
} from '../../../domain/agent-protocol/coap-message.js';
import { messageOf } from '../../state/system-error.js';
import { DeviceError } from '../device-error.js';

export type CoapQuestion = Pick<CoapMessage, 'code' | 'options' | 'payload'>;

/** ACK_TIMEOUT and MAX_RETRANSMIT (RFC 7252, section 4.8). */
const acknowledgedMs = 2_000;
const mostSendings = 5;

interface Waiting {
  readonly messageId: number;
  answered(answer: CoapMessage): void;
  /** It was received, and its answer comes by itself. */
  received(): void;
  failed(error: DeviceError): void;
}

export interface CoapClientOptions {
  /** For an answer, however often the request has to be sent. */
  readonly timeoutMs: number;
  /** Until a request is sent again for the first time. */
  readonly acknowledgedMs?: number;
}

export class CoapClient {
  readonly #waiting = new Map<string, Waiting>();
  #nextMessageId = randomInt(0x10000);

  private constructor(
    private readonly socket: Socket,
    private readonly options: CoapClientOptions,
  ) {
    socket.on('message', (bytes) => this.#take(bytes));
    // Nobody listens there (ICMP): it is the same as no answer, and known at once.
    socket.on('error', (error) => {
      for (const waiting of this.#waiting.values())
        waiting.failed(new DeviceError('unreachable', messageOf(error)));
    });
  }

  /**
   * Opens a socket to a node; nothing is sent yet.
   * @param address `coap://host:port`
   * @throws DeviceError when there is no such host
   */
  static async open(address: string, options: CoapClientOptions): Promise<CoapClient> {
    const { protocol, hostname, port } = URL.canParse(address) ? new URL(address) : { protocol: '' };
    if (protocol !== 'coap:' || hostname === undefined)
      throw new DeviceError('malformed', 'The endpoint has no address.');
    try {
      const host = await lookup(hostname.replace(/^\[|\]$/g, ''));
      const socket = createSocket(host.family === 6 ? 'udp6' : 'udp4');
      await new Promise<void>((resolve, reject) => {
        socket.once('error', reject);
        socket.connect(port === '' ? coapPort : Number(port), host.address, () => {
          socket.removeAllListeners('error');
          resolve();
        });
      });
      return new CoapClient(socket, options);
    } catch (error) {
      throw new DeviceError('unreachable', messageOf(error));
    }
  }

  /** @throws DeviceError unreachable; an AbortError */
  async ask(question: CoapQuestion, signal: AbortSignal): Promise<CoapMessage> {
    signal.throwIfAborted();
    const { timeoutMs, acknowledgedMs: firstMs = acknowledgedMs } = this.options;
    const token = randomBytes(8);
    const name = token.toString('hex');
    this.#nextMessageId = (this.#nextMessageId + 1) % 0x10000;
    const messageId = this.#nextMessageId;
    const bytes = writeMessage({ ...question, type: 'confirmable', messageId, token });
    let again: NodeJS.Timeout | undefined;
    let limit: NodeJS.Timeout | undefined;
    let abort = (): void => undefined;
    try {
      return await new Promise<CoapMessage>((resolve, reject) => {
        const unanswered = () => reject(new DeviceError('unreachable', 'The node does not answer.'));
        const send = (sending: number, waitMs: number): void => {
          if (sending > mostSendings) return unanswered();
          this.#send(bytes);
          again = setTimeout(() => send(sending + 1, waitMs * 2), waitMs);
        };
        abort = () => reject(signal.reason instanceof Error ? signal.reason : new Error('it was aborted'));
        signal.addEventListener('abort', abort);
        limit = setTimeout(unanswered, timeoutMs);
        const received = () => clearTimeout(again);
        this.#waiting.set(name, { messageId, answered: resolve, received, failed: reject });
        send(1, firstMs * (1 + Math.random() / 2));
      });
    } finally {
      clearTimeout(again);
      clearTimeout(limit);
      signal.removeEventListener('abort', abort);
      this.#waiting.delete(name);
    }
  }

  async close(): Promise<void> {
    for (const waiting of this.#waiting.values())
      waiting.failed(new DeviceError('unreachable', 'The channel is closed.'));
    await new Promise<void>((resolve) => this.socket.close(() => resolve()));
  }

  #take(bytes: Buffer): void {
    const message = readMessage(bytes);
    if (message === null) return;
    const { type, code, messageId } = message;
    if (code === '0.00') return this.#takeEmpty(message);
    const waiting = this.#waiting.get(message.token.toString('hex'));
    if (type === 'confirmable')
      this.#send(writeMessage(emptyMessage(waiting === undefined ? 'reset' : 'acknowledgement', messageId)));
    if (!code.startsWith('0.')) waiting?.answered(message);
  }

  #takeEmpty({ type, messageId }: CoapMessage): void {
    const waiting = [...this.#waiting.values()].find((one) => one.messageId === messageId);
    if (type === 'acknowledgement') waiting?.received();
    if (type === 'reset')
      waiting?.failed(new DeviceError('unreachable', 'The node does not take the request.'));
  }

  #send(bytes: Buffer): void {
    this.socket.send(bytes, (error) => {
      if (error !== null) this.socket.emit('error', error);
    });
  }
}
