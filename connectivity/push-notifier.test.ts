import { getEventListeners } from 'node:events';
import { expect, test } from '@jest/globals';
import type { PushTarget } from '../repositories/delivery/delivery-repository.js';
import type { GatewayHandler } from './gateway-handler.js';
import { PushNotifier } from './push-notifier.js';

/** A handler that writes down whom it notifies; `takes` says who takes the notice. */
function handlerOf(
  protocol: string,
  log: string[],
  takes: (target: PushTarget) => boolean | Promise<boolean> = () => true,
): GatewayHandler {
  return {
    protocol,
    pushAddresses: null,
    start: async () => [],
    async notify(target) {
      log.push(`${protocol} ${target.gatewayId}`);
      return takes(target);
    },
    close: async () => undefined,
  };
}

function targetsOf(count: number, protocol = 'http'): PushTarget[] {
  return Array.from({ length: count }, (_none, index) => ({
    gatewayId: `gw-${index}`,
    protocols: [protocol],
    address: `http://127.0.0.1/${index}`,
  }));
}

const { signal } = new AbortController();

test('each gateway is notified once, by the handler of its protocol, after what is known of it was forgotten', async () => {
  const log: string[] = [];
  const handlers = [handlerOf('http', log), handlerOf('coap', log)];
  const notifier = new PushNotifier(handlers, (gatewayId) => log.push(`forget ${gatewayId}`));
  const targets = [
    { gatewayId: 'a', protocols: ['coap'], address: null },
    { gatewayId: 'b', protocols: ['http'], address: null },
  ];
  expect(await notifier.notify(targets, signal)).toHaveLength(2);
  expect([...log].sort()).toEqual(['coap a', 'forget a', 'forget b', 'http b']);
  expect(log.indexOf('forget a')).toBeLessThan(log.indexOf('coap a'));
  expect(log.indexOf('forget b')).toBeLessThan(log.indexOf('http b'));
});

test('who does not take the notice, or speaks what nobody does, is not counted', async () => {
  const log: string[] = [];
  const handler = handlerOf('http', log, ({ gatewayId }) => gatewayId !== 'gw-1');
  const notifier = new PushNotifier([handler], () => undefined);
  expect(await notifier.notify([...targetsOf(3), ...targetsOf(2, 'smoke')], signal)).toHaveLength(2);
  expect(log).toHaveLength(3);
  expect(await notifier.notify([], signal)).toHaveLength(0);
});

test('who does not take it by one protocol is notified by the next that was agreed on', async () => {
  const log: string[] = [];
  const handlers = [handlerOf('mqtt', log, () => false), handlerOf('http', log), handlerOf('coap', log)];
  const target = { gatewayId: 'a', protocols: ['smoke', 'mqtt', 'http', 'coap'], address: null };
  expect(await new PushNotifier(handlers, () => undefined).notify([target], signal)).toEqual(['a']);
  expect(log).toEqual(['mqtt a', 'http a']);
});

test('a gateway that was notified is notified again when it is asked for again', async () => {
  const log: string[] = [];
  const notifier = new PushNotifier([handlerOf('http', log, () => false)], () => undefined);
  await notifier.notify(targetsOf(1), signal);
  await notifier.notify(targetsOf(1), signal);
  expect(log).toEqual(['http gw-0', 'http gw-0']);
});

test('64 notices are under way at once, and no more', async () => {
  const log: string[] = [];
  const open: (() => void)[] = [];
  const handler = handlerOf('http', log, () => new Promise((resolve) => open.push(() => resolve(true))));
  const notifying = new PushNotifier([handler], () => undefined).notify(targetsOf(100), signal);
  await new Promise(setImmediate);
  expect(open).toHaveLength(64);
  open[0]?.();
  await new Promise(setImmediate);
  expect(open).toHaveLength(65);
  for (let next = 1; next < 100; next += 1) {
    open[next]?.();
    await new Promise(setImmediate);
  }
  expect(await notifying).toHaveLength(100);
});

test('nobody is notified any more once it is called off', async () => {
  const log: string[] = [];
  const off = new AbortController();
  const handler = handlerOf('http', log, () => {
    off.abort(new Error('called off'));
    return true;
  });
  const notifier = new PushNotifier([handler], () => undefined);
  await expect(notifier.notify(targetsOf(100), off.signal)).rejects.toThrow('called off');
  expect(log).toHaveLength(1);
});

test('however many notices listen for the end, the caller is listened to once, and not afterwards', async () => {
  const caller = new AbortController();
  const warnings: Error[] = [];
  const warned = (warning: Error) => warnings.push(warning);
  process.on('warning', warned);
  const listeners: number[] = [];
  const handler: GatewayHandler = {
    ...handlerOf('http', []),
    async notify(_target, ending) {
      ending.addEventListener('abort', () => undefined);
      listeners.push(getEventListeners(caller.signal, 'abort').length);
      return true;
    },
  };
  expect(
    await new PushNotifier([handler], () => undefined).notify(targetsOf(64), caller.signal),
  ).toHaveLength(64);
  // Warnings come in a later turn.
  await new Promise(setImmediate);
  process.off('warning', warned);
  expect(new Set(listeners)).toEqual(new Set([1]));
  expect(getEventListeners(caller.signal, 'abort')).toHaveLength(0);
  expect(warnings).toEqual([]);
});
