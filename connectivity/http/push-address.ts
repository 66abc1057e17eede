import { BlockList, isIP } from 'node:net';
import { LeonoreError } from '../../domain/errors.js';
import type { AddressRules } from '../gateway-handler.js';

/** Loopback, link-local, private and special networks (RFC 6890): what is there is not reached because a gateway says so. */
const closedNetworks = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12'],
  ...['192.0.0.0/24', '192.168.0.0/16', '198.18.0.0/15', '224.0.0.0/4', '240.0.0.0/4'],
  ...['::/127', '64:ff9b::/96', '64:ff9b:1::/48', '2002::/16', 'fc00::/7', 'fe80::/10', 'ff00::/8'],
];

/**
 * Where gateways may be notified. A gateway says its own address: it must not make LEONORE send requests to anybody else, and
 * least of all to what only LEONORE can reach.
 */
export class PushAddresses implements AddressRules {
  readonly scheme = 'http';
  private readonly closed = listOf(closedNetworks);
  private readonly opened: BlockList;

  /**
   * @param networks of those that are closed by default, the ones that gateways are in
   * @param services `host:port` of what LEONORE itself uses: never notified, wherever it is
   * @throws LeonoreError MALFORMED_INPUT when one of them is no network
   */
  constructor(
    networks: readonly string[],
    private readonly services: ReadonlySet<string>,
  ) {
    this.opened = listOf(networks);
  }

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

  /** Of addresses only: a name could stand for another one when it is used. */
  private isOpen(url: URL): boolean {
    const host = plainHost(url.hostname);
    const version = isIP(host);
    if (version === 0 || this.services.has(`${host}:${url.port === '' ? '80' : url.port}`)) return false;
    const family = version === 4 ? 'ipv4' : 'ipv6';
    return !this.closed.check(host, family) || this.opened.check(host, family);
  }
}

/** `host:port` of addresses as {@link PushAddresses} wants them; loopback stands for all of its names. */
export function servicesOf(addresses: readonly string[]): ReadonlySet<string> {
  return new Set(
    addresses.flatMap((address) => {
      const { hostname, port } = new URL(address.includes('://') ? address : `tcp://${address}`);
      const host = plainHost(hostname);
      const hosts = ['localhost', '127.0.0.1', '::1'].includes(host) ? ['127.0.0.1', '::1'] : [host];
      return hosts.map((one) => `${one}:${port}`);
    }),
  );
}

function readAddress(address: string): URL | null {
  const url = URL.canParse(address) ? new URL(address) : null;
  return url?.protocol === 'http:' && url.username === '' && url.password === '' ? url : null;
}

/** Without the brackets of IPv6 and the prefix of IPv4 in IPv6, however that is written. */
function plainHost(host: string): string {
  const plain = host.replace(/^\[|\]$/g, '').replace(/^::ffff:(?=.*\.)/i, '');
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/i.exec(plain);
  if (mapped === null) return plain;
  const bits = [mapped[1], mapped[2]].map((part) => parseInt(part ?? '', 16));
  return bits.flatMap((part) => [part >> 8, part & 0xff]).join('.');
}

function listOf(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', prefix = ''] = network.split('/');
    try {
      list.addSubnet(address, Number(prefix), isIP(address) === 6 ? 'ipv6' : 'ipv4');
    } catch (error) {
      throw new LeonoreError('MALFORMED_INPUT', `${network} is not a network`, {}, { cause: error });
    }
  }
  return list;
}
