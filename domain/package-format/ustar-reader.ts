/**
 * Reads the tar of a package from chunks of any size, and accepts no other structure than the writer's: each entry a
 * plain ustar file, padding of zeros, two blocks of zeros at the end and not one byte after them.
 */
import { malformedPackage } from './check-manifest.js';
import { blockSize, decodeUstarHeader, type UstarHeader } from './ustar-header.js';

export type UstarEvent =
  | { readonly kind: 'begin'; readonly header: UstarHeader }
  | { readonly kind: 'data'; readonly bytes: Uint8Array }
  | { readonly kind: 'end' };

type Phase = 'header' | 'data' | 'padding' | 'second end block' | 'after the end';

/** Feed it with `push` and carry out the events in between; `finish` once at the end of the input. */
export class UstarReader {
  #phase: Phase = 'header';
  /** Bytes of the present data or padding that are still to come. */
  #left = 0;
  #padding = 0;
  readonly #block = new Uint8Array(blockSize);
  #filled = 0;

  /**
   * Takes the next bytes of the archive. Data events share the chunk's memory.
   *
   * @throws LeonoreError MALFORMED_PACKAGE
   */
  *push(chunk: Uint8Array): Generator<UstarEvent, void, void> {
    let rest = chunk;
    while (rest.length > 0) {
      switch (this.#phase) {
        case 'header':
        case 'second end block': {
          const taken = rest.subarray(0, blockSize - this.#filled);
          this.#block.set(taken, this.#filled);
          this.#filled += taken.length;
          rest = rest.subarray(taken.length);
          if (this.#filled === blockSize) {
            this.#filled = 0;
            yield* this.#takeBlock();
          }
          break;
        }
        case 'data': {
          const bytes = rest.subarray(0, this.#left);
          this.#left -= bytes.length;
          rest = rest.subarray(bytes.length);
          yield { kind: 'data', bytes };
          if (this.#left === 0) yield* this.#endEntry();
          break;
        }
        case 'padding': {
          const zeros = rest.subarray(0, this.#left);
          if (!isZero(zeros)) throw malformedPackage('The archive has data in its padding.');
          this.#left -= zeros.length;
          rest = rest.subarray(zeros.length);
          if (this.#left === 0) this.#phase = 'header';
          break;
        }
        case 'after the end':
          throw malformedPackage('The archive has data after its end.');
      }
    }
  }

  /** @throws LeonoreError MALFORMED_PACKAGE when the archive was cut off */
  finish(): void {
    if (this.#phase !== 'after the end') throw malformedPackage('The archive is cut off.');
  }

  *#takeBlock(): Generator<UstarEvent, void, void> {
    const zero = isZero(this.#block);
    if (this.#phase === 'second end block') {
      if (!zero) throw malformedPackage('The archive goes on after a block of zeros.');
      this.#phase = 'after the end';
      return;
    }
    if (zero) {
      this.#phase = 'second end block';
      return;
    }
    const header = decodeUstarHeader(this.#block);
    if ('problem' in header) throw malformedPackage(`The archive holds ${header.problem}.`);
    yield { kind: 'begin', header };
    this.#left = header.size;
    this.#padding = (blockSize - (header.size % blockSize)) % blockSize;
    this.#phase = 'data';
    if (header.size === 0) yield* this.#endEntry();
  }

  *#endEntry(): Generator<UstarEvent, void, void> {
    yield { kind: 'end' };
    this.#left = this.#padding;
    this.#phase = this.#padding === 0 ? 'header' : 'padding';
  }
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}
