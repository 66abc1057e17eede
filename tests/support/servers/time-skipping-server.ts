import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { BoundedLog } from '../../../stack/bounded-log.js';
import { freePort, loopback } from '../../../stack/free-port.js';
import { describeExit, detachFromEventLoop, spawnGuarded } from '../../../stack/guarded-process.js';
import { obtainTestServer } from '../../../stack/temporal/obtain-test-server.js';

/** A Java machine on a loaded machine takes its time; the SDK would give it 5 s. */
const startTimeoutMs = 120_000;

export interface TimeSkippingServer {
  /** `host:port` */
  readonly address: string;
  stop(): Promise<void>;
}

/**
 * Starts Temporal's time-skipping server and waits until it answers. It ends with the process that asked, however that
 * ends. Its clock is one for all that runs on it, so each test file has its own.
 * @throws Error with the server's last words when it ends or does not answer in time
 */
export async function startTimeSkippingServer(): Promise<TimeSkippingServer> {
  const command = await obtainTestServer();
  const directory = await mkdtemp(join(tmpdir(), 'leonore-test-time-skipping-'));
  const log = new BoundedLog(join(directory, 'server.log'));
  const port = await freePort();
  const address = `${loopback}:${port}`;
  const server = await spawnGuarded({
    command,
    args: [String(port)],
    env: process.env,
    log,
    orphan: { signal: 'TERM', graceMs: 1_000, removeDirectory: directory },
  });
  detachFromEventLoop(server);
  const stop = async (): Promise<void> => {
    if (server.isRunning()) await server.end('SIGKILL', 1_000);
    log.close();
    await rm(directory, { recursive: true, force: true });
  };
  const deadlineMs = Date.now() + startTimeoutMs;
  while (!(await answers(address))) {
    const late = Date.now() > deadlineMs;
    if (server.isRunning() && !late) {
      await delay(50);
      continue;
    }
    const how = late
      ? `did not answer within ${startTimeoutMs / 1000} s`
      : `ended with ${describeExit(await server.exited)}`;
    const words = log.tail();
    await stop();
    throw new Error(`the time-skipping server ${how}\n${words}`);
  }
  return { address, stop };
}

async function answers(address: string): Promise<boolean> {
  try {
    const connection = await Connection.connect({ address, connectTimeout: '2s' });
    await connection.close();
    return true;
  } catch {
    return false;
  }
}
