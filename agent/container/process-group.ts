/** Everything that the agent starts is the leader of a process group of its own, so that it can be ended whole. */
import { setTimeout as sleep } from 'node:timers/promises';

const pollMs = 25;

/** Sends a signal to a whole group; false when there is no such group any more. */
export function signalGroup(leaderPid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-leaderPid, signal);
    return true;
  } catch {
    return false;
  }
}

/** Ends a group: asks it to end, waits for the grace, then kills what is left. Returns when the group is gone. */
export async function endGroup(leaderPid: number, graceMs: number): Promise<void> {
  if (!signalGroup(leaderPid, 'SIGTERM')) return;
  if (await isGoneWithin(leaderPid, graceMs)) return;
  signalGroup(leaderPid, 'SIGKILL');
  // A killed process may stay for a moment, for instance until its parent has taken note.
  await isGoneWithin(leaderPid, 2_000);
}

async function isGoneWithin(leaderPid: number, timeMs: number): Promise<boolean> {
  const until = performance.now() + timeMs;
  while (signalGroup(leaderPid, 0)) {
    if (performance.now() >= until) return false;
    await sleep(pollMs);
  }
  return true;
}
