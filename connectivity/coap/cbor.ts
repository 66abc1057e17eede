/**
 * Bodies in CBOR (RFC 8949), as far as they say what JSON can: the schemas are the same.
 *
 * INVARIANT: reading takes time and memory in proportion to the bytes, whatever these claim. Lengths that are not said, tags, bytes,
 * keys that are no text or come twice, and what is nested too deep are refused.
 */
import { decode, encode, Tokenizer, type DecodeOptions, type Token } from 'cborg';

/** Deeper than any message is. */
const mostDepth = 32;

const strictly: DecodeOptions = {
  strict: true,
  allowIndefinite: false,
  allowUndefined: false,
  allowInfinity: false,
  allowNaN: false,
  allowBigInt: false,
  rejectDuplicateMapKeys: true,
  // Of objects a key could be their prototype.
  useMaps: true,
};

/**
 * @returns what JSON.parse would have made of the same
 * @throws Error when it is no CBOR, or says what JSON cannot
 */
export function readCbor(bytes: Uint8Array): unknown {
  return plain(decode(bytes, { ...strictly, tokenizer: new ShallowTokenizer(bytes, strictly) }));
}

export function writeCbor(value: object): Buffer {
  // What JSON leaves out is left out here too.
  return Buffer.from(encode(JSON.parse(JSON.stringify(value))));
}

/** Ends where what is read is nested too deep: decoding goes one call deeper for each level. */
class ShallowTokenizer extends Tokenizer {
  /** Of each list or map that is open, how many values are still to come. */
  private readonly open: number[] = [];

  override next(): Token {
    const token = super.next();
    while (this.open.length > 0 && this.open.at(-1) === 0) this.open.pop();
    const last = this.open.length - 1;
    const left = this.open[last];
    if (left !== undefined) this.open[last] = left - 1;
    const { name } = token.type;
    const isList = name === 'array';
    if (isList || name === 'map') {
      const values = Number(token.value) * (isList ? 1 : 2);
      if (this.open.push(values) > mostDepth) throw new Error('it is nested too deep');
    }
    return token;
  }
}

function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Map)
    return Object.fromEntries(
      [...value].map(([key, inner]: [unknown, unknown]) => {
        if (typeof key !== 'string') throw new Error('a key is no text');
        return [key, plain(inner)];
      }),
    );
  if (value === null || ['string', 'number', 'boolean'].includes(typeof value)) return value;
  throw new Error('it says what JSON cannot');
}
