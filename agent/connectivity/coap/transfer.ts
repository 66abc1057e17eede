/** Bodies of any size in blocks, both ways (RFC 7959): each block asked for by itself, in order, so that a lost one is asked for again. */
import {
  blockAs,
  blockBytes,
  blockOf,
  numberAs,
  numberOption,
  optionsOf,
  pathOptions,
  type Block,
  type CoapMessage,
  type CoapOption,
} from '../../../domain/agent-protocol/coap-message.js';
import { contentFormats } from '../../../domain/agent-protocol/coap.js';
import { DeviceError } from '../device-error.js';
import type { CoapClient } from './coap-client.js';

export interface Transfer {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  /** Tag of an answer that is known already. */
  readonly etag?: Buffer;
  /** What is longer is no answer. */
  readonly mostBytes: number;
}

export interface Received {
  readonly code: string;
  readonly body: Buffer;
  readonly etag: Buffer | undefined;
  /** Seconds; undefined when the answer does not say. */
  readonly maxAge: number | undefined;
}

const codes = { GET: '0.01', POST: '0.02', PUT: '0.03' } as const;
/** With path and token it stays below what every link carries in one piece. */
const sentBlockBytes = 512;
/** Bodies are begun anew so often, when the node has forgotten how they began or has another answer now. */
const mostBeginnings = 3;

/** @throws DeviceError unreachable; malformed when the blocks of the answer make no whole; an AbortError */
export async function transfer(client: CoapClient, wanted: Transfer, signal: AbortSignal): Promise<Received> {
  for (let beginning = 1; ; beginning += 1) {
    const first = await send(client, wanted, signal);
    const received = first.code === '4.08' ? null : await receive(client, wanted, first, signal);
    if (received !== null) return received;
    if (beginning === mostBeginnings)
      throw new DeviceError('unavailable', 'The node does not keep what it was sent.');
  }
}

/**
 * One block of what is at a path.
 * @returns the answer, and which block it has; null when it has none: all is in it
 */
export async function askForBlock(
  client: CoapClient,
  wanted: Pick<Transfer, 'path' | 'query'>,
  number: number,
  signal: AbortSignal,
): Promise<{ readonly answer: CoapMessage; readonly block: Block | null }> {
  const block2 = blockAs('Block2', { number, more: false, sizeBytes: blockBytes });
  const options = [...optionsFor(wanted), block2];
  const answer = await client.ask({ code: codes.GET, options, payload: Buffer.alloc(0) }, signal);
  return { answer, block: understood(answer) };
}

/** Sends the body. @returns the answer to its last block */
async function send(client: CoapClient, wanted: Transfer, signal: AbortSignal): Promise<CoapMessage> {
  const { method, body = Buffer.alloc(0) } = wanted;
  const options = optionsFor(wanted);
  const code = codes[method];
  if (body.length <= sentBlockBytes) return client.ask({ code, options, payload: body }, signal);
  let sizeBytes = sentBlockBytes;
  for (let start = 0; ;) {
    const payload = body.subarray(start, start + sizeBytes);
    const more = start + payload.length < body.length;
    const block1 = blockAs('Block1', { number: start / sizeBytes, more, sizeBytes });
    const size = start === 0 ? [numberAs('Size1', body.length)] : [];
    const answer = await client.ask({ code, options: [...options, block1, ...size], payload }, signal);
    if (!more || answer.code !== '2.31') return answer;
    start += payload.length;
    // The node may want smaller ones from now on.
    const told = blockOf(answer, 'Block1');
    if (told !== null && told !== 'malformed') sizeBytes = Math.min(sizeBytes, told.sizeBytes);
  }
}

/** @returns null when the answer has changed meanwhile */
async function receive(
  client: CoapClient,
  wanted: Transfer,
  first: CoapMessage,
  signal: AbortSignal,
): Promise<Received | null> {
  const [etag] = optionsOf(first, 'ETag');
  const parts: Buffer[] = [];
  let answer = first;
  let length = 0;
  for (;;) {
    const block = understood(answer);
    if (block !== null && block.number * block.sizeBytes !== length)
      throw new DeviceError('malformed', 'The blocks of the answer do not follow on each other.');
    if (block?.more === true && answer.payload.length !== block.sizeBytes)
      throw new DeviceError('malformed', 'A block of the answer is not of its size.');
    parts.push(answer.payload);
    length += answer.payload.length;
    if (length > wanted.mostBytes) throw new DeviceError('malformed', 'The answer is too large.');
    if (block?.more !== true) break;
    const number = length / block.sizeBytes;
    const block2 = blockAs('Block2', { number, more: false, sizeBytes: block.sizeBytes });
    const options = [...optionsFor({ path: wanted.path, query: wanted.query }), block2];
    answer = await client.ask({ code: codes[wanted.method], options, payload: Buffer.alloc(0) }, signal);
    const [tag] = optionsOf(answer, 'ETag');
    if (answer.code !== first.code || !isSame(tag, etag)) return null;
  }
  const maxAge = numberOption(first, 'Max-Age');
  return { code: first.code, body: Buffer.concat(parts), etag, maxAge: maxAge ?? undefined };
}

function optionsFor({
  path,
  query,
  etag,
  body,
}: Pick<Transfer, 'path' | 'query'> & {
  readonly etag?: Buffer | undefined;
  readonly body?: Buffer | undefined;
}): CoapOption[] {
  return [
    ...pathOptions(path),
    ...Object.entries(query).map(([name, value]) => ({
      name: 'Uri-Query',
      value: Buffer.from(`${name}=${value}`),
    })),
    ...(etag === undefined ? [] : [{ name: 'ETag', value: etag }]),
    ...(body === undefined ? [] : [numberAs('Content-Format', contentFormats.json)]),
  ];
}

/** @returns null when the answer is in one piece */
function understood(answer: CoapMessage): Block | null {
  const block = blockOf(answer, 'Block2');
  if (block === 'malformed') throw new DeviceError('malformed', 'The answer has blocks of no known size.');
  return block;
}

function isSame(left: Buffer | undefined, right: Buffer | undefined): boolean {
  return left === undefined || right === undefined ? left === right : left.equals(right);
}
