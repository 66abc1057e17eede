/** The border of CoAP: what a node does not take, what it does not tell, and how little it answers to whom it does not know. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { contentFormats } from '../../domain/agent-protocol/coap.js';
import {
  numberAs,
  numberOption,
  pathOptions,
  readMessage,
  type CoapMessage,
} from '../../domain/agent-protocol/coap-message.js';
import { devicePaths, type RegisterResponse } from '../../domain/agent-protocol/messages.js';
import { clientBed, type ClientBed } from '../../tests/support/client-bed.js';
import { rawCoap, requestOf, type RawCoap } from '../../tests/support/raw-coap.js';
import { addRollout, offerPackage, planOf, profileOf } from '../../tests/support/test-repositories.js';
import { testValueKeys } from '../../tests/support/test-value-keys.js';
import { plainTokenOf } from '../../trust/plain-token.js';
import { issueGatewayToken } from '../gateway-token.js';
import { readCbor, writeCbor } from './cbor.js';
import { coap } from './coap-handler.js';
import { CoapSocket } from './coap-socket.js';
import {
  coapBorder,
  coapEnvironment,
  jsonIn,
  tasksBy,
  withToken,
  type Question,
} from '../../tests/support/coap-border.js';

const border = coapBorder();

const block = (name: 'Block1' | 'Block2', ...bytes: number[]) => ({ name, value: Buffer.from(bytes) });

describe('who asks', () => {
  test('is the gateway of its token in its plain form, and no other', async () => {
    const { id, plain } = await border().enrolled();
    const answer = await border().raw.ask(tasksBy(plain));
    expect(answer.code).toBe('2.05');
    expect(jsonIn(answer)).toEqual({ tasks: [], profileWanted: false });
    const other = await border().enrolled();
    const profile = await border().raw.ask({
      code: '0.03',
      options: [...pathOptions(devicePaths.profile), withToken(other.plain)],
      payload: Buffer.from(JSON.stringify({ profile: profileOf(id) })),
    });
    expect(profile.code).toBe('4.03');
    expect(jsonIn(profile)).toMatchObject({ status: 403, code: 'FORBIDDEN' });
  });

  test('sends no token that opens more than this channel', async () => {
    const { token } = await border().enrolled();
    expect((await border().raw.ask(tasksBy(token))).code).toBe('4.01');
  });

  test.each([
    ['no token', ''],
    ['what is none', 'x'],
    ['a token that nobody was given', plainTokenOf(issueGatewayToken('gw-nobody').token)],
  ])('with %s is not served', async (_what, token) => {
    expect((await border().raw.ask(tasksBy(token))).code).toBe('4.01');
  });

  test('may speak CBOR, and is answered in it where it says so', async () => {
    const id = `gw-${randomBytes(6).toString('hex')}`;
    const accept = numberAs('Accept', contentFormats.cbor);
    const format = numberAs('Content-Format', contentFormats.cbor);
    const cborIn = ({ payload }: CoapMessage) => readCbor(payload);
    const profile = { id, hardware: { arch: 'armv7' }, software: { os: 'linux' }, protocols: ['coap'] };
    const registered = await border().raw.ask({
      code: '0.02',
      options: [
        ...pathOptions(devicePaths.register),
        withToken(await border().bed.enrolment()),
        format,
        accept,
      ],
      payload: writeCbor({ profile }),
    });
    expect(numberOption(registered, 'Content-Format')).toBe(contentFormats.cbor);
    const { token = '' } = cborIn(registered) as RegisterResponse;
    const tasks = await border().raw.ask({
      code: '0.01',
      options: [...pathOptions(devicePaths.tasks), withToken(token), accept],
    });
    expect([tasks.code, cborIn(tasks)]).toEqual(['2.05', { tasks: [], profileWanted: false }]);
    const report = (payload: Buffer) =>
      border().raw.ask({
        code: '0.02',
        options: [...pathOptions(devicePaths.reports), withToken(token), format, accept],
        payload,
      });
    const unknown = await report(writeCbor({ reports: [] }));
    expect(cborIn(unknown)).toMatchObject({ status: 400, code: 'MALFORMED_INPUT' });
    const bomb = await report(Buffer.alloc(1_000, 0x81));
    expect([bomb.code, cborIn(bomb)]).toMatchObject(['4.00', { detail: 'the body is not CBOR' }]);
    const other = [...pathOptions(devicePaths.reports), withToken(token), numberAs('Content-Format', 61)];
    expect((await border().raw.ask({ code: '0.02', options: other })).code).toBe('4.15');
  });

  test('and is told nothing else when its token is of another gateway', async () => {
    const { id } = await border().enrolled();
    const forged = plainTokenOf(issueGatewayToken(id).token);
    const answer = await border().raw.ask(tasksBy(forged));
    expect([answer.code, answer.payload.length]).toEqual(['4.01', 0]);
  });
});

describe('secrets', () => {
  /** Offers a gateway what declares a secret that it has. @returns the rollout */
  async function secretFor(id: string): Promise<string> {
    const { repositories, service } = border().bed;
    const password = { set: { password: 'tell nobody' }, secret: true, unset: [] };
    await repositories.values.change(id, password, testValueKeys.sealer);
    const rolloutId = await addRollout(repositories, ['thermometer'], [id]);
    const content = { digest: randomBytes(32).toString('hex'), sizeBytes: 1 };
    const declaredValues = [{ key: 'password' }];
    await offerPackage(repositories, rolloutId, { plan: planOf(), content, declaredValues });
    service.gatewayChanged(id);
    return rolloutId;
  }

  test('are not told over CoAP, nor to whoever read the token there', async () => {
    const { id, token, plain } = await border().enrolled(['coap', 'http']);
    const rolloutId = await secretFor(id);
    const answer = await border().raw.ask(tasksBy(plain));
    expect(answer.code).toBe('4.03');
    expect(jsonIn(answer)).toMatchObject({ status: 403, code: 'CHANNEL_NOT_PRIVATE' });
    expect(answer.bytes.includes('tell nobody')).toBe(false);
    // As it would be over another protocol.
    await expect(border().bed.service.tasks(plain)).rejects.toMatchObject({ code: 'CHANNEL_NOT_PRIVATE' });
    const [task] = (await border().bed.service.tasks(token)).tasks;
    expect(task?.values).toEqual({ password: 'tell nobody' });
    expect(await border().bed.repositories.rollouts.counts(rolloutId)).toMatchObject({
      offered: 1,
      failed: 0,
    });
  });

  test('that a device has no other channel for fail its delivery at once, and it goes on', async () => {
    const { id, plain } = await border().enrolled();
    const rolloutId = await secretFor(id);
    expect((await border().raw.ask(tasksBy(plain))).code).toBe('4.03');
    expect(await border().bed.repositories.rollouts.counts(rolloutId)).toMatchObject({ failed: 1 });
    const next = await border().raw.ask(tasksBy(plain));
    expect([next.code, jsonIn(next)]).toEqual(['2.05', { tasks: [], profileWanted: false }]);
  });
});

