import { LRUCache } from 'lru-cache';
import type { Block } from '../../domain/agent-protocol/coap-message.js';

interface Begun {
  readonly parts: readonly Buffer[];
  readonly sizeBytes: number;
  /** How much of it there was before its last block. */
  readonly beforeLastBytes: number;
}

export type ReceivedBlock =
  | { readonly kind: 'whole'; readonly body: Buffer }
  | { readonly kind: 'continue' }
  /** It does not follow on what is there: it has to be sent anew, from its first block. */
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'tooLarge' };

/** Whoever sends the next block of a body later than this begins anew. */
const waitedMs = 60_000;
/** What a body that was begun takes besides its bytes, and what each of its parts does: small blocks make many. */
const overheadBytes = { ofBody: 512, ofPart: 160 };

/**
 * Bodies that come in blocks, one after the other (Block1, RFC 7959). A sender has one begun at a time; when there are too many,
 * the one that was longest without a block is forgotten, and its sender told to begin anew.
 */
export class RequestBodies {
  private readonly begun: LRUCache<string, Begun>;

  /** @param heldBytes that all bodies which were begun may take together */
  constructor(heldBytes: number) {
    this.begun = new LRUCache<string, Begun>({
      maxSize: heldBytes,
      ttl: waitedMs,
      sizeCalculation: ({ sizeBytes, parts }) =>
        sizeBytes + overheadBytes.ofBody + parts.length * overheadBytes.ofPart,
    });
  }

  /**
   * Takes a block.
   * @param sender names who sends it, and to what
   * @param mostBytes of the whole body
   */
  take(
    sender: string,
    { number, more, sizeBytes }: Block,
    payload: Buffer,
    mostBytes: number,
  ): ReceivedBlock {
    const start = number * sizeBytes;
    const isOfSize = more ? payload.length === sizeBytes : payload.length <= sizeBytes;
    if (start + payload.length > mostBytes) {
      this.begun.delete(sender);
      return { kind: 'tooLarge' };
    }
    const before = number === 0 ? nothing : this.begun.get(sender);
    if (before === undefined || !isOfSize) return this.forget(sender);
    // Its answer was lost, so it comes again.
    if (more && number > 0 && start === before.beforeLastBytes) return { kind: 'continue' };
    if (start !== before.sizeBytes) return this.forget(sender);
    const parts = [...before.parts, payload];
    if (!more) {
      this.begun.delete(sender);
      return { kind: 'whole', body: Buffer.concat(parts) };
    }
    const body = { parts, sizeBytes: start + payload.length, beforeLastBytes: start };
    this.begun.set(sender, body);
    return { kind: 'continue' };
  }

  private forget(sender: string): ReceivedBlock {
    this.begun.delete(sender);
    return { kind: 'incomplete' };
  }
}

const nothing: Begun = { parts: [], sizeBytes: 0, beforeLastBytes: -1 };
