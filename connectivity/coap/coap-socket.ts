/**
 * The message layer of CoAP (RFC 7252, section 4) on one UDP socket, as a node needs it: requests of many gateways answered,
 * notices sent.
 *
 * INVARIANTS
 * - A request is answered by one datagram at most, to where it came from, and never again by itself: whoever has another's address
 *   makes nobody get more messages than he sends. Answers ride on acknowledgements; a client that waits for one asks again.
 * - A request that changes something is carried out once, however often its datagram comes.
 * - What is remembered and what is in hand is bounded, in bytes or in number.
 */
import { randomBytes, randomInt } from 'node:crypto';
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIP } from 'node:net';
import { LRUCache } from 'lru-cache';
import type { Logger } from 'pino';
import {
  emptyMessage,
  numberAs,
  readMessage,
  writeMessage,
  type CoapMessage,
  type CoapOption,
} from '../../domain/agent-protocol/coap-message.js';
import { limits } from '../../domain/limits.js';

export interface CoapPeer {
  readonly address: string;
  readonly port: number;
}

export interface CoapRequest {
  readonly peer: CoapPeer;
  readonly message: CoapMessage;
  /** Of its datagram. */
  readonly sizeBytes: number;
}

export interface CoapAnswer {
  readonly code: string;
  readonly options?: readonly CoapOption[];
  readonly payload?: Buffer;
}

export interface CoapSocketOptions {
  readonly host: string;
  readonly port: number;
  /** Datagrams of one address that are read within {@link limits.budgetWindowMs}. */
  readonly addressBudget: number;
  answer(request: CoapRequest): Promise<CoapAnswer>;
  readonly logger: Logger;
}

/** EXCHANGE_LIFETIME (RFC 7252, section 4.8.2): for so long a datagram may come again. */
const exchangeMs = 247_000;
/** Answers of a tenth of a kilobyte mostly: some hundred a second are remembered for all of that time. */
const rememberedBytes = 16 * 1024 * 1024;
const mostInHand = 1_000;
const retryAfterSeconds = 2;
/** After each sending of a notice; in all no longer than one over HTTP may take. */
const noticeWaitsMs = [2_000, 4_000, 4_000];
/** Bursts of many gateways wait in the kernel; it gives less where it is told to. */
const receiveBufferBytes = 4 * 1024 * 1024;

interface Asked {
  readonly peer: CoapPeer;
  readonly messageId: number;
  settle(answer: CoapMessage | null): void;
}

export class CoapSocket {
  private readonly inHand = new Map<string, Promise<void>>();
  private readonly answered = new LRUCache<string, Buffer>({
    maxSize: rememberedBytes,
    ttl: exchangeMs,
    sizeCalculation: (answer) => answer.length + 128,
  });
  private readonly counted = new LRUCache<string, { datagrams: number }>({
    max: limits.countedCallers,
    ttl: limits.budgetWindowMs,
  });
  private readonly asked = new Map<string, Asked>();
  private nextMessageId = randomInt(0x10000);

  private constructor(
    private readonly socket: Socket,
    private readonly options: CoapSocketOptions,
  ) {
    socket.on('message', (bytes, from) => this.take(bytes, from));
    socket.on('error', (error) => options.logger.warn({ err: error }, 'the socket for CoAP'));
  }

  /** Begins to listen. */
  static async open(options: CoapSocketOptions): Promise<CoapSocket> {
    const socket = createSocket(isIP(options.host) === 6 ? 'udp6' : 'udp4');
    socket.bind(options.port, options.host);
    await once(socket, 'listening');
    try {
      socket.setRecvBufferSize(receiveBufferBytes);
    } catch (error) {
      options.logger.debug({ err: error }, 'the socket for CoAP has a small buffer');
    }
    return new CoapSocket(socket, options);
  }

  /** Where it listens. */
  get address(): string {
    const { address, port } = this.socket.address();
    return `coap://${address.includes(':') ? `[${address}]` : address}:${port}`;
  }

  /**
   * Asks a gateway something, three times at most.
   * @returns its answer; null when there is none
   */
  async ask(
    { address, port }: CoapPeer,
    request: Pick<CoapMessage, 'code' | 'options' | 'payload'>,
    signal: AbortSignal,
  ): Promise<CoapMessage | null> {
    const isOldInNew = this.socket.address().family === 'IPv6' && isIP(address) === 4;
    const peer = { address: isOldInNew ? `::ffff:${address}` : address, port };
    const token = randomBytes(8);
    const messageId = this.takeMessageId();
    const bytes = writeMessage({ ...request, type: 'confirmable', messageId, token });
    const name = token.toString('hex');
    let timer: NodeJS.Timeout | undefined;
    let end = (): void => undefined;
    try {
      return await new Promise<CoapMessage | null>((resolve, reject) => {
        const send = (attempt: number): void => {
          const waitMs = noticeWaitsMs[attempt];
          if (waitMs === undefined) return resolve(null);
          this.send(bytes, peer);
          timer = setTimeout(() => send(attempt + 1), waitMs * (1 + Math.random() / 2));
        };
        end = () => reject(signal.reason instanceof Error ? signal.reason : new Error('it was aborted'));
        signal.addEventListener('abort', end);
        this.asked.set(name, { peer, messageId, settle: resolve });
        if (signal.aborted) end();
        else send(0);
      });
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      this.asked.delete(name);
    }
  }

