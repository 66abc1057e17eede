import { printable, type OutputStream } from './output.js';

/** Says which keys nothing will ask for: perhaps they are misspelt, or the artifact is still to come. */
export function warnOfUndeclared(keys: readonly string[], stream: OutputStream): void {
  for (const key of keys) stream.write(`warning: no artifact declares the value ${printable(key)}\n`);
}
