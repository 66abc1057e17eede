/** What is left of a transfer when three of ten datagrams are lost, and some come twice: all of it, once. */
import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Backoff } from '../../agent/connectivity/backoff.js';
import { CoapClient } from '../../agent/connectivity/coap/coap-client.js';
import { download } from '../../agent/connectivity/coap/download.js';
import { transfer } from '../../agent/connectivity/coap/transfer.js';
import { DigestSink } from '../../agent/connectivity/http/download.js';
import { devicePaths } from '../../domain/agent-protocol/messages.js';
import { clientBed, type ClientBed } from '../../tests/support/client-bed.js';
import { lossyRelay, type LossyRelay } from '../../tests/support/lossy-relay.js';
import {
  addRollout,
  offerPackage,
  planOf,
  profileOf,
  registrationOf,
} from '../../tests/support/test-repositories.js';
import { DiskBlobStore } from '../../repositories/disk-blob-store.js';
import { plainTokenOf } from '../../trust/plain-token.js';
import { issueGatewayToken } from '../gateway-token.js';
import { coap } from './coap-handler.js';

const { signal } = new AbortController();
const id = 'gw-lossy';
const issued = issueGatewayToken(id);
const query = { token: plainTokenOf(issued.token) };
const content = randomBytes(120 * 1024 + 17);
const digest = createHash('sha256').update(content).digest('hex');
let bed: ClientBed;
let relay: LossyRelay;
let client: CoapClient;
let rolloutId: string;

/** Three of ten are lost and one comes twice, of both ways together; never all five sendings of one request. */
const fates = [
  ...['passed', 'passed', 'lost', 'passed', 'passed'],
  ...['lost', 'passed', 'doubled', 'passed', 'lost'],
] as const;

beforeAll(async () => {
  bed = await clientBed(coap, { LEONORE_COAP_PORT: '0' });
  const { repositories, directory, service } = bed;
  // As a node does it, who asks for one block after the other is looked up once.
  service.changesAnnounced(true);
  const blobs = new DiskBlobStore(`${directory}/blobs`);
  await (await blobs.stage(Readable.from([content]), content.length)).commit();
  await repositories.registrations.register(
    registrationOf(profileOf(id, { protocols: ['coap'] }), issued.hash),
  );
  rolloutId = await addRollout(repositories, ['thermometer'], [id]);
  await offerPackage(repositories, rolloutId, {
    plan: planOf(),
    content: { digest, sizeBytes: content.length },
  });
  relay = await lossyRelay(bed.address, (count) => fates[count % fates.length] ?? 'passed');
  // The times of the protocol are for links round the world.
  client = await CoapClient.open(relay.address, { timeoutMs: 30_000, acknowledgedMs: 20 });
}, 120_000);

afterAll(async () => {
  await client.close();
  relay.close();
  await bed.close();
});

const backoff = () => new Backoff({ firstMs: 10, mostMs: 50 });

test('a package of 120 KB arrives whole', async () => {
  const sink = new DigestSink();
  const wanted = { digest, sizeBytes: content.length };
  await download({ client, query, wanted, sink, backoff: backoff(), signal });
  expect(sink.digest()).toBe(digest);
  const share = relay.counts.lost / relay.counts.all;
  expect(share).toBeGreaterThan(0.2);
});

test('a download goes on at the block where it was cut, also within one, and asks for nothing twice', async () => {
  const sink = new DigestSink();
  const had = 100 * 1024 + 700;
  sink.write(content.subarray(0, had));
  const direct = await CoapClient.open(bed.address, { timeoutMs: 30_000 });
  const asked: number[] = [];
  const watched = Object.assign(Object.create(direct) as CoapClient, {
    ask: (...given: Parameters<CoapClient['ask']>) => {
      asked.push(given[0].options.length);
      return direct.ask(...given);
    },
  });
  const wanted = { digest, sizeBytes: content.length };
  await download({ client: watched, query, wanted, sink, backoff: backoff(), signal });
  expect(sink.digest()).toBe(digest);
  expect(asked).toHaveLength(Math.ceil(content.length / 1_024) - Math.floor(had / 1_024));
  await direct.close();
});

test('bytes that are not those of the package are fetched anew', async () => {
  const sink = new DigestSink();
  sink.write(randomBytes(100 * 1024));
  const direct = await CoapClient.open(bed.address, { timeoutMs: 30_000 });
  const wanted = { digest, sizeBytes: content.length };
  await download({ client: direct, query, wanted, sink, backoff: backoff(), signal });
  expect(sink.digest()).toBe(digest);
  await direct.close();
});

test('a report of many blocks is taken, and once', async () => {
  const [task] = (await bed.service.tasks(issued.token)).tasks;
  const reports = ['downloading', 'installing', 'succeeded'].map((state, index) => ({
    ...{ deliveryId: task?.deliveryId ?? '', sequence: index + 1, state, detail: 'x'.repeat(2_000) },
    ...(state === 'succeeded' ? { installed: [] } : {}),
  }));
  const body = Buffer.from(JSON.stringify({ reports }));
  const wanted = { method: 'POST', path: devicePaths.reports, query, body, mostBytes: 10_000 } as const;
  const { code, body: answer } = await transfer(client, wanted, signal);
  expect(code).toBe('2.04');
  const { outcomes } = JSON.parse(answer.toString()) as { outcomes: { outcome: string }[] };
  expect(outcomes.map(({ outcome }) => outcome)).toEqual(['applied', 'applied', 'applied']);
  expect(await bed.repositories.rollouts.counts(rolloutId)).toMatchObject({ succeeded: 1 });
});
