/**
 * `*` stands for any characters and `?` for one, but `/`. In time that is the product of the lengths: the text may be
 * somebody's who wants it to last.
 */
export function matchesGlob(pattern: string, text: string): boolean {
  let at = 0;
  let from = 0;
  let star = -1;
  let starFrom = 0;
  while (from < text.length) {
    const wanted = pattern[at];
    if (wanted === '*') {
      star = at;
      starFrom = from;
      at += 1;
    } else if (wanted === text[from] || (wanted === '?' && text[from] !== '/')) {
      at += 1;
      from += 1;
    } else if (star !== -1 && text[starFrom] !== '/') {
      starFrom += 1;
      from = starFrom;
      at = star + 1;
    } else return false;
  }
  while (pattern[at] === '*') at += 1;
  return at === pattern.length;
}
