/**
 * The collector that thermometers post their readings to: counts them by version and gateway. Small, in memory, and
 * bounded: it keeps one entry a version and gateway, never the readings themselves.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';

const maxReadingBytes = 4_096;
/** Pairs of version and gateway that are kept; a test bed has fewer. */
const maxEntries = 100_000;

const ReadingSchema = Type.Object({
  gateway: Type.String({ minLength: 1, maxLength: 256 }),
  version: Type.String({ minLength: 1, maxLength: 256 }),
  temperature: Type.Number(),
  /** `probe`: measured; `simulated`: the gateway has no probe that the kernel shows. */
  source: Type.Enum(['probe', 'simulated']),
  platform: Type.String({ maxLength: 64 }),
  /** RFC 3339. */
  at: Type.String({ maxLength: 40 }),
});

export type Reading = Static<typeof ReadingSchema>;

/** What came from one gateway in one version. */
export interface ReceivedReadings {
  readonly gateway: string;
  readonly version: string;
  readonly count: number;
  readonly last: Reading;
}

const isReading = Compile(ReadingSchema);

export class Collector {
  private readonly received = new Map<string, ReceivedReadings>();

  private constructor(private readonly server: Server) {}

  /** Listens on the loopback interface. */
  static async start(port = 0): Promise<Collector> {
    const server = createServer();
    const collector = new Collector(server);
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      void collector.answer(request, response);
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', resolve);
    });
    return collector;
  }

  /** Where the readings are to be posted; GET gives what has been received. */
  get address(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/readings`;
  }

  readings(): readonly ReceivedReadings[] {
    return [...this.received.values()];
  }

  /** Gateways from which readings of a version came. */
  gatewaysOf(version: string): ReadonlySet<string> {
    return new Set(
      this.readings()
        .filter((entry) => entry.version === version)
        .map((entry) => entry.gateway),
    );
  }

  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    this.server.closeAllConnections();
    await closed;
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url !== '/readings') {
      response.writeHead(404).end();
    } else if (request.method === 'GET') {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(this.readings()));
    } else if (request.method === 'POST') {
      const reading = await readReading(request);
      const isTaken = reading !== undefined && this.take(reading);
      response.writeHead(isTaken ? 204 : 400).end();
    } else {
      response.writeHead(405, { allow: 'GET, POST' }).end();
    }
  }

  private take(reading: Reading): boolean {
    const key = JSON.stringify([reading.version, reading.gateway]);
    const before = this.received.get(key);
    if (before === undefined && this.received.size >= maxEntries) return false;
    const { gateway, version } = reading;
    this.received.set(key, { gateway, version, count: (before?.count ?? 0) + 1, last: reading });
    return true;
  }
}

async function readReading(request: IncomingMessage): Promise<Reading | undefined> {
  try {
    let text = '';
    for await (const chunk of request.setEncoding('utf8') as AsyncIterable<string>) {
      text += chunk;
      if (text.length > maxReadingBytes) return undefined;
    }
    const reading: unknown = JSON.parse(text);
    return isReading.Check(reading) ? reading : undefined;
  } catch {
    return undefined; // Not JSON, or the sender went away: answered as a bad request.
  }
}
