import { createHash } from 'node:crypto';
import { contentFormats } from '../../domain/agent-protocol/coap.js';
import {
  blockAs,
  blockBytes,
  numberAs,
  type Block,
  type CoapOption,
} from '../../domain/agent-protocol/coap-message.js';
import { writeCbor } from './cbor.js';
import type { CoapAnswer } from './coap-socket.js';

/** What a request is answered with, of whatever size. */
export interface Content {
  readonly code: string;
  readonly format: number;
  /** Two contents of one tag are the same bytes; null where nobody asks for a part of it later. */
  readonly etag: Buffer | null;
  readonly options?: readonly CoapOption[];
  readonly sizeBytes: number;
  /** What keeping it takes of memory. */
  readonly heldBytes: number;
  /** @param end the first byte that is not read */
  read(start: number, end: number): Promise<Buffer> | Buffer;
}

const tagBytes = 8;

/** Content that is in memory. @param etag by default it follows from the bytes */
export function contentOf(
  body: Buffer,
  {
    code,
    format = contentFormats.json,
    etag = tagOf(body),
  }: { readonly code: string; readonly format?: number; readonly etag?: Buffer },
): Content {
  const sizeBytes = body.length;
  const read = (start: number, end: number): Buffer => body.subarray(start, end);
  return { code, format, etag, sizeBytes, heldBytes: sizeBytes, read };
}

/**
 * What is answered, in the form that is asked for; in JSON where that is not said, or there is no text of it.
 * @param accepts number of a content format; null: it was not said
 */
export function formOf(accepts: number | null, code: string, value: object, text?: () => string): Content {
  if (accepts === contentFormats.cbor)
    return contentOf(writeCbor(value), { code, format: contentFormats.cbor });
  if (accepts === contentFormats.text && text !== undefined)
    return contentOf(Buffer.from(text()), { code, format: contentFormats.text });
  return contentOf(Buffer.from(JSON.stringify(value)), { code });
}

/** A tag of CoAP's, of up to eight bytes. */
export function tagOf(bytes: Buffer | string, length = tagBytes): Buffer {
  return createHash('sha256').update(bytes).digest().subarray(0, length);
}

/**
 * The part of a content that one datagram takes (Block2, RFC 7959).
 * @param wanted null: it begins, in blocks of the largest size
 */
export async function answerWith(content: Content, wanted: Block | null): Promise<CoapAnswer> {
  const { code, format, etag, sizeBytes, options = [] } = content;
  const { number, sizeBytes: size } = wanted ?? { number: 0, sizeBytes: blockBytes };
  const start = number * size;
  if (number > 0 && start >= sizeBytes) return { code: '4.02' };
  const payload = await content.read(start, Math.min(start + size, sizeBytes));
  const more = start + payload.length < sizeBytes;
  const isInBlocks = more || number > 0 || (wanted !== null && sizeBytes > 0);
  return {
    code,
    payload,
    options: [
      ...options,
      ...(sizeBytes === 0 ? [] : [numberAs('Content-Format', format)]),
      ...(etag === null || sizeBytes === 0 ? [] : [{ name: 'ETag', value: etag }]),
      ...(isInBlocks
        ? [blockAs('Block2', { number, more, sizeBytes: size }), numberAs('Size2', sizeBytes)]
        : []),
    ],
  };
}
