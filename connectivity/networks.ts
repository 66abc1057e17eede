/** Which addresses LEONORE sends requests to because somebody else names them: the one place that judges that. */
import { BlockList, isIP } from 'node:net';
import { LeonoreError } from '../domain/errors.js';

/** Loopback, link-local, private and special networks (RFC 6890): what is there is not reached because somebody says so. */
const closedNetworks = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12'],
  ...['192.0.0.0/24', '192.168.0.0/16', '198.18.0.0/15', '224.0.0.0/4', '240.0.0.0/4'],
  ...['::/127', '64:ff9b::/96', '64:ff9b:1::/48', '2002::/16', 'fc00::/7', 'fe80::/10', 'ff00::/8'],
];

/** The internet, and of what is closed by default the networks that were opened. */
export class Networks {
  private readonly closed = listOf(closedNetworks);
  private readonly opened: BlockList;

  /**
   * @param opened of the networks that are closed by default
   * @param services `host:port` of what LEONORE itself uses: never reached, wherever it is
   * @throws LeonoreError MALFORMED_INPUT when one of them is no network
   */
  constructor(
    opened: readonly string[],
    private readonly services: ReadonlySet<string>,
  ) {
    this.opened = listOf(opened);
  }

  /** @param host an address; a name is none, since it could stand for another one when it is used */
  mayBeReached(host: string, port: number): boolean {
    return (
      isIP(host) !== 0 &&
      !this.services.has(`${host}:${port}`) &&
      (this.isOpened(host) || !this.closed.check(host, familyOf(host)))
    );
  }

  /** Whether an address is in a network that was opened by name. */
  isOpened(host: string): boolean {
    return isIP(host) !== 0 && this.opened.check(host, familyOf(host));
  }
}

/**
 * The networks of a process.
 * @param opened those that its configuration opens, separated by commas
 * @param services URLs or `host:port` of what it uses itself
 * @throws LeonoreError MALFORMED_INPUT when one of them is no network
 */
export function networksOf(opened: string | undefined, services: readonly string[]): Networks {
  return new Networks(opened?.split(',') ?? [], servicesOf(services));
}

/** `host:port` of addresses as {@link Networks} wants them; loopback stands for all of its names. */
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

/** Without the brackets of IPv6 and the prefix of IPv4 in IPv6, however that is written. */
export function plainHost(host: string): string {
  const plain = host.replace(/^\[|\]$/g, '').replace(/^::ffff:(?=.*\.)/i, '');
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/i.exec(plain);
  if (mapped === null) return plain;
  const bits = [mapped[1], mapped[2]].map((part) => parseInt(part ?? '', 16));
  return bits.flatMap((part) => [part >> 8, part & 0xff]).join('.');
}

function familyOf(host: string): 'ipv4' | 'ipv6' {
  return isIP(host) === 6 ? 'ipv6' : 'ipv4';
}

function listOf(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', prefix = ''] = network.split('/');
    try {
      list.addSubnet(address, Number(prefix), familyOf(address));
    } catch (error) {
      throw new LeonoreError('MALFORMED_INPUT', `${network} is not a network`, {}, { cause: error });
    }
  }
  return list;
}
