import { contentFormats } from '../../domain/agent-protocol/coap.js';
import {
  blockOf,
  numberOption,
  optionsOf,
  type Block,
  type CoapMessage,
} from '../../domain/agent-protocol/coap-message.js';

/** A request as its options say it. */
export interface ReadRequest {
  readonly method: 'GET' | 'POST' | 'PUT';
  /** Begins with a slash. */
  readonly path: string;
  readonly query: ReadonlyMap<string, string>;
  /** Tags of answers that the client has. */
  readonly etags: readonly Buffer[];
  /** What it wants to be answered in; null: it does not say. */
  readonly accepts: number | null;
  /** What its body is in; null: it does not say. */
  readonly format: number | null;
  readonly block1: Block | null;
  readonly block2: Block | null;
  /** Of the whole body, where the client says. */
  readonly sizeBytes: number | null;
}

const methods: Readonly<Record<string, ReadRequest['method']>> = {
  '0.01': 'GET',
  '0.02': 'POST',
  '0.03': 'PUT',
};
/** Options that must be understood, and are; those with an odd number that are not among them refuse the request. */
const understood = new Set(['Uri-Host', 'Uri-Port', 'Uri-Path', 'Uri-Query', 'Accept', 'Block1', 'Block2']);
/** The named ones of an odd number that are not. */
const critical = new Set(['If-Match', 'If-None-Match', 'OSCORE', 'Q-Block1', 'Q-Block2']);
const proxying = new Set(['Proxy-Uri', 'Proxy-Scheme']);
/** What bodies may be in. */
const readable: ReadonlySet<number> = new Set([contentFormats.json, contentFormats.cbor]);
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** @returns the code that it is refused with when it cannot be read */
export function readRequest(message: CoapMessage): ReadRequest | { readonly refused: string } {
  const names = message.options.map(({ name }) => name);
  if (names.some((name) => proxying.has(name))) return { refused: '5.05' };
  if (names.some(isUnknown)) return { refused: '4.02' };
  const method = methods[message.code];
  if (method === undefined) return { refused: '4.05' };
  const [block1, block2] = [blockOf(message, 'Block1'), blockOf(message, 'Block2')];
  if (block1 === 'malformed' || block2 === 'malformed') return { refused: '4.02' };
  const format = numberOption(message, 'Content-Format');
  if (method !== 'GET' && format !== null && !readable.has(format)) return { refused: '4.15' };
  try {
    const path = optionsOf(message, 'Uri-Path').map((segment) => utf8.decode(segment));
    const query = optionsOf(message, 'Uri-Query').map((pair) => utf8.decode(pair));
    return {
      method,
      path: `/${path.join('/')}`,
      query: new Map(query.map(nameAndValue)),
      etags: optionsOf(message, 'ETag'),
      accepts: numberOption(message, 'Accept'),
      format,
      block1,
      block2,
      sizeBytes: numberOption(message, 'Size1'),
    };
  } catch {
    return { refused: '4.00' };
  }
}

function isUnknown(name: string): boolean {
  if (understood.has(name)) return false;
  const number = Number(name);
  return critical.has(name) || (Number.isInteger(number) && number % 2 === 1);
}

function nameAndValue(pair: string): [string, string] {
  const equals = pair.indexOf('=');
  return equals === -1 ? [pair, ''] : [pair.slice(0, equals), pair.slice(equals + 1)];
}
