/**
 * Packages over CoAP, block by block: resumed at the block that is missing, verified while they come, never held in memory.
 *
 * INVARIANTS
 *  - A sink never holds more than `sizeBytes` bytes.
 *  - A block is appended only when it begins where the sink ends, and is of the package whose digest its tag begins.
 *  - `download` returns only when the digest of all bytes in the sink is the promised one.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { blockBytes, numberOption, optionsOf } from '../../../domain/agent-protocol/coap-message.js';
import { devicePaths } from '../../../domain/agent-protocol/messages.js';
import type { Backoff } from '../backoff.js';
import type { DownloadSink } from '../connectivity.js';
import { DeviceError, IntegrityError } from '../device-error.js';
import type { CoapClient } from './coap-client.js';
import { failureOf } from './failure.js';
import { askForBlock } from './transfer.js';

/** Attempts in a row that bring nothing before it is given up. */
const attempts = 6;
/** Whole downloads that turned out wrong before the package is given up. */
const integrityAttempts = 3;

export interface CoapDownload {
  readonly client: CoapClient;
  readonly query: Readonly<Record<string, string>>;
  readonly wanted: { readonly digest: string; readonly sizeBytes: number };
  readonly sink: DownloadSink;
  readonly backoff: Backoff;
  readonly signal: AbortSignal;
}

/** @throws IntegrityError; DeviceError (the sink keeps what it has for another attempt); whatever the sink throws */
export async function download(options: CoapDownload): Promise<void> {
  const { wanted, sink, backoff, signal } = options;
  let fruitless = 0;
  let corrupt = 0;
  while (sink.received !== wanted.sizeBytes || sink.digest() !== wanted.digest) {
    if (sink.received >= wanted.sizeBytes) {
      await sink.reset();
      corrupt += 1;
      if (corrupt >= integrityAttempts)
        throw new IntegrityError(`The archive has not the promised digest ${wanted.digest.slice(0, 12)}.`);
    }
    try {
      await nextBlock(options);
      fruitless = 0;
      backoff.reset();
    } catch (error) {
      if (!(error instanceof DeviceError) || !worthRepeating(error)) throw error;
      fruitless += 1;
      if (fruitless >= attempts) throw error;
      await sleep(backoff.next(error.retryAfterMs), undefined, { signal });
    }
  }
}

async function nextBlock({ client, query, wanted, sink, signal }: CoapDownload): Promise<void> {
  const number = Math.floor(sink.received / blockBytes);
  const path = `${devicePaths.packages}/${wanted.digest}`;
  const { answer, block } = await askForBlock(client, { path, query }, number, signal);
  if (answer.code !== '2.05')
    throw failureOf({ ...answer, maxAge: numberOption(answer, 'Max-Age') ?? undefined });
  const [etag] = optionsOf(answer, 'ETag');
  if (etag?.toString('hex') !== wanted.digest.slice(0, 16))
    throw new DeviceError('malformed', 'The node answers with another package.');
  const start = block === null ? 0 : block.number * block.sizeBytes;
  // What the sink has may end within a block, and a node may answer in smaller ones.
  const known = sink.received - start;
  if (known < 0 || known >= answer.payload.length)
    throw new DeviceError('malformed', 'The node answers with another block.');
  const bytes = answer.payload.subarray(known);
  if (sink.received + bytes.length > wanted.sizeBytes)
    throw new IntegrityError(`The archive is longer than the promised ${wanted.sizeBytes} bytes.`);
  await sink.write(bytes);
}

function worthRepeating({ failure }: DeviceError): boolean {
  return failure === 'unreachable' || failure === 'unavailable' || failure === 'malformed';
}
