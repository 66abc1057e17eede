/** What an agent makes of a node, or somebody in its place, that answers as none does. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createHash, randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  blockAs,
  blockOf,
  emptyMessage,
  readMessage,
  writeMessage,
  type CoapMessage,
} from '../../../domain/agent-protocol/coap-message.js';
import { Backoff } from '../backoff.js';
import { DigestSink } from '../http/download.js';
import { CoapClient } from './coap-client.js';
import { download } from './download.js';
import { transfer } from './transfer.js';

const { signal } = new AbortController();
const empty = Buffer.alloc(0);
let node: Socket;
let client: CoapClient;
/** What the node sends for a request; one that is sent again has the count that it had. */
let answers: (request: CoapMessage, count: number) => readonly Partial<CoapMessage>[];
/** Ids of messages, in order: on a busy machine an answer can come after its request was sent again. */
let requests: number[];
let datagrams: number;

beforeEach(async () => {
  requests = [];
  datagrams = 0;
  node = createSocket('udp4');
  node.on('message', (bytes, from) => {
    const request = readMessage(bytes);
    if (request === null || request.code === '0.00') return;
    const { messageId, token } = request;
    datagrams += 1;
    if (!requests.includes(messageId)) requests.push(messageId);
    for (const answer of answers(request, requests.indexOf(messageId) + 1)) {
      const base = { type: 'acknowledgement', code: '2.05', messageId, token } as const;
      node.send(writeMessage({ ...base, options: [], payload: empty, ...answer }), from.port, from.address);
    }
  });
  node.bind(0, '127.0.0.1');
  await once(node, 'listening');
  client = await CoapClient.open(`coap://127.0.0.1:${node.address().port}`, {
    timeoutMs: 5_000,
    acknowledgedMs: 20,
  });
});

afterEach(async () => {
  await client.close();
  node.close();
});

const question = { code: '0.01', options: [], payload: empty };
const wanted = { method: 'GET', path: '/x', query: {}, mostBytes: 10_000 } as const;
const tag = (...bytes: number[]) => ({ name: 'ETag', value: Buffer.from(bytes) });

describe('a request', () => {
  test('is answered by what comes by itself, after it was received', async () => {
    answers = ({ messageId, token }) => [
      emptyMessage('acknowledgement', messageId),
      { type: 'confirmable', messageId: 7, token, payload: Buffer.from('late') },
    ];
    expect((await client.ask(question, signal)).payload.toString()).toBe('late');
  });

  test('is not answered by what names another, or none', async () => {
    answers = ({ token }) => [
      { token: randomBytes(8), payload: Buffer.from('forged') },
      { token: empty, payload: Buffer.from('forged') },
      { token, payload: Buffer.from('own') },
    ];
    expect((await client.ask(question, signal)).payload.toString()).toBe('own');
  });

  test('that is reset is an unreachable node', async () => {
    answers = ({ messageId }) => [emptyMessage('reset', messageId)];
    await expect(client.ask(question, signal)).rejects.toMatchObject({ failure: 'unreachable' });
  });

  test('is sent five times, and is then an unreachable node', async () => {
    answers = () => [];
    await expect(client.ask(question, signal)).rejects.toMatchObject({ failure: 'unreachable' });
    expect(datagrams).toBe(5);
  });

  test('to where nobody listens is an unreachable node at once', async () => {
    const { port } = node.address();
    const nobody = await CoapClient.open(`coap://127.0.0.1:${port}`, {
      timeoutMs: 600_000,
      acknowledgedMs: 600_000,
    });
    node.close();
    await expect(nobody.ask(question, signal)).rejects.toMatchObject({ failure: 'unreachable' });
    await nobody.close();
    node = createSocket('udp4');
    node.bind(0, '127.0.0.1');
    await once(node, 'listening');
  });

  test('that is called off is called off', async () => {
    answers = () => [];
    const off = new AbortController();
    const asking = client.ask(question, off.signal);
    off.abort(new Error('called off'));
    await expect(asking).rejects.toThrow('called off');
  });
});

