/**
 * V8 lets some 64 MiB of buffers pile up before it looks for those that nobody needs any more. On a gateway that is
 * more memory than there is, so whoever streams a package asks for that look now and then: it takes a millisecond.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const everyBytes = 4 * 1024 * 1024;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as (options: { readonly type: 'minor' }) => void;

export class MemoryRelief {
  #bytes = 0;

  /** To be told of every chunk that went by. */
  passed(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes < everyBytes) return;
    this.#bytes = 0;
    collect({ type: 'minor' });
  }
}
