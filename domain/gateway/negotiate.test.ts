import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Endpoint } from './endpoint.js';
import { endpointsFor, negotiate, offerOf, type GatewayOffer } from './negotiate.js';

const http: Endpoint = {
  protocol: 'http',
  transport: 'tcp',
  address: 'http://192.0.2.1:8080',
  strategies: ['push', 'pull'],
  pushScheme: 'http',
  tls: 'none',
};
const mqtt: Endpoint = {
  protocol: 'mqtt',
  transport: 'tcp',
  address: 'mqtts://192.0.2.1:8883',
  strategies: ['push'],
  pushScheme: null,
  tls: 'server',
};

function offer(changes: Partial<GatewayOffer> = {}): GatewayOffer {
  return { protocols: ['mqtt', 'http'], strategies: ['push', 'pull'], pushAddress: null, ...changes };
}

describe('a channel', () => {
  test('is what the gateway wants most of what its node serves', () => {
    expect(negotiate(offer(), [http, mqtt], [])).toEqual({
      channel: { protocol: 'mqtt', strategy: 'push' },
      reason: 'what the gateway wants most of what its node serves',
      fallbacks: [{ protocol: 'http', strategy: 'pull' }],
    });
  });

  test('tells what stood against what the gateway wants more', () => {
    expect(negotiate(offer(), [http], []).reason).toBe(
      'what the gateway wants most of what its node serves; not mqtt/push: its node does not serve it; ' +
        'not http/push: it told no address to be notified at; not mqtt/pull: its node does not serve it',
    );
  });

  test('by push needs an address of the scheme that the endpoint says, where it says one', () => {
    const listening = offer({ protocols: ['http'], pushAddress: 'http://192.0.2.9:1/notice' });
    expect(negotiate(listening, [http], []).channel.strategy).toBe('push');
    const elsewhere = { ...listening, pushAddress: 'coap://192.0.2.9/notice' };
    expect(negotiate(elsewhere, [http], []).channel.strategy).toBe('pull');
  });

  test.each([
    [['http'], 'http', 'pull'],
    [['coap', 'http/pull', 'mqtt'], 'http', 'pull'],
    [['mqtt/push', 'http'], 'mqtt', 'push'],
    [['coap/push'], 'mqtt', 'push'],
  ])('is the first of the operator that both sides have: %j', (preference, protocol, strategy) => {
    expect(negotiate(offer(), [http, mqtt], preference).channel).toEqual({ protocol, strategy });
  });

  test('that the operator prefers is told so', () => {
    expect(negotiate(offer(), [http, mqtt], ['coap', 'http']).reason).toMatch(
      /^preferred by the operator \(http\)/,
    );
  });

  test('of a gateway that says nothing is that by which it registered', () => {
    expect(negotiate(offerOf({}, null), [mqtt, http], []).channel).toEqual({
      protocol: 'http',
      strategy: 'pull',
    });
  });

  test('there is none where nothing is in common, and both sides are told', () => {
    expect(() => negotiate(offer({ protocols: ['coap'] }), [http, mqtt], [])).toThrow(
      expect.objectContaining({
        code: 'NO_COMMON_PROTOCOL',
        message: expect.stringMatching(/coap\/push \(its node.*serves http\/push, http\/pull, mqtt\/push/),
      }),
    );
    expect(() => negotiate(offer({ protocols: [] }), [], [])).toThrow(/offers nothing.*serves nothing/);
  });
});

test('endpoints are told in the order in which they are tried, and only what was agreed on', () => {
  const both = [http, mqtt, { ...mqtt, transport: 'udp' as const, address: 'mqtt://192.0.2.1:1' }];
  const agreed = negotiate(offer(), both, []);
  expect(endpointsFor(agreed, both).map(({ address, strategy }) => `${strategy} ${address}`)).toEqual([
    'push mqtts://192.0.2.1:8883',
    'push mqtt://192.0.2.1:1',
    'pull http://192.0.2.1:8080',
  ]);
});

test('whatever both sides have and the operator wants: the channel is of both, and nothing wanted more was possible', () => {
  const names = fc.uniqueArray(fc.constantFrom('http', 'mqtt', 'coap'), { minLength: 1 });
  const strategies = fc.uniqueArray(fc.constantFrom('push', 'pull'), { minLength: 1 });
  const wishes = fc.array(fc.constantFrom('http', 'mqtt/push', 'coap/pull', 'http/pull', 'coap'));
  const served = fc.array(fc.record({ protocol: fc.constantFrom('http', 'mqtt', 'coap'), strategies }));
  fc.assert(
    fc.property(names, strategies, served, wishes, (protocols, wanted, has, preference) => {
      const endpoints = has.map((own) => ({ ...mqtt, ...own }));
      const isServed = (protocol: string, strategy: 'push' | 'pull') =>
        endpoints.some((own) => own.protocol === protocol && own.strategies.includes(strategy));
      const common = wanted.flatMap((strategy) =>
        protocols
          .filter((protocol) => isServed(protocol, strategy))
          .map((protocol) => `${protocol}/${strategy}`),
      );
      const negotiated = () =>
        negotiate({ protocols, strategies: wanted, pushAddress: null }, endpoints, preference);
      if (common.length === 0) {
        expect(negotiated).toThrow(/offers/);
        return;
      }
      const { channel, fallbacks } = negotiated();
      const order = [channel, ...fallbacks].map(({ protocol, strategy }) => `${protocol}/${strategy}`);
      expect([...order].sort()).toEqual([...common].sort());
      const best = preference.find((name) =>
        common.some((one) => one === name || one.startsWith(`${name}/`)),
      );
      expect(order[0]).toMatch(
        best === undefined ? new RegExp(`^${common[0] ?? ''}$`) : new RegExp(`^${best}`),
      );
    }),
  );
});
