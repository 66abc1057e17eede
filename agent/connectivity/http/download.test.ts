import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { DeviceServer, rangeStart, servePackage, type Intercept } from '../../testing/device-server.js';
import { sha256, testPackage } from '../../testing/test-package.js';
import { Backoff } from '../backoff.js';
import { DeviceClient } from './device-client.js';
import type { DownloadSink } from '../connectivity.js';
import { DigestSink, download, type DownloadOptions } from './download.js';

const built = testPackage({ name: 'noise', version: '1.0.0', files: { noise: randomBytes(200_000) } });
const { archive, digest } = built;
const wanted = { digest, sizeBytes: archive.length };

let server: DeviceServer;
beforeEach(async () => {
  server = await DeviceServer.start();
  server.offer(built);
});
afterEach(() => server.close());

class MemorySink extends DigestSink {
  chunks: Uint8Array[] = [];
  resets = 0;
  override write(chunk: Uint8Array): void {
    super.write(chunk);
    this.chunks.push(Buffer.from(chunk));
  }
  override reset(): void {
    super.reset();
    this.chunks = [];
    this.resets += 1;
  }
}

async function fetch(sink: DownloadSink, options: DownloadOptions = {}): Promise<void> {
  const client = new DeviceClient({ registrationAddress: server.url, timeoutMs: 500 });
  const session = { nodeAddress: server.url, token: server.token };
  const backoff = new Backoff({ firstMs: 1, mostMs: 5 });
  await download(client, session, wanted, sink, { backoff, ...options });
}

/** Intercepts downloads only, and counts them from 0. */
function onDownload(answer: (attempt: number, ...args: Parameters<Intercept>) => boolean): void {
  let attempt = 0;
  server.intercept = (request, response) => {
    if (!(request.url ?? '').startsWith('/device/v1/packages/')) return false;
    attempt += 1;
    return answer(attempt - 1, request, response);
  };
}

function begin(response: ServerResponse, length = archive.length): void {
  response.writeHead(200, { etag: `"${digest}"`, 'content-length': length });
}

/** Sends a part and cuts the connection, once the part is out. */
function cutAfter(response: ServerResponse, bytes: Buffer): boolean {
  response.write(bytes, () => response.destroy());
  return true;
}

const rangesAsked = () => server.requests.map(({ range }) => range);

