import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { orderActions, type Order, type Task } from './messages.js';
import { parseTasksText, renderRegistrationText, renderTasksText, wantsText } from './text-form.js';

const word = fc.string({ unit: fc.constantFrom('a', '1', '-', '@', '.'), minLength: 1 });
const digest = fc.string({ unit: fc.constantFrom('0', 'f'), minLength: 64, maxLength: 64 });
const task: fc.Arbitrary<Task> = fc.record({
  deliveryId: word,
  rolloutId: word,
  action: fc.constant('install' as const),
  package: fc.record({ id: digest, digest, sizeBytes: fc.nat(), installedSizeBytes: fc.nat() }),
  remove: fc.array(word),
  removeFirst: fc.boolean(),
  values: fc.dictionary(
    word.filter((key) => key !== '__proto__'),
    fc.string({ unit: fc.constantFrom('\\', '\t', '\n', '\r', 't', 'n', 'é', ' ') }),
    { noNullPrototype: true },
  ),
  deadline: fc.constant('2026-11-02T00:00:00Z'),
  lastSequence: fc.nat(),
});

const order: fc.Arbitrary<Order> = fc.record(
  {
    deliveryId: word,
    action: fc.constantFrom(...orderActions),
    artifact: word,
    also: fc.array(word, { minLength: 1 }),
    keepData: fc.boolean(),
    startState: word,
    deadline: fc.constant('2026-11-02T00:00:00Z'),
    lastSequence: fc.nat(),
  },
  { requiredKeys: ['deliveryId', 'action', 'artifact', 'deadline', 'lastSequence'], noNullPrototype: true },
);

describe('the text form', () => {
  test('of tasks says all that the tasks say', () => {
    fc.assert(
      fc.property(fc.array(task), fc.boolean(), (tasks, profileWanted) => {
        expect(parseTasksText(renderTasksText({ tasks, profileWanted }))).toEqual({ tasks, profileWanted });
      }),
    );
  });

  test('of orders says all that the orders say, and nothing that a reader of tasks alone takes for one', () => {
    fc.assert(
      fc.property(fc.array(task), fc.array(order, { minLength: 1 }), (tasks, orders) => {
        const text = renderTasksText({ tasks, orders, profileWanted: false });
        expect(parseTasksText(text)).toEqual({ tasks, orders, profileWanted: false });
        expect(text.match(/^end\t/gm) ?? []).toHaveLength(tasks.length);
      }),
    );
  });

  test('of tasks that were cut off holds whole tasks only', () => {
    const [first, second] = fc.sample(task, 2);
    if (first === undefined || second === undefined) throw new Error('no sample');
    const text = renderTasksText({ tasks: [first, second], profileWanted: false });
    expect(parseTasksText(text.slice(0, text.lastIndexOf('end'))).tasks).toEqual([first]);
  });

  test('of a registration has one line a fact', () => {
    const response = {
      gatewayId: 'gw-1',
      node: { id: 'node-1', address: 'http://127.0.0.1:9' },
      protocol: 'http',
      strategy: 'pull',
      pollIntervalSeconds: 30,
    };
    expect(renderRegistrationText({ ...response, token: 'secret' })).toBe(
      'gatewayId\tgw-1\ntoken\tsecret\nnodeId\tnode-1\nnodeAddress\thttp://127.0.0.1:9\nprotocol\thttp\nstrategy\tpull\npollInterval\t30\n',
    );
    expect(renderRegistrationText(response)).not.toContain('token');
  });

  test('is given to those who ask for it', () => {
    expect(wantsText('text/plain')).toBe(true);
    expect(wantsText('text/html, text/plain;q=0.9')).toBe(true);
    expect(wantsText('application/json, text/plain')).toBe(false);
    expect(wantsText('*/*')).toBe(false);
    expect(wantsText(undefined)).toBe(false);
  });
});
