import { lookup } from 'node:dns/promises';
import { isIP, type LookupFunction } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { LeonoreError } from '../domain/errors.js';
import { type Networks, plainHost } from './networks.js';

interface ResolvedAddress {
  readonly address: string;
  readonly family: number;
}

/** How a name is resolved: to all that it stands for. */
type Resolve = (host: string) => Promise<readonly ResolvedAddress[]>;

/** A name that is not resolved by then is judged when it is used. */
const resolvedWithinMs = 2_000;

/**
 * Where webhooks may be sent. An admin says so, and means a receiver: not what only LEONORE can reach. What a name stands for
 * is judged whenever it is used, since that changes.
 */
export class WebhookAddresses {
  constructor(
    private readonly networks: Networks,
    private readonly resolve: Resolve = (host) => lookup(host, { all: true }),
  ) {}

  /**
   * Accepts the address of a receiver: https, or plain http within a network that was opened.
   * @throws LeonoreError MALFORMED_INPUT
   */
  async check(address: string): Promise<void> {
    const url = this.read(address);
    const host = plainHost(url.hostname);
    if (isIP(host) !== 0) return;
    const giveUp = new AbortController();
    const resolved = await Promise.race([
      // One that cannot be resolved now may be when it is used.
      this.resolve(host).catch(() => []),
      delay(resolvedWithinMs, [], { signal: giveUp.signal }).catch(() => []),
    ]);
    giveUp.abort();
    for (const one of resolved) this.judge(url, one.address);
  }

  /**
   * Judges an address that was accepted once.
   * @returns it, and what is to resolve its name: to what may be reached, and nothing else
   * @throws LeonoreError MALFORMED_INPUT, and so does the lookup
   */
  open(address: string): { readonly url: URL; readonly lookup: LookupFunction } {
    const url = this.read(address);
    return {
      url,
      lookup: (host, { all }, answer) => {
        this.resolve(host).then(
          (resolved) => {
            try {
              for (const one of resolved) this.judge(url, one.address);
            } catch (error) {
              answer(error as Error, '');
              return;
            }
            const [first] = resolved;
            if (first === undefined) answer(new Error(`${host} stands for nothing`), '');
            else if (all === true) answer(null, [...resolved]);
            else answer(null, first.address, first.family);
          },
          (error: unknown) => answer(error as Error, ''),
        );
      },
    };
  }

  private read(address: string): URL {
    const url = URL.canParse(address) ? new URL(address) : null;
    if (url === null || !['https:', 'http:'].includes(url.protocol) || url.hash !== '')
      throw refused('the address of a webhook is not an http or https address');
    if (url.username !== '' || url.password !== '')
      throw refused('the address of a webhook has no user or password in it; its requests are signed');
    const host = plainHost(url.hostname);
    if (isIP(host) !== 0) this.judge(url, host);
    return url;
  }

  private judge({ protocol, port, hostname }: URL, address: string): void {
    const host = plainHost(address);
    const number = port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port);
    if (!this.networks.mayBeReached(host, number))
      throw refused(`nothing is sent to ${hostname}, which is at ${host}: LEONORE_WEBHOOK_ADDRESSES`);
    if (protocol === 'http:' && !this.networks.isOpened(host))
      throw refused(`nothing is sent to ${hostname} in the clear: it is not in LEONORE_WEBHOOK_ADDRESSES`);
  }
}

function refused(why: string): LeonoreError {
  return new LeonoreError('MALFORMED_INPUT', why);
}
