/** Patterns of gateway ids: `*` stands for any characters, `?` for one. */
export const idGlobPattern = '^[A-Za-z0-9._:*?-]{1,128}$';

/** Tells whether an id matches a pattern, in time of at most the product of their lengths. */
export function matchesIdGlob(id: string, glob: string): boolean {
  let at = 0;
  let place = 0;
  // Where the last star is, and how far the id was read when it took nothing more.
  let star = -1;
  let resumeAt = 0;
  while (at < id.length) {
    if (place < glob.length && (glob[place] === '?' || (glob[place] !== '*' && glob[place] === id[at]))) {
      at += 1;
      place += 1;
    } else if (glob[place] === '*') {
      star = place;
      resumeAt = at;
      place += 1;
    } else if (star >= 0) {
      resumeAt += 1;
      at = resumeAt;
      place = star + 1;
    } else return false;
  }
  while (glob[place] === '*') place += 1;
  return place === glob.length;
}