describe('a request', () => {
  let plain: string;
  beforeAll(async () => {
    ({ plain } = await border().enrolled());
  });

  test.each<[string, Question, string]>([
    [
      'has an option that must be understood and is not',
      { code: '0.01', options: [numberAs('9999', 1)] },
      '4.02',
    ],
    ['has conditions', { code: '0.01', options: [{ name: 'If-Match', value: Buffer.alloc(1) }] }, '4.02'],
    [
      'wants to be passed on',
      { code: '0.01', options: [{ name: 'Proxy-Uri', value: Buffer.from('x') }] },
      '5.05',
    ],
    ['has a block of no size', { code: '0.01', options: [block('Block2', 0x07)] }, '4.02'],
    ['has two blocks', { code: '0.01', options: [block('Block2', 6), block('Block2', 6)] }, '4.02'],
    ['has a block of too many bytes', { code: '0.01', options: [block('Block1', 1, 2, 3, 4)] }, '4.02'],
    ['deletes', { code: '0.04' }, '4.05'],
    [
      'has a path that is no text',
      { code: '0.01', options: [{ name: 'Uri-Path', value: Buffer.from([0xff]) }] },
      '4.00',
    ],
  ])('that %s is refused', async (_what, question, code) => {
    expect((await border().raw.ask(question)).code).toBe(code);
  });

  test.each<[string, Question, string]>([
    ['is for nothing that there is', { code: '0.01', options: pathOptions('/device/v1/nothing') }, '4.04'],
    [
      'is for no metadata that there is',
      { code: '0.01', options: pathOptions(`${devicePaths.trust}/x.json`) },
      '4.04',
    ],
    [
      'is for a package of others',
      { code: '0.01', options: pathOptions(`${devicePaths.packages}/${'0'.repeat(64)}`) },
      '4.04',
    ],
    ['is by another method', { code: '0.02', options: pathOptions(devicePaths.tasks) }, '4.05'],
    ['has no body', { code: '0.02', options: pathOptions(devicePaths.reports) }, '4.00'],
    [
      'has a body of another shape',
      { code: '0.02', options: pathOptions(devicePaths.reports), payload: Buffer.from('{}') },
      '4.00',
    ],
    [
      'is in another format',
      { code: '0.02', options: [...pathOptions(devicePaths.reports), numberAs('Content-Format', 41)] },
      '4.15',
    ],
    [
      'wants another format',
      { code: '0.01', options: [...pathOptions(devicePaths.tasks), numberAs('Accept', 41)] },
      '4.06',
    ],
    [
      'begins a body in its middle',
      { code: '0.02', options: [...pathOptions(devicePaths.reports), block('Block1', 0x16)] },
      '4.08',
    ],
    [
      'asks for a later block than there is',
      { code: '0.01', options: [...pathOptions(devicePaths.tasks), block('Block2', 0x16)] },
      '4.02',
    ],
    [
      'goes on with an answer that there was not',
      { code: '0.02', options: [...pathOptions(devicePaths.reports), block('Block2', 0x16)] },
      '4.08',
    ],
  ])('of a gateway that %s is refused', async (_what, question, code) => {
    const options = [...(question.options ?? []), withToken(plain)];
    expect((await border().raw.ask({ ...question, options })).code).toBe(code);
  });

  test('in blocks for ever is ended, and leaves nothing behind', async () => {
    const blockAt = (number: number): Question => ({
      code: '0.02',
      options: [
        ...pathOptions(devicePaths.reports),
        withToken(plain),
        block('Block1', number >> 4, ((number << 4) & 0xff) | 0x0e),
      ],
      payload: Buffer.alloc(1_024, 'x'),
    });
    const codes: string[] = [];
    for (let number = 0; number < 130; number += 1)
      codes.push((await border().raw.ask(blockAt(number))).code);
    expect([...new Set(codes)]).toEqual(['2.31', '4.13']);
    expect(codes.indexOf('4.13')).toBe(128);
    expect((await border().raw.ask(tasksBy(plain))).code).toBe('2.05');
  });

  test('that is malformed is reset when it wants an answer, and else passed over; whoever pings is answered', async () => {
    const [malformed, silent] = [
      Buffer.from([0x40, 1, 0x12, 0x34, 0xff]),
      Buffer.from([0x50, 1, 0, 1, 0xff]),
    ];
    expect(await border().raw.send(malformed)).toEqual(Buffer.from([0x70, 0, 0x12, 0x34]));
    border().raw.drop(silent);
    border().raw.drop(Buffer.from('\u0016\u0003\u0001 a greeting of another protocol'));
    border().raw.drop(Buffer.alloc(0));
    expect(await border().raw.send(Buffer.from([0x40, 0, 0x56, 0x78]))).toEqual(
      Buffer.from([0x70, 0, 0x56, 0x78]),
    );
  });

  test('that is not to be confirmed is answered by a message of its own', async () => {
    const answer = await border().raw.ask({ ...tasksBy(plain), type: 'non-confirmable' });
    expect([answer.type, answer.code]).toEqual(['non-confirmable', '2.05']);
  });

  test('for what is known is answered by no more than that', async () => {
    const first = await border().raw.ask(tasksBy(plain));
    const etag = first.options.find(({ name }) => name === 'ETag');
    if (etag === undefined) throw new Error('it has a tag');
    const { code, options = [] } = tasksBy(plain);
    const again = await border().raw.ask({ code, options: [...options, etag] });
    expect([again.code, again.payload.length]).toEqual(['2.03', 0]);
  });
});

