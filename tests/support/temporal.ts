import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { BoundedLog } from '../../stack/bounded-log.js';
import { freePort, loopback } from '../../stack/free-port.js';
import { defaultNamespace, startDevServer } from '../../stack/temporal/dev-server.js';
import { obtainTemporalCli } from '../../stack/temporal/obtain-cli.js';
import { obtainTestServer } from '../../stack/temporal/obtain-test-server.js';
import { registerSearchAttributes } from '../../stack/temporal/search-attributes.js';

/**
 * A Temporal server whose clock jumps over timers that nobody is awaited on. Not for load: hundreds of workflows at
 * once time out.
 * @returns the SDK's test environment; end it with `teardown()`
 */
export async function timeSkippingEnvironment(): Promise<TestWorkflowEnvironment> {
  const path = await obtainTestServer();
  const environment = await TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: { type: 'existing-path', path } },
  });
  await registerSearchAttributes(environment.connection, environment.namespace ?? defaultNamespace);
  return environment;
}

export interface LocalTemporal {
  /** `host:port` */
  readonly address: string;
  /** Client and connections on the server. */
  readonly environment: TestWorkflowEnvironment;
  /** Ends the server at once; {@link start} brings it back on the same port. Without a dbFile its data is lost. */
  halt(): Promise<void>;
  start(): Promise<void>;
  /** Closes the connections and ends the server. */
  stop(): Promise<void>;
}

export interface LocalTemporalOptions {
  /** SQLite file of the store, for tests that restart the server. */
  readonly dbFile?: string;
}

/** The full Temporal server, as `leonore up` runs it, without its web UI. Up in about a second. */
export async function localTemporal(options: LocalTemporalOptions = {}): Promise<LocalTemporal> {
  const cli = await obtainTemporalCli();
  const directory = await mkdtemp(join(tmpdir(), 'leonore-test-temporal-'));
  const log = new BoundedLog(join(directory, 'temporal.log'));
  const port = await freePort();
  const launch = () =>
    startDevServer({
      cli,
      port,
      log,
      orphan: { signal: 'TERM', graceMs: 2_000, removeDirectory: directory },
      ...options,
    });
  let server = await launch();
  const address = `${loopback}:${port}`;
  const environment = await TestWorkflowEnvironment.createFromExistingServer({
    address,
    namespace: defaultNamespace,
  });
  const halt = async (): Promise<void> => {
    if (server.isRunning()) await server.end('SIGKILL', 1_000);
  };
  return {
    address,
    environment,
    halt,
    async start() {
      server = await launch();
    },
    async stop() {
      await environment.teardown();
      await halt();
      log.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
