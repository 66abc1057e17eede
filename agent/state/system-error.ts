/**
 * Looking at what was thrown by its shape: errors of Node itself are of another realm where code runs in a context
 * of its own, so `instanceof Error` does not hold for them there.
 */

/** True when something thrown carries one of the codes, such as ENOENT. */
export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && codes.includes(String(error.code));
}

/** What something thrown says. */
export function messageOf(error: unknown): string {
  const said = typeof error === 'object' && error !== null && 'message' in error ? error.message : error;
  return typeof said === 'string' ? said : String(said);
}