describe('a download', () => {
  test('brings the whole archive', async () => {
    const sink = new MemorySink();
    await fetch(sink);
    expect(Buffer.concat(sink.chunks)).toEqual(archive);
  });

  test('goes on where the connection was cut, as often as it takes', async () => {
    const part = Math.floor(archive.length / 10);
    onDownload((attempt, request, response) => {
      if (attempt === 9) return false;
      const start = rangeStart(request, `"${digest}"`);
      response.writeHead(start === 0 ? 200 : 206, {
        'content-length': archive.length - start,
        'content-range': `bytes ${start}-${archive.length - 1}/${archive.length}`,
      });
      return cutAfter(response, archive.subarray(start, start + part));
    });
    const sink = new MemorySink();
    await fetch(sink);
    expect(Buffer.concat(sink.chunks)).toEqual(archive);
    expect(sink.resets).toBe(0);
    expect(rangesAsked().at(-1)).toBe(`bytes=${9 * part}-`);
  });

  test('goes on with what an earlier run left', async () => {
    const sink = new MemorySink();
    sink.write(archive.subarray(0, 1_000));
    await fetch(sink);
    expect(rangesAsked()).toEqual(['bytes=1000-']);
    expect(Buffer.concat(sink.chunks)).toEqual(archive);
  });

  test('asks for nothing when all of it is there', async () => {
    const sink = new MemorySink();
    sink.write(archive);
    await fetch(sink);
    expect(server.requests).toEqual([]);
  });

  test('starts over when the node has another archive under the range', async () => {
    const sink = new MemorySink();
    sink.write(Buffer.from('rubbish'));
    onDownload((_attempt, _request, response) => {
      begin(response);
      response.end(archive);
      return true;
    });
    await fetch(sink);
    expect(Buffer.concat(sink.chunks)).toEqual(archive);
  });

  test('starts over when the node answers with another range, or with 416', async () => {
    onDownload((attempt, request, response) => {
      if (attempt === 0) {
        response.writeHead(206, { 'content-range': `bytes 5-${archive.length - 1}/${archive.length}` });
        response.end(archive.subarray(5));
      } else if (attempt === 1) {
        response.writeHead(416).end();
      } else servePackage(archive, request, response);
      return true;
    });
    const sink = new MemorySink();
    sink.write(archive.subarray(0, 1_000));
    await fetch(sink);
    expect(Buffer.concat(sink.chunks)).toEqual(archive);
  });

  test('is repeated from the start when a byte is wrong', async () => {
    onDownload((attempt, _request, response) => {
      const bytes = Buffer.from(archive);
      if (attempt === 0) bytes[archive.length >> 1] = (bytes[archive.length >> 1] ?? 0) ^ 1;
      begin(response);
      response.end(bytes);
      return true;
    });
    const sink = new MemorySink();
    await fetch(sink);
    expect(sink.resets).toBe(1);
    expect(sha256(Buffer.concat(sink.chunks))).toBe(digest);
  });

  test('is given up when a byte is wrong each time', async () => {
    onDownload((_attempt, _request, response) => {
      begin(response);
      response.end(Buffer.alloc(archive.length));
      return true;
    });
    await expect(fetch(new MemorySink())).rejects.toMatchObject({ name: 'IntegrityError' });
    expect(server.requests).toHaveLength(3);
  });

  test('never takes more than was promised, however endless the body is', async () => {
    onDownload((_attempt, _request, response) => {
      response.writeHead(200);
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536)));
        response.once('drain', more);
      };
      more();
      return true;
    });
    let most = 0;
    const sink = new (class extends MemorySink {
      override write(chunk: Uint8Array): void {
        super.write(chunk);
        most = Math.max(most, this.received);
      }
    })();
    await expect(fetch(sink)).rejects.toMatchObject({ name: 'IntegrityError' });
    expect(most).toBeLessThanOrEqual(archive.length);
  });

  test('is given up when it comes a byte at a time', async () => {
    onDownload((_attempt, _request, response) => {
      begin(response);
      const timer = setInterval(() => response.write('x'), 20);
      response.on('close', () => clearInterval(timer));
      return true;
    });
    await expect(fetch(new MemorySink(), { windowMs: 100, attempts: 2 })).rejects.toThrow('too slow');
  });

  test('is given up when nothing comes', async () => {
    onDownload((_attempt, _request, response) => {
      begin(response);
      response.flushHeaders();
      return true;
    });
    await expect(fetch(new MemorySink(), { attempts: 2 })).rejects.toMatchObject({ failure: 'unreachable' });
  });

  test('fails at once when the package is gone, or the gateway is not known', async () => {
    onDownload((_attempt, _request, response) => {
      response.writeHead(404).end();
      return true;
    });
    await expect(fetch(new MemorySink())).rejects.toMatchObject({ failure: 'refused' });
    server.token = 'another';
    server.intercept = () => false;
    const client = new DeviceClient({ registrationAddress: server.url });
    await expect(
      download(client, { nodeAddress: server.url, token: 'old' }, wanted, new MemorySink()),
    ).rejects.toMatchObject({ failure: 'unauthenticated' });
  });

  test('fails as its sink does: a full disk is not a matter of the network', async () => {
    const full = new (class extends MemorySink {
      override write(): never {
        throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
      }
    })();
    await expect(fetch(full)).rejects.toMatchObject({ code: 'ENOSPC' });
    expect(server.requests).toHaveLength(1);
  });

  test('waits as long as the node asks', async () => {
    const startedMs = performance.now();
    onDownload((attempt, _request, response) => {
      if (attempt > 0) return false;
      response.writeHead(503, { 'retry-after': '1' }).end();
      return true;
    });
    await fetch(new MemorySink());
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(1_000);
  });

  test('ends when it is told to', async () => {
    const controller = new AbortController();
    onDownload((_attempt, _request, response) => {
      begin(response);
      response.write(archive.subarray(0, 10), () => controller.abort());
      return true;
    });
    await expect(fetch(new MemorySink(), { signal: controller.signal })).rejects.toMatchObject({
      name: 'AbortError',
    });
  });
});

test('backoff grows, has jitter, and never undercuts what the server asked for', () => {
  const least = new Backoff({ firstMs: 100, mostMs: 1_000, random: () => 0 });
  expect([1, 2, 3, 4, 5, 6].map(() => least.next())).toEqual([50, 100, 200, 400, 500, 500]);
  const most = new Backoff({ firstMs: 100, mostMs: 1_000, random: () => 0.999 });
  expect(most.next()).toBeCloseTo(100, 0);
  most.reset();
  expect(most.next(30_000)).toBeGreaterThan(30_000);
});
