import { expect, test } from '@jest/globals';
import type { ToldEndpoint } from '../../domain/agent-protocol/messages.js';
import { ChannelList } from './channel-list.js';

function told(protocol: string, strategy: string, address = `${protocol}://192.0.2.1:1`): ToldEndpoint {
  return { protocol, strategy, transport: 'tcp', address, tls: 'none' };
}

const both = [told('mqtt', 'push'), told('coap', 'push'), told('http', 'push'), told('http', 'pull')];

test('what the gateway does not speak is left out, and one address is one channel', () => {
  const list = new ChannelList(['http', 'mqtt'], both);
  expect(list.length).toBe(2);
  expect(list.current(0)).toEqual(told('mqtt', 'push'));
});

test('a channel that is lost is left for the next, and after the last for the first again', () => {
  const list = new ChannelList(['mqtt', 'http'], both);
  list.lost(list.current(0), 0);
  expect(list.current(1)?.protocol).toBe('http');
  list.lost(list.current(1), 1);
  expect(list.current(2)?.protocol).toBe('mqtt');
});

test('two that find out the same loss leave it once', () => {
  const list = new ChannelList(['mqtt', 'http'], both);
  const lost = list.current(0);
  list.lost(lost, 0);
  list.lost(lost, 0);
  expect(list.current(1)?.protocol).toBe('http');
});

test('after some minutes with another channel, and after a registration, the first is tried again', () => {
  const list = new ChannelList(['mqtt', 'http'], both);
  list.lost(list.current(1_000), 1_000);
  expect(list.current(1_000 + 5 * 60_000 - 1)?.protocol).toBe('http');
  expect(list.current(1_000 + 5 * 60_000)?.protocol).toBe('mqtt');
  list.lost(list.current(2_000_000), 2_000_000);
  list.replace(both);
  expect(list.current(2_000_001)?.protocol).toBe('mqtt');
});

test('a gateway that was told none has none, and loses none', () => {
  const list = new ChannelList(['http']);
  list.lost(undefined, 0);
  expect(list.current(1)).toBeUndefined();
});
