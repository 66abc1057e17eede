import { setTimeout as delay } from 'node:timers/promises';
import { LeonoreError } from '../domain/errors.js';
import type { BoundedLog } from './bounded-log.js';
import type { ReadyMessage } from '../process/parent.js';
import { describeExit, type GuardedProcess, spawnGuarded } from './guarded-process.js';

/** A process on a busy machine loads its modules for a while before it can say anything. */
const readyTimeoutMs = 90_000;
/** How long the last output of an ended process is waited for. */
const drainMs = 500;

export interface EntryPoint {
  readonly name: string;
  /** The script that Node.js runs. */
  readonly script: string;
  readonly env: NodeJS.ProcessEnv;
  readonly log: BoundedLog;
  readonly graceMs: number;
}

/**
 * Starts one of LEONORE's own processes and waits until it reports to be ready (process/parent.ts).
 * @param spawned told of the process as soon as it exists
 * @returns the address that it reported
 * @throws LeonoreError INTERNAL, with the end of its log, when it ends or says nothing in time
 */
export async function launchEntryPoint(
  entryPoint: EntryPoint,
  spawned: (process: GuardedProcess) => void,
): Promise<string | undefined> {
  const { name, log } = entryPoint;
  const guarded = await spawnGuarded({
    command: process.execPath,
    args: ['--enable-source-maps', entryPoint.script],
    env: entryPoint.env,
    log,
    ipc: true,
    orphan: { signal: 'TERM', graceMs: entryPoint.graceMs },
  });
  const ready = new Promise<ReadyMessage>((resolve) => {
    guarded.child.on('message', (message: unknown) => {
      if (isReadyMessage(message)) resolve(message);
    });
  });
  spawned(guarded);
  const timer = new AbortController();
  const outcome = await Promise.race([
    ready,
    guarded.exited,
    delay(readyTimeoutMs, 'timeout' as const, { signal: timer.signal }).catch(() => 'timeout' as const),
  ]);
  timer.abort();
  if (outcome === 'timeout') {
    await guarded.end('SIGKILL', 0);
    throw notReady(name, `it was not ready after ${readyTimeoutMs / 1000} s`, log);
  }
  if ('type' in outcome) return outcome.address;
  await Promise.race([guarded.drained, delay(drainMs)]);
  throw notReady(name, `it ended with ${describeExit(outcome)}`, log);
}

function notReady(name: string, reason: string, log: BoundedLog): LeonoreError {
  return new LeonoreError(
    'INTERNAL',
    `${name} did not start: ${reason}. The end of ${log.path}:\n${log.tail()}`,
    { process: name },
  );
}

function isReadyMessage(message: unknown): message is ReadyMessage {
  if (typeof message !== 'object' || message === null) return false;
  const { type, address } = message as Record<string, unknown>;
  return type === 'ready' && (address === undefined || typeof address === 'string');
}
