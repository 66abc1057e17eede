/** Patterns of gateway ids, see `matchesGlob`: `*` stands for any characters, `?` for one; no id has a `/`. */
export const idGlobPattern = '^[A-Za-z0-9._:*?-]{1,128}$';