describe('who has proven nothing', () => {
  const { token: unknown } = issueGatewayToken('gw-nobody');
  test.each<[string, Question]>([
    ['asks for nothing', { code: '0.01', token: Buffer.alloc(0) }],
    ['asks without a token', { code: '0.01', options: pathOptions(devicePaths.tasks) }],
    ['asks by a token that is none', tasksBy(plainTokenOf(unknown))],
    ['registers by nothing', { code: '0.02', options: pathOptions(devicePaths.register) }],
    [
      'registers by what is none',
      {
        code: '0.02',
        options: [...pathOptions(devicePaths.register), withToken('lge_x')],
        payload: Buffer.from(JSON.stringify({ profile: profileOf('gw-x') })),
      },
    ],
    [
      'sends a block',
      {
        code: '0.02',
        options: [...pathOptions(devicePaths.register), block('Block1', 0x0e)],
        payload: Buffer.alloc(1_024),
      },
    ],
    [
      'sends a block too many',
      {
        code: '0.02',
        options: [...pathOptions(devicePaths.register), block('Block1', 0xff, 0xff, 0xfe)],
        payload: Buffer.alloc(1_024),
      },
    ],
    [
      'sends less than a block',
      { code: '0.02', options: [...pathOptions(devicePaths.register), block('Block1', 0x0e)] },
    ],
    ['uses an unknown option', { code: '0.01', options: [numberAs('9999', 1)] }],
  ])('and %s gets no more bytes than it sent', async (_what, question) => {
    const bytes = requestOf(question);
    const answer = await border().raw.send(bytes);
    expect(readMessage(answer)?.code).toMatch(/^[245]\./);
    expect(answer.length).toBeLessThanOrEqual(bytes.length);
  });
});

