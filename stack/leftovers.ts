import { setTimeout as delay } from 'node:timers/promises';
import { isSameProcess } from './process-identity.js';
import type { StackState } from './state-file.js';

/** The guards of a killed stack end its processes within this time. */
const patienceMs = 20_000;

/**
 * Waits for the processes of an earlier stack that was killed: they hold its ports and its data. Their guards are
 * ending them; one that still runs after that is ended here, which its start time makes safe.
 */
export async function awaitLeftovers(state: StackState, onProgress: (line: string) => void): Promise<void> {
  const deadlineMs = Date.now() + patienceMs;
  let left = runningProcesses(state);
  if (left.length > 0) onProgress('waiting for the processes of an earlier stack to end');
  while (left.length > 0) {
    if (Date.now() > deadlineMs) for (const pid of left) endProcess(pid);
    await delay(100);
    left = runningProcesses(state);
  }
}

function runningProcesses(state: StackState): number[] {
  return Object.entries(state.pids).flatMap(([name, pid]) => {
    const identity = state.identities[name];
    return identity !== undefined && isSameProcess(pid, identity) ? [pid] : [];
  });
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended since it was looked at.
  }
}
