import { describe, expect, test } from '@jest/globals';
import { NetworkAddressRules } from './address-rules.js';
import { Networks, servicesOf } from './networks.js';

const http = { scheme: 'http', defaultPort: 80 };
const here = new NetworkAddressRules(
  http,
  new Networks(['10.1.0.0/16', 'fd00:1::/32'], servicesOf(['postgresql://u:p@10.1.0.9:5432/x'])),
);

describe('a gateway is notified', () => {
  test.each([
    ['http://203.0.113.5:4711/notice', '203.0.113.5'],
    ['http://203.0.113.5:4711/notice', '::ffff:203.0.113.5'],
    ['http://[2001:db9::5]:4711/', '2001:db9::5'],
    ['http://10.1.2.3/', '10.1.2.3'],
    ['http://[fd00:1::7]:80/', 'fd00:1::7'],
    ['http://[::ffff:10.1.2.3]:80/', '10.1.2.3'],
  ])('at %s', (address, peer) => {
    here.check(address, peer);
    expect(here.mayBeUsed(address)).toBe(true);
  });
});

describe('nobody is notified', () => {
  test.each([
    ['http://127.0.0.1:8080/', '127.0.0.1'],
    ['http://2130706433/', '127.0.0.1'],
    ['http://0x7f.1/', '127.0.0.1'],
    ['http://[::1]:80/', '::1'],
    ['http://[::ffff:7f00:1]/', '::ffff:127.0.0.1'],
    ['http://[::ffff:169.254.169.254]/latest', '169.254.169.254'],
    ['http://[64:ff9b::7f00:1]/', '64:ff9b::7f00:1'],
    ['http://0.0.0.0:80/', '0.0.0.0'],
    ['http://169.254.169.254/latest/meta-data', '169.254.169.254'],
    ['http://10.2.0.1/', '10.2.0.1'],
    ['http://172.16.5.5/', '172.16.5.5'],
    ['http://192.168.1.5/', '192.168.1.5'],
    ['http://100.64.0.1/', '100.64.0.1'],
    ['http://[fe80::1]/', 'fe80::1'],
    ['http://[fd00:2::1]/', 'fd00:2::1'],
    ['http://10.1.0.9:5432/', '10.1.0.9'],
    ['http://localhost/', '127.0.0.1'],
    ['http://gateway.example/', 'gateway.example'],
  ])('at %s, though it asks from there', (address, peer) => {
    expect(() => here.check(address, peer)).toThrow();
    expect(here.mayBeUsed(address)).toBe(false);
  });

  test.each([
    'http://203.0.113.6/',
    'https://203.0.113.5/',
    'http://u:p@203.0.113.5/',
    'ftp://203.0.113.5/',
    'x',
  ])('at %s by who asks from elsewhere, or otherwise than by plain http', (address) =>
    expect(() => here.check(address, '203.0.113.5')).toThrow(/pushAddress/),
  );
});

test('what is no network is told so', () => {
  expect(() => new Networks(['10.0.0.0/99'], new Set())).toThrow('10.0.0.0/99 is not a network');
});

test('another scheme has the same rules, in whatever way its addresses are written', () => {
  const coap = new NetworkAddressRules(
    { scheme: 'coap', defaultPort: 5683 },
    new Networks(['10.1.0.0/16'], new Set()),
  );
  coap.check('coap://10.1.2.3:4711/notice', '10.1.2.3');
  coap.check('coap://[2001:db9::5]/notice', '2001:db9::5');
  for (const [address, peer] of [
    ['http://10.1.2.3/', '10.1.2.3'],
    ['coap://127.0.0.1/', '127.0.0.1'],
    ['coap://2130706433/', '127.0.0.1'],
    ['coap://0x7f.1/', '127.0.0.1'],
    ['coap://[::ffff:7f00:1]/', '127.0.0.1'],
    ['coap://10.1.2.3:1/', '10.1.2.4'],
    ['coap://gateway.example/', 'gateway.example'],
    ['coap://%31%30.1.2.3/', '10.1.2.3'],
  ] as const)
    expect(() => coap.check(address, peer)).toThrow();
});
