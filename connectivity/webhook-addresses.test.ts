import type { LookupFunction } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { Networks, servicesOf } from './networks.js';
import { WebhookAddresses } from './webhook-addresses.js';

/** What names stand for. */
const names = new Map<string, string>();
const resolve = async (host: string) => {
  const address = names.get(host);
  if (address === undefined) throw new Error(`getaddrinfo ENOTFOUND ${host}`);
  return [{ address, family: address.includes(':') ? 6 : 4 }];
};
const networks = new Networks(['10.1.0.0/16', '::1/128'], servicesOf(['postgresql://u:p@10.1.0.9:5432/x']));
const addresses = new WebhookAddresses(networks, resolve);

describe('a webhook may be sent', () => {
  test.each([
    'https://203.0.113.5/hook?key=1',
    'https://[2001:db9::5]:8443/',
    'https://10.1.2.3/',
    'http://10.1.2.3:9000/',
    'http://[::1]/',
    'https://nobody-knows-it-yet.example/',
  ])('to %s', async (address) => {
    await addresses.check(address);
    expect(addresses.open(address).url.href).toBe(address);
  });
});

describe('nothing is sent', () => {
  test.each([
    'https://127.0.0.1/',
    'https://2130706433/',
    'https://0x7f.1/',
    'https://[::ffff:169.254.169.254]/latest',
    'https://169.254.169.254/latest/meta-data',
    'https://10.2.0.1/',
    'https://192.168.1.5/',
    'https://[fd00:2::1]/',
    'http://203.0.113.5/',
    'http://10.1.0.9:5432/',
    'https://user:secret@203.0.113.5/',
    'https://203.0.113.5/#fragment',
    'ftp://203.0.113.5/',
    'file:///etc/passwd',
    'nonsense',
  ])('to %s', async (address) => {
    await expect(addresses.check(address)).rejects.toMatchObject({ code: 'MALFORMED_INPUT' });
    expect(() => addresses.open(address)).toThrow();
  });

  test('to a name that stands for what is within', async () => {
    names.set('inside.example', '192.168.1.5');
    await expect(addresses.check('https://inside.example/')).rejects.toThrow(/192\.168\.1\.5/);
  });
});

test('what a name stands for is judged when it is used: it may stand for another then', async () => {
  names.set('hook.example', '203.0.113.5');
  const address = 'https://hook.example/';
  await addresses.check(address);
  const { lookup } = addresses.open(address);
  await expect(resolved(lookup)).resolves.toBe('203.0.113.5');
  names.set('hook.example', '127.0.0.1');
  await expect(resolved(lookup)).rejects.toThrow(/127\.0\.0\.1: LEONORE_WEBHOOK_ADDRESSES/);
});

function resolved(lookup: LookupFunction): Promise<unknown> {
  return new Promise((answer, fail) =>
    lookup('hook.example', {}, (error, address) => (error === null ? answer(address) : fail(error))),
  );
}
