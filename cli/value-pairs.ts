import { text } from 'node:stream/consumers';
import { badUsage } from './bad-usage.js';

/** Reads `KEY=VALUE` of each argument; a KEY alone has its value on standard input. */
export async function readPairs(pairs: readonly string[]): Promise<Record<string, string>> {
  const values: Record<string, string> = {};
  const open = pairs.filter((pair) => !pair.includes('='));
  if (open.length > 1) throw badUsage(`standard input can hold one value only: ${open.join(', ')}`);
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    // The line feed that editors and echo put at the end is not meant.
    if (at < 0) values[pair] = (await text(process.stdin)).replace(/\r?\n$/, '');
    else values[pair.slice(0, at)] = pair.slice(at + 1);
  }
  return values;
}
