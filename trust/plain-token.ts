import { createHmac } from 'node:crypto';

const own = /^lgw_([A-Za-z0-9_-]{1,200}\.)[A-Za-z0-9_-]{43}$/;
const plain = /^lgp_[A-Za-z0-9_-]{1,200}\.[A-Za-z0-9_-]{43}$/;

/**
 * The form of a gateway's token that may be seen by others: what goes over a channel that anybody can read. It proves the
 * gateway there, and opens nothing that is secret; the token does not follow from it.
 * @param token another text than a gateway's own token is its own plain form
 */
export function plainTokenOf(token: string): string {
  const [, gateway] = own.exec(token) ?? [];
  if (gateway === undefined) return token;
  return `lgp_${gateway}${createHmac('sha256', token).update('leonore-plain-1').digest('base64url')}`;
}

/** Whether a token has that form; nothing is proved yet. */
export function isPlainToken(token: string): boolean {
  return plain.test(token);
}
