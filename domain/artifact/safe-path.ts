import { limits } from '../limits.js';

/** ustar's name field: a single segment longer than this cannot be written. */
const segmentLength = 100;

/** Control characters would break the tab-separated `path` table; the backslash is a separator elsewhere. */
function isHostile(code: number): boolean {
  return code < 0x20 || code === 0x7f || code === 0x5c || (code >= 0x80 && code <= 0x9f);
}

/**
 * Tells whether a path of an artifact may become a path on a gateway: relative, plain segments separated by
 * single slashes, nothing that climbs (`..`), stays (`.`) or hides a separator, and short enough for ustar.
 * Lone surrogates are refused as they have no UTF-8 form.
 */
export function isSafePath(path: string): boolean {
  if (path.length === 0 || Buffer.byteLength(path, 'utf8') > limits.pathLength) return false;
  if (/\p{Surrogate}/u.test(path) || path !== path.normalize('NFC')) return false;
  for (let index = 0; index < path.length; index += 1) {
    if (isHostile(path.charCodeAt(index))) return false;
  }
  return path
    .split('/')
    .every(
      (segment) =>
        segment !== '' &&
        segment !== '.' &&
        segment !== '..' &&
        Buffer.byteLength(segment, 'utf8') <= segmentLength,
    );
}