describe('an answer in blocks', () => {
  const part = (number: number, more: boolean, payload = Buffer.alloc(64, 'x')) => ({
    options: [blockAs('Block2', { number, more, sizeBytes: 64 })],
    payload,
  });

  test('that never ends is ended', async () => {
    answers = (request) => {
      const block = blockOf(request, 'Block2');
      return [part(block === null || block === 'malformed' ? 0 : block.number, true)];
    };
    await expect(transfer(client, wanted, signal)).rejects.toMatchObject({ failure: 'malformed' });
    expect(requests.length).toBeLessThan(200);
  });

  test.each<[string, Partial<CoapMessage>]>([
    ['repeats its first', part(0, true)],
    ['leaves some out', part(5, false)],
    ['is not of its size, and not the last', part(1, true, Buffer.alloc(3))],
    ['has a size that there is not', { options: [{ name: 'Block2', value: Buffer.from([0x17]) }] }],
  ])('of which one %s is none', async (_what, second) => {
    answers = (_request, count) => [count === 1 ? part(0, true) : second];
    await expect(transfer(client, wanted, signal)).rejects.toMatchObject({ failure: 'malformed' });
  });

  test('that becomes another is begun anew, and not for ever', async () => {
    answers = (request, count) => {
      const block = blockOf(request, 'Block2');
      const number = block === null || block === 'malformed' ? 0 : block.number;
      const { options, payload } = part(number, number === 0);
      return [{ options: [...options, tag(count)], payload }];
    };
    await expect(transfer(client, wanted, signal)).rejects.toMatchObject({ failure: 'unavailable' });
    expect(requests).toHaveLength(6);
  });
});

describe('a package', () => {
  const content = randomBytes(3_000);
  const digest = createHash('sha256').update(content).digest('hex');
  const own = tag(...Buffer.from(digest.slice(0, 16), 'hex'));
  const fetching = (sink: DigestSink, sizeBytes = content.length) =>
    download({
      client,
      query: {},
      wanted: { digest, sizeBytes },
      sink,
      backoff: new Backoff({ firstMs: 1, mostMs: 2 }),
      signal,
    });

  function blockFor(request: CoapMessage, from: Buffer): Partial<CoapMessage> {
    const block = blockOf(request, 'Block2');
    const number = block === null || block === 'malformed' ? 0 : block.number;
    const payload = from.subarray(number * 1_024, (number + 1) * 1_024);
    const more = (number + 1) * 1_024 < from.length;
    return { options: [blockAs('Block2', { number, more, sizeBytes: 1_024 }), own], payload };
  }

  test('of other bytes is not taken', async () => {
    answers = (request) => [blockFor(request, randomBytes(3_000))];
    await expect(fetching(new DigestSink())).rejects.toThrow('promised digest');
  });

  test('that is longer than it was to be is not taken', async () => {
    answers = (request) => [blockFor(request, content)];
    const sink = new DigestSink();
    await expect(fetching(sink, 2_000)).rejects.toThrow('longer');
    expect(sink.received).toBeLessThanOrEqual(2_000);
  });

  test.each<[string, (request: CoapMessage) => Partial<CoapMessage>]>([
    ['of another tag', (request) => ({ ...blockFor(request, content), options: [tag(1)] })],
    [
      'that has no end',
      () => ({ options: [blockAs('Block2', { number: 0, more: true, sizeBytes: 1_024 }), own] }),
    ],
    [
      'that comes from elsewhere in it',
      () => ({
        options: [blockAs('Block2', { number: 9, more: true, sizeBytes: 1_024 }), own],
        payload: Buffer.alloc(1_024),
      }),
    ],
  ])('in blocks %s is given up after some attempts', async (_what, answer) => {
    answers = (request) => [answer(request)];
    await expect(fetching(new DigestSink())).rejects.toMatchObject({ failure: 'malformed' });
    expect(requests).toHaveLength(6);
  });

  test('that was withdrawn is not asked for again', async () => {
    answers = () => [{ code: '4.04' }];
    await expect(fetching(new DigestSink())).rejects.toMatchObject({ failure: 'refused' });
    expect(requests).toHaveLength(1);
  });
});
