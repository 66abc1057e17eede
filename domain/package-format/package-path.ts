/**
 * Which paths a package may hold. The same rules are applied when a package is built and when a gateway reads
 * one, so a package that LEONORE builds is never refused for its names.
 */
import { limits } from '../limits.js';

/** ustar (POSIX.1-1988): a name of 100 bytes, and 155 more for the directories before it. */
const ustarNameBytes = 100;
const ustarPrefixBytes = 155;

const encoder = new TextEncoder();

/** A path that ustar can hold, taken apart at a slash. */
export interface UstarPath {
  readonly prefix: string;
  readonly name: string;
}

/** Takes a path apart for a ustar header; null when it does not fit without an extension. */
export function splitUstarPath(path: string): UstarPath | null {
  if (encoder.encode(path).length <= ustarNameBytes) return { prefix: '', name: path };
  for (let slash = path.indexOf('/'); slash !== -1; slash = path.indexOf('/', slash + 1)) {
    const name = path.slice(slash + 1);
    if (encoder.encode(name).length > ustarNameBytes) continue;
    const prefix = path.slice(0, slash);
    return name !== '' && encoder.encode(prefix).length <= ustarPrefixBytes ? { prefix, name } : null;
  }
  return null;
}

/**
 * Why a path must not be in a package, or null when it may.
 * Control characters would break the tab separated tables, backslashes mean something else elsewhere, and names
 * that are not in Unicode's composed form (NFC) have twins on some file systems.
 */
export function pathProblem(path: string): string | null {
  if (path === '') return 'is empty';
  if (path.length > limits.pathLength) return `is longer than ${limits.pathLength} characters`;
  if (path.startsWith('/')) return 'is absolute';
  // eslint's no-control-regex forbids the pattern that this loop stands for.
  for (const character of path) {
    const code = character.codePointAt(0) ?? 0;
    if (code < 0x20 || (code >= 0x7f && code < 0xa0)) return 'holds a control character';
    if (code >= 0xd800 && code <= 0xdfff) return 'is not valid Unicode';
  }
  if (path.includes('\\')) return 'holds a backslash';
  if (path.normalize('NFC') !== path) return "is not in Unicode's composed form";
  for (const segment of path.split('/')) {
    if (segment === '' || segment === '.' || segment === '..') return 'holds an empty, `.` or `..` segment';
  }
  return splitUstarPath(path) === null ? 'does not fit into a ustar header' : null;
}

/**
 * What the most forgetful file system would make of a name: it ignores case (in full: `ß` is `SS`) and compatibility
 * forms, leaves out what cannot be seen (HFS+), and dots and spaces at the end of a segment (FAT).
 */
function folded(path: string): string {
  return path
    .normalize('NFKD')
    .replace(/\p{Default_Ignorable_Code_Point}/gu, '')
    .toUpperCase()
    .toLowerCase()
    .normalize('NFKC')
    .replace(/[. ]+(?=\/|$)/g, '');
}

/**
 * The first path that cannot stand beside the others: a duplicate, one that differs by case or Unicode form only
 * (in any of its directories too), or a file where another path needs a directory. Null when there is none.
 */
export function findClash(paths: Iterable<string>): { path: string; other: string } | null {
  const files = new Map<string, string>();
  const directories = new Map<string, string>();
  for (const path of paths) {
    const key = folded(path);
    const twin = files.get(key) ?? directories.get(key);
    if (twin !== undefined) return { path, other: twin };
    files.set(key, path);
    for (let slash = path.indexOf('/'); slash !== -1; slash = path.indexOf('/', slash + 1)) {
      const directory = path.slice(0, slash);
      const directoryKey = folded(directory);
      const file = files.get(directoryKey);
      if (file !== undefined) return { path, other: file };
      const known = directories.get(directoryKey);
      if (known === undefined) directories.set(directoryKey, directory);
      else if (known !== directory) return { path, other: known };
    }
  }
  return null;
}
