import { LeonoreError } from '../../domain/errors.js';

/**
 * Accepts a gateway's push address only when it is on the host that the registration came from: a gateway cannot
 * make LEONORE send requests to anybody else.
 * @throws LeonoreError MALFORMED_INPUT
 */
export function checkPushAddress(address: string, remoteAddress: string): void {
  const url = URL.canParse(address) ? new URL(address) : null;
  if (url?.protocol !== 'http:' || url.username !== '' || url.password !== '') {
    throw new LeonoreError('MALFORMED_INPUT', 'pushAddress is not a plain http address');
  }
  if (plainHost(url.hostname) !== plainHost(remoteAddress)) {
    throw new LeonoreError(
      'MALFORMED_INPUT',
      `pushAddress is on ${url.hostname}, but the registration came from ${remoteAddress}`,
    );
  }
}

/** Without the brackets of IPv6 and the prefix of IPv4 in IPv6. */
function plainHost(host: string): string {
  return host.replace(/^\[|\]$/g, '').replace(/^::ffff:/i, '');
}
