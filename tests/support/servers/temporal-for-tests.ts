import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BoundedLog } from '../../../stack/bounded-log.js';
import { freePort, loopback } from '../../../stack/free-port.js';
import { detachFromEventLoop, type GuardedProcess } from '../../../stack/guarded-process.js';
import { startDevServer } from '../../../stack/temporal/dev-server.js';
import { obtainTemporalCli } from '../../../stack/temporal/obtain-cli.js';

export interface TemporalAddress {
  /** `host:port` */
  readonly address: string;
}

export interface TemporalForTests extends TemporalAddress {
  /** Ends the server at once; {@link start} brings it back on the same port. Without a dbFile its data is lost. */
  halt(): Promise<void>;
  start(): Promise<void>;
  /** Ends the server and removes what it wrote, except the dbFile. */
  stop(): Promise<void>;
}

export interface TemporalForTestsOptions {
  /** SQLite file of the store, for tests that restart the server. */
  readonly dbFile?: string;
}

/**
 * Starts the full Temporal server, as `leonore up` runs it, without its web UI. It ends with the process that asked,
 * however that ends. About a second.
 */
export async function startTemporalForTests(
  options: TemporalForTestsOptions = {},
): Promise<TemporalForTests> {
  const cli = await obtainTemporalCli();
  const directory = await mkdtemp(join(tmpdir(), 'leonore-test-temporal-'));
  const log = new BoundedLog(join(directory, 'temporal.log'));
  const port = await freePort();
  let server: GuardedProcess | undefined;
  const start = async (): Promise<void> => {
    server = await startDevServer({
      cli,
      port,
      log,
      orphan: { signal: 'TERM', graceMs: 2_000, removeDirectory: directory },
      ...options,
    });
    detachFromEventLoop(server);
  };
  const halt = async (): Promise<void> => {
    if (server?.isRunning() === true) await server.end('SIGKILL', 1_000);
  };
  const stop = async (): Promise<void> => {
    await halt();
    log.close();
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await start();
  } catch (error) {
    await stop();
    throw error;
  }
  return { address: `${loopback}:${port}`, halt, start, stop };
}
