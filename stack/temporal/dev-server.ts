import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { LeonoreError } from '../../domain/errors.js';
import type { BoundedLog } from '../bounded-log.js';
import { loopback } from '../free-port.js';
import { describeExit, type GuardedProcess, type OrphanRule, spawnGuarded } from '../guarded-process.js';
import { ensureSearchAttributes, searchAttributes } from './search-attributes.js';

export const defaultNamespace = 'default';

/** Its services listen on ports that it looks for by itself, and another process may take one before it does. */
const startsAtMost = 3;
/** In the log, between two starts. */
const startedAnew = 'A port of it was taken meanwhile; it is started anew.\n';
/** The server migrates its own store when it starts on an old one, so it gets some time. */
const startTimeoutMs = 60_000;

export interface DevServerOptions {
  /** The `temporal` program. */
  readonly cli: string;
  readonly port: number;
  /** Port of the web UI; absent: no web UI. */
  readonly uiPort?: number;
  /** SQLite file of the store; absent: in memory. */
  readonly dbFile?: string;
  readonly log: BoundedLog;
  readonly orphan: OrphanRule;
  /** Told of the process as soon as it exists. */
  readonly spawned?: (process: GuardedProcess) => void;
}

/**
 * Starts a Temporal server on the loopback interface and waits until it serves the default namespace with the search
 * attributes registered.
 * @throws LeonoreError TEMPORAL_UNAVAILABLE when it ends or does not answer in time
 */
export async function startDevServer(options: DevServerOptions): Promise<GuardedProcess> {
  for (let start = 1; ; start += 1) {
    try {
      return await startOnce(options);
    } catch (error) {
      if (start === startsAtMost || !(error instanceof PortTaken)) throw error;
      options.log.write(Buffer.from(startedAnew));
    }
  }
}

/** Somebody else was given a port that the server had found for one of its services. */
class PortTaken extends LeonoreError {}

async function startOnce(options: DevServerOptions): Promise<GuardedProcess> {
  const args = [
    'server',
    'start-dev',
    `--ip=${loopback}`,
    `--port=${options.port}`,
    '--log-level=error',
    // A configuration of the user's own is meant for the servers he works with, not for this one.
    '--disable-config-file',
    '--disable-config-env',
    ...(options.uiPort === undefined ? ['--headless'] : [`--ui-port=${options.uiPort}`]),
    ...(options.dbFile === undefined ? [] : [`--db-filename=${options.dbFile}`]),
    ...searchAttributes.map((name) => `--search-attribute=${name}=Keyword`),
  ];
  const server = await spawnGuarded({
    command: options.cli,
    args,
    env: process.env,
    log: options.log,
    orphan: options.orphan,
  });
  options.spawned?.(server);
  try {
    await untilServing(server, `${loopback}:${options.port}`, options);
  } catch (error) {
    if (server.isRunning()) await server.end('SIGTERM', 5_000);
    throw error;
  }
  return server;
}

/**
 * Makes a server that somebody else runs ready for LEONORE.
 * @throws LeonoreError TEMPORAL_UNAVAILABLE when it does not answer or refuses the search attributes
 */
export async function prepareExternalServer(address: string, namespace: string): Promise<void> {
  try {
    const connection = await Connection.connect({ address, connectTimeout: '10s' });
    try {
      await ensureSearchAttributes(connection, namespace);
    } finally {
      await connection.close();
    }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new LeonoreError(
      'TEMPORAL_UNAVAILABLE',
      `the Temporal server at ${address} (TEMPORAL_ADDRESS) cannot be used: ${reason}`,
      {},
      { cause },
    );
  }
}

async function untilServing(
  server: GuardedProcess,
  address: string,
  options: DevServerOptions,
): Promise<void> {
  const deadlineMs = Date.now() + startTimeoutMs;
  let reason: unknown = 'no answer';
  for (;;) {
    if (!server.isRunning()) {
      const how = describeExit(await server.exited);
      const words = options.log.tail();
      const Failure = tellsOfATakenPort(words, options) ? PortTaken : LeonoreError;
      throw new Failure('TEMPORAL_UNAVAILABLE', `Temporal did not start (${how})\n${words}`);
    }
    if (Date.now() > deadlineMs) {
      throw new LeonoreError(
        'TEMPORAL_UNAVAILABLE',
        `Temporal did not answer within ${startTimeoutMs / 1000} s (${String(reason)})\n${options.log.tail()}`,
      );
    }
    // A refused gRPC connection waits a second before it tries again, so the port is asked first.
    if (await accepts(options.port)) {
      try {
        await checkServing(address);
        return;
      } catch (error) {
        reason = error;
      }
    }
    await delay(50);
  }
}

/** A port that it was told to take is not given up by trying again. */
function tellsOfATakenPort(words: string, { port, uiPort }: DevServerOptions): boolean {
  const own = words.split(startedAnew).at(-1) ?? '';
  const taken = [...own.matchAll(/listen tcp [^ ]*:(\d+): bind: address already in use/g)];
  const last = taken.at(-1)?.[1];
  return last !== undefined && ![port, uiPort].map(String).includes(last);
}

async function checkServing(address: string): Promise<void> {
  const connection = await Connection.connect({ address, connectTimeout: '5s' });
  try {
    await connection.workflowService.describeNamespace({ namespace: defaultNamespace });
    await ensureSearchAttributes(connection, defaultNamespace);
  } finally {
    await connection.close();
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: loopback });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
