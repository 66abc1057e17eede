/**
 * Messages of CoAP (RFC 7252, section 3) and the options that block-wise transfer adds (RFC 7959). Read strictly: what is not
 * written as it must be is no message.
 */
import { generate, parse } from 'coap-packet';

export interface CoapOption {
  /** As RFC 7252 names it (`Uri-Path`); its number in digits when it has no name here. */
  readonly name: string;
  readonly value: Buffer;
}

export interface CoapMessage {
  readonly type: 'confirmable' | 'non-confirmable' | 'acknowledgement' | 'reset';
  /** `0.01` to `0.07` are requests, `0.00` is empty, all else answers. */
  readonly code: string;
  readonly messageId: number;
  /** Names the request that an answer is to. */
  readonly token: Buffer;
  readonly options: readonly CoapOption[];
  readonly payload: Buffer;
}

/** What one datagram may have: the largest block with its options stays below. */
export const datagramBytes = 1_472;
const tokenBytes = 8;

/** @returns null when the bytes are no message */
export function readMessage(bytes: Buffer): CoapMessage | null {
  if (bytes.length < 4 || bytes.length > datagramBytes) return null;
  try {
    const packet = parse(bytes);
    if (packet.token.length > tokenBytes) return null;
    const message: CoapMessage = {
      type: packet.ack
        ? 'acknowledgement'
        : packet.reset
          ? 'reset'
          : packet.confirmable
            ? 'confirmable'
            : 'non-confirmable',
      code: packet.code,
      messageId: packet.messageId,
      token: packet.token,
      options: packet.options.map(({ name, value }) => ({ name: String(name), value })),
      payload: packet.payload,
    };
    // What the parser lets pass (a value that is cut off, an end of options without a payload) comes out otherwise.
    return writeMessage(message).equals(bytes) ? message : null;
  } catch {
    return null;
  }
}

/** The bytes of a message; options may stand in any order. */
export function writeMessage({ type, options, ...message }: CoapMessage): Buffer {
  return generate(
    {
      ...message,
      options: options.map(({ name, value }) => ({ name, value })),
      confirmable: type === 'confirmable',
      ack: type === 'acknowledgement',
      reset: type === 'reset',
    },
    datagramBytes,
  );
}

/** An empty message: that another was received, or that it says nothing here. */
export function emptyMessage(type: 'acknowledgement' | 'reset', messageId: number): CoapMessage {
  return { type, code: '0.00', messageId, token: Buffer.alloc(0), options: [], payload: Buffer.alloc(0) };
}

/** The values of an option, in order. */
export function optionsOf({ options }: Pick<CoapMessage, 'options'>, name: string): Buffer[] {
  return options.filter((option) => option.name === name).map(({ value }) => value);
}

/** The value of an option that is a number; null when it is absent, or too long for one of 32 bits. */
export function numberOption(message: Pick<CoapMessage, 'options'>, name: string): number | null {
  const [value] = optionsOf(message, name);
  return value === undefined || value.length > 4 ? null : numberOf(value);
}

/** An option whose value is a number, as short as it can be written. */
export function numberAs(name: string, value: number): CoapOption {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  let start = 0;
  while (start < 4 && bytes[start] === 0) start += 1;
  return { name, value: bytes.subarray(start) };
}

/** A path as its options: what is written in percent in it stays as it is written. */
export function pathOptions(path: string): CoapOption[] {
  const segments = path.replace(/^\//, '').split('/');
  return segments.map((segment) => ({ name: 'Uri-Path', value: Buffer.from(segment) }));
}

/** A block of a body: which, of what size, and whether more follow. */
export interface Block {
  readonly number: number;
  readonly more: boolean;
  readonly sizeBytes: number;
}

/** The largest block there is over UDP. */
export const blockBytes = 1_024;
const mostBlocks = 2 ** 20;

/** @returns null when the message has no such option; `malformed` when it is none */
export function blockOf(
  message: Pick<CoapMessage, 'options'>,
  name: 'Block1' | 'Block2',
): Block | null | 'malformed' {
  const [value, another] = optionsOf(message, name);
  if (value === undefined) return null;
  if (another !== undefined || value.length > 3) return 'malformed';
  const bits = numberOf(value);
  const exponent = bits & 0b111;
  if (exponent === 0b111) return 'malformed';
  return { number: bits >> 4, more: (bits & 0b1000) !== 0, sizeBytes: 2 ** (exponent + 4) };
}

/** @throws RangeError when there are no so many blocks */
export function blockAs(name: 'Block1' | 'Block2', { number, more, sizeBytes }: Block): CoapOption {
  if (number >= mostBlocks) throw new RangeError(`there is no block ${number}`);
  return numberAs(name, number * 16 + (more ? 8 : 0) + (Math.log2(sizeBytes) - 4));
}

function numberOf(value: Buffer): number {
  return value.length === 0 ? 0 : value.readUIntBE(0, value.length);
}
