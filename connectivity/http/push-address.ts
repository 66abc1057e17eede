import { LeonoreError } from '../../domain/errors.js';
import type { AddressRules } from '../gateway-handler.js';
import { type Networks, plainHost } from '../networks.js';

/**
 * Where gateways may be notified. A gateway says its own address: it must not make LEONORE send requests to anybody else, and
 * least of all to what only LEONORE can reach.
 */
export class PushAddresses implements AddressRules {
  readonly scheme = 'http';

  /** @param networks those that gateways are in */
  constructor(private readonly networks: Networks) {}

  check(address: string, peer: string): void {
    const url = readAddress(address);
    if (url === null) throw new LeonoreError('MALFORMED_INPUT', 'pushAddress is not a plain http address');
    const host = plainHost(url.hostname);
    if (host !== plainHost(peer)) {
      throw new LeonoreError(
        'MALFORMED_INPUT',
        `pushAddress is on ${url.hostname}, but the registration came from ${peer}`,
      );
    }
    if (!this.isOpen(url))
      throw new LeonoreError('MALFORMED_INPUT', `nobody is notified at ${url.host}: LEONORE_PUSH_ADDRESSES`);
  }

  /** Whether an address that was accepted once may be used now: what is configured may have changed since. */
  mayBeUsed(address: string): boolean {
    const url = readAddress(address);
    return url !== null && this.isOpen(url);
  }

  private isOpen(url: URL): boolean {
    return this.networks.mayBeReached(plainHost(url.hostname), url.port === '' ? 80 : Number(url.port));
  }
}

function readAddress(address: string): URL | null {
  const url = URL.canParse(address) ? new URL(address) : null;
  return url?.protocol === 'http:' && url.username === '' && url.password === '' ? url : null;
}
