import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { gatewayActions, type Order, type Signed, type Task } from './messages.js';
import {
  parseSignedText,
  parseTasksText,
  renderRegistrationText,
  renderTasksText,
  wantsText,
  signedText,
} from './text-form.js';

const word = fc.string({ unit: fc.constantFrom('a', '1', '-', '@', '.'), minLength: 1 });
const digest = fc.string({ unit: fc.constantFrom('0', 'f'), minLength: 64, maxLength: 64 });
const values = fc.dictionary(
  word.filter((key) => key !== '__proto__'),
  fc.string({ unit: fc.constantFrom('\\', '\t', '\n', '\r', 't', 'n', 'é', ' ') }),
  { noNullPrototype: true },
);
const switchWindows = fc.array(fc.record({ fromSeconds: fc.nat(), toSeconds: fc.nat() }), { minLength: 1 });
const task: fc.Arbitrary<Task> = fc.record(
  {
    deliveryId: word,
    rolloutId: word,
    action: fc.constant('install' as const),
    package: fc.record({ id: digest, digest, sizeBytes: fc.nat(), installedSizeBytes: fc.nat() }),
    remove: fc.array(word),
    removeFirst: fc.boolean(),
    values,
    switchWindows,
    deadline: fc.constant('2026-11-02T00:00:00Z'),
    lastSequence: fc.nat(),
  },
  {
    requiredKeys: [
      'deliveryId',
      'rolloutId',
      'action',
      'package',
      'remove',
      'removeFirst',
      'values',
      'deadline',
      'lastSequence',
    ],
    noNullPrototype: true,
  },
);

const order: fc.Arbitrary<Order> = fc
  .record(
    {
      deliveryId: word,
      action: fc.constantFrom(...gatewayActions),
      artifact: word,
      also: fc.array(word, { minLength: 1 }),
      keepData: fc.boolean(),
      values,
      startState: word,
      switchWindows,
      deadline: fc.constant('2026-11-02T00:00:00Z'),
      lastSequence: fc.nat(),
    },
    {
      requiredKeys: ['deliveryId', 'action', 'artifact', 'values', 'deadline', 'lastSequence'],
      noNullPrototype: true,
    },
  )
  .map(({ values: given, ...rest }) => (rest.action === 'configure' ? { ...rest, values: given } : rest));

const signed: fc.Arbitrary<Signed> = fc.record(
  {
    gatewayId: word,
    counter: fc.integer({ min: 1 }),
    signedAt: fc.constant('2026-11-02T00:00:00.000Z'),
    expires: fc.constant('2026-11-02T01:00:00.000Z'),
    signatures: fc.array(fc.record({ keyid: digest, sig: digest.map((half) => half + half) }), {
      maxLength: 4,
    }),
    hmac: digest,
  },
  { requiredKeys: ['gatewayId', 'counter', 'signedAt', 'expires', 'signatures'], noNullPrototype: true },
);
const signedTask = fc.tuple(fc.oneof<fc.Arbitrary<Task | Order>[]>(task, order), signed);

describe('what is signed', () => {
  test('travels with tasks and orders', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(task, signed)), fc.tuple(order, signed), (tasks, [one, by]) => {
        const response = {
          tasks: tasks.map(([some, signing]) => ({ ...some, signed: signing })),
          orders: [{ ...one, signed: by }],
          profileWanted: false,
        };
        expect(parseTasksText(renderTasksText(response))).toEqual(response);
      }),
    );
  });

  test('says all of a task or an order but its signatures, and nothing else', () => {
    fc.assert(
      fc.property(signedTask, ([some, by]) => {
        const text = signedText({ ...some, signed: by });
        expect(text).toBe(signedText({ ...some, signed: { ...by, signatures: [] } }));
        const { gatewayId, counter, signedAt, expires } = by;
        const facts = { gatewayId, counter, signedAt, expires, signatures: [] };
        expect(parseSignedText(text)).toEqual({ ...some, signed: facts });
      }),
    );
  });

  test('is one task or order, whole', () => {
    fc.assert(
      fc.property(signedTask, signedTask, ([some, by], [other, byOther]) => {
        const text = signedText({ ...some, signed: by });
        const more = signedText({ ...other, signed: byOther }).replace(/^.*\n/, '');
        expect(parseSignedText(text + more)).toBeNull();
        expect(parseSignedText(text.slice(0, -1))).toBeNull();
        expect(parseSignedText(text.replace(/^.*\n/, ''))).toBeNull();
      }),
    );
  });

  test('can hold no line that a field smuggles in', () => {
    const [some, by] = fc.sample(fc.tuple(task, signed), 1)[0] ?? [];
    if (some === undefined || by === undefined) throw new Error('no sample');
    const smuggled = { ...some, signed: by, remove: ['a@1.0.0\nremoveFirst\ttrue'] };
    const said = parseSignedText(signedText(smuggled));
    // Either it is none, or it is what the text says to everybody: what was signed, not what came beside it.
    expect(said === null || signedText(said) === signedText(smuggled)).toBe(true);
  });
});

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
