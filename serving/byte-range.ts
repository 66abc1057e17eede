import parseRange from 'range-parser';

/** What part of a file of `size` bytes a request wants (RFC 9110, section 14). */
export type WantedRange =
  | { readonly kind: 'whole' }
  | { readonly kind: 'part'; readonly start: number; readonly end: number }
  | { readonly kind: 'unsatisfiable' };

/**
 * Reads Range and If-Range. A part is given only when If-Range names the strong ETag that the file has now; several
 * ranges at once, and what cannot be read, get the whole file.
 */
export function wantedRange(
  headers: { range?: string | undefined; 'if-range'?: string | undefined },
  size: number,
  etag: string,
): WantedRange {
  const { range } = headers;
  const ifRange = headers['if-range'];
  if (range === undefined || (ifRange !== undefined && ifRange !== etag)) return { kind: 'whole' };
  const parsed = parseRange(size, withinSize(range, size));
  if (parsed === -1) return { kind: 'unsatisfiable' };
  const [only, ...others] = parsed === -2 ? [] : parsed;
  if (only === undefined || others.length > 0 || (parsed !== -2 && parsed.type !== 'bytes'))
    return { kind: 'whole' };
  return { kind: 'part', start: only.start, end: only.end };
}

/** `bytes=-n` asks for the last n bytes; of a file that has fewer, for all of them (RFC 9110, section 14.1.2). */
function withinSize(range: string, size: number): string {
  return range.replace(/([=,]\s*-)(\d+)/g, (_suffix, before: string, last: string) => {
    return `${before}${String(Math.min(Number(last), size))}`;
  });
}