  /** Ends when what is in hand has been answered. */
  async close(): Promise<void> {
    this.socket.removeAllListeners('message');
    for (const asked of this.asked.values()) asked.settle(null);
    await Promise.all(this.inHand.values());
    await new Promise<void>((resolve) => this.socket.close(() => resolve()));
  }

  private take(bytes: Buffer, from: RemoteInfo): void {
    const datagrams = this.count(from.address);
    const { addressBudget } = this.options;
    // Who goes on though it was told to wait is not even told that.
    if (datagrams > 2 * addressBudget) return;
    const message = readMessage(bytes);
    if (message === null) return this.reject(bytes, from);
    const { type, code, messageId } = message;
    if (type === 'acknowledgement' || type === 'reset' || !code.startsWith('0.'))
      return this.settle(message, from);
    // Whether anybody is here (RFC 7252, section 4.3).
    if (code === '0.00') return this.send(writeMessage(emptyMessage('reset', messageId)), from);
    const request = { peer: from, message, sizeBytes: bytes.length };
    if (datagrams > addressBudget) this.reply(message, from, later('4.29', request));
    else this.serve(request);
  }

  private serve(request: CoapRequest): void {
    const { peer, message } = request;
    const key = `${peer.address} ${peer.port} ${message.messageId} ${message.token.toString('hex')}`;
    if (this.inHand.has(key)) return;
    const before = this.answered.get(key);
    if (before !== undefined) return this.send(before, peer);
    if (this.inHand.size >= mostInHand) {
      this.reply(message, peer, later('5.03', request));
      return;
    }
    const work = this.options
      .answer(request)
      .then((answer) => {
        const bytes = this.reply(message, peer, answer);
        // What only reads is as well read again.
        if (message.code !== '0.01') this.answered.set(key, bytes);
      })
      .catch((error: unknown) => this.options.logger.error({ err: error }, 'a request over CoAP'))
      .finally(() => this.inHand.delete(key));
    this.inHand.set(key, work);
  }

  private reply(
    { type, token, messageId }: CoapMessage,
    peer: CoapPeer,
    { code, options = [], payload = Buffer.alloc(0) }: CoapAnswer,
  ): Buffer {
    const isConfirmable = type === 'confirmable';
    const bytes = writeMessage({
      type: isConfirmable ? 'acknowledgement' : 'non-confirmable',
      messageId: isConfirmable ? messageId : this.takeMessageId(),
      ...{ code, token, options, payload },
    });
    this.send(bytes, peer);
    return bytes;
  }

  /** What is malformed, and wants to be acknowledged, is said to be so (RFC 7252, section 4.2). */
  private reject(bytes: Buffer, peer: CoapPeer): void {
    const [head = 0] = bytes;
    const isConfirmable = bytes.length >= 4 && head >> 4 === 0b0100;
    if (isConfirmable) this.send(writeMessage(emptyMessage('reset', bytes.readUInt16BE(2))), peer);
  }

  private settle(message: CoapMessage, { address, port }: CoapPeer): void {
    const asked =
      message.type === 'reset'
        ? [...this.asked.values()].find(({ messageId }) => messageId === message.messageId)
        : this.asked.get(message.token.toString('hex'));
    const isTheirs = asked?.peer.address === address && asked.peer.port === port;
    if (message.type === 'confirmable')
      this.send(writeMessage(emptyMessage(isTheirs ? 'acknowledgement' : 'reset', message.messageId)), {
        address,
        port,
      });
    if (isTheirs) asked.settle(message.type === 'reset' ? null : message);
  }

  private count(address: string): number {
    const counted = this.counted.get(address);
    if (counted !== undefined) return (counted.datagrams += 1);
    this.counted.set(address, { datagrams: 1 });
    return 1;
  }

  private takeMessageId(): number {
    this.nextMessageId = (this.nextMessageId + 1) % 0x10000;
    return this.nextMessageId;
  }

  private send(bytes: Buffer, { address, port }: CoapPeer): void {
    // Anybody can write it into a datagram, or an address; nobody is there, and the socket throws.
    if (port === 0) return;
    // Whoever cannot be reached asks again, or does not.
    this.socket.send(bytes, port, address, (error) => {
      if (error !== null) this.options.logger.debug({ err: error }, 'a datagram was not sent');
    });
  }
}

/** That there is too much to do now; without a time when the request is shorter than that would be. */
function later(code: string, { sizeBytes }: CoapRequest): CoapAnswer {
  const [header, token, maxAge] = [4, 8, 3];
  return sizeBytes < header + token + maxAge
    ? { code }
    : { code, options: [numberAs('Max-Age', retryAfterSeconds)] };
}