test('who says that he is at port 0 is not answered, and ends nobody', async () => {
  const errors: unknown[] = [];
  const socket = await CoapSocket.open({
    ...{ host: '127.0.0.1', port: 0, addressBudget: 100 },
    answer: async () => ({ code: '2.05' }),
    logger: pino({ level: 'error' }, { write: (line: string) => void errors.push(line) }),
  });
  const { signal } = new AbortController();
  const notice = { code: '0.02', options: [], payload: Buffer.alloc(0) };
  const asking = socket.ask({ address: '127.0.0.1', port: 0 }, notice, signal);
  const client = await rawCoap(socket.address);
  expect((await client.ask({ code: '0.01' })).code).toBe('2.05');
  client.close();
  await socket.close();
  expect([await asking, errors]).toEqual([null, []]);
});

describe('an address that sends too much', () => {
  let strained: ClientBed;
  let sender: RawCoap;
  beforeAll(async () => {
    strained = await clientBed(coap, { ...coapEnvironment, LEONORE_ADDRESS_BUDGET: '5' });
    sender = await rawCoap(strained.address);
  }, 120_000);
  afterAll(async () => {
    sender.close();
    await strained.close();
  });

  test('is told to come later, and in the end nothing', async () => {
    const question = tasksBy('x');
    const codes: string[] = [];
    for (let count = 0; count < 10; count += 1) {
      const answer = await sender.ask(question);
      codes.push(answer.code);
    }
    expect(codes).toEqual([...Array<string>(5).fill('4.01'), ...Array<string>(5).fill('4.29')]);
    const before = sender.received.length;
    sender.drop(requestOf(question));
    // Whoever is elsewhere is answered, after it.
    const other = await rawCoap(strained.address, '127.0.0.2');
    expect((await other.ask(question)).code).toBe('4.01');
    await new Promise(setImmediate);
    expect(sender.received.length).toBe(before);
    other.close();
  });
});
