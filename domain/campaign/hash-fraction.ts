/**
 * A number in [0, 1) that a text stands for: the same everywhere and always, and as good as drawn at random. Not for
 * secrets.
 */
export function hashFraction(text: string): number {
  // Two lanes of multiply and xor over the UTF-16 units, mixed at the end so that the last unit reaches every bit.
  let low = 0x811c9dc5;
  let high = 0x9e3779b9;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    low = Math.imul(low ^ unit, 0x01000193);
    high = Math.imul(high ^ unit, 0x5bd1e995) ^ (high >>> 15);
  }
  const mixedLow = avalanche(low ^ high);
  const mixedHigh = avalanche(high ^ mixedLow);
  return ((mixedHigh >>> 5) * 2 ** 26 + (mixedLow >>> 6)) / 2 ** 53;
}

function avalanche(value: number): number {
  let mixed = value ^ (value >>> 16);
  mixed = Math.imul(mixed, 0x7feb352d);
  mixed ^= mixed >>> 15;
  mixed = Math.imul(mixed, 0x846ca68b);
  return mixed ^ (mixed >>> 16);
}
