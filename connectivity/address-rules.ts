import Type from 'typebox';
import { LeonoreError } from '../domain/errors.js';
import type { AddressRules } from './gateway-handler.js';
import { type Networks, plainHost } from './networks.js';

/** `LEONORE_PUSH_ADDRESSES`: networks, of those that are closed by default, in which gateways may be notified. */
export const pushNetworks = Type.Optional(
  Type.String({ pattern: '^[0-9a-fA-F.:]+/[0-9]{1,3}(,[0-9a-fA-F.:]+/[0-9]{1,3})*$' }),
);

/** What addresses of one protocol have in common. */
export interface AddressScheme {
  readonly scheme: string;
  /** Port of an address that names none. */
  readonly defaultPort: number;
}

/**
 * Where gateways may be notified. A gateway says its own address: it must not make LEONORE send requests to anybody else, and
 * least of all to what only LEONORE can reach.
 */
export class NetworkAddressRules implements AddressRules {
  readonly scheme: string;

  /** @param networks those that gateways are in */
  constructor(
    private readonly form: AddressScheme,
    private readonly networks: Networks,
  ) {
    this.scheme = form.scheme;
  }

  check(address: string, peer: string): void {
    const url = this.read(address);
    if (url === null)
      throw new LeonoreError('MALFORMED_INPUT', `pushAddress is not a plain ${this.scheme} address`);
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
    const url = this.read(address);
    return url !== null && this.isOpen(url);
  }

  private read(address: string): URL | null {
    const url = URL.canParse(address) ? new URL(address) : null;
    return url?.protocol === `${this.scheme}:` && url.username === '' && url.password === '' ? url : null;
  }

  private isOpen(url: URL): boolean {
    const port = url.port === '' ? this.form.defaultPort : Number(url.port);
    return this.networks.mayBeReached(plainHost(url.hostname), port);
  }
}
