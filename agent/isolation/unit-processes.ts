/**
 * Processes of a unit found by looking at all that run: by the marks in their environment, which they keep however
 * they were orphaned, and by being children of such. It is the way where there are no control groups, and to what an
 * agent before this one has left.
 */
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** Marks a process as of a container. */
export const containerVariable = 'LEONORE_CONTAINER';
/** Names the unit within the container. */
export const unitVariable = 'LEONORE_UNIT';

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly user: number;
  readonly environment: readonly string[];
}

export interface Wanted {
  readonly mark: string;
  /** All of the container's when it is not named. */
  readonly unit?: string;
  /** The container's own user: whoever is of it and carries no mark has hidden, and belongs to nobody. */
  readonly user?: number | undefined;
}

const mostRounds = 20;

/** Kills them, again and again while there are any, since one may fork meanwhile. @returns how many there were at first */
export async function killProcesses(wanted: Wanted): Promise<number> {
  let first = 0;
  for (let round = 0; round < mostRounds; round += 1) {
    const pids = await processesOf(wanted);
    if (round === 0) first = pids.length;
    if (pids.length === 0) return first;
    for (const pid of pids) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended meanwhile.
      }
    }
    await sleep(10);
  }
  return first;
}

async function processesOf(wanted: Wanted): Promise<number[]> {
  const all = await allProcesses();
  const found = new Set(all.filter((candidate) => isWanted(candidate, wanted)).map(({ pid }) => pid));
  for (let before = -1; before !== found.size;) {
    before = found.size;
    for (const { pid, parent } of all) if (found.has(parent)) found.add(pid);
  }
  found.delete(process.pid);
  return [...found];
}

function isWanted({ user, environment }: Process, wanted: Wanted): boolean {
  if (environment.includes(`${containerVariable}=${wanted.mark}`)) {
    return wanted.unit === undefined || environment.includes(`${unitVariable}=${wanted.unit}`);
  }
  return (
    wanted.user !== undefined &&
    user === wanted.user &&
    !environment.some((entry) => entry.startsWith(`${containerVariable}=`))
  );
}

async function allProcesses(): Promise<Process[]> {
  const found: Process[] = [];
  for (const name of await readdir('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    try {
      const status = await readFile(`/proc/${name}/status`, 'latin1');
      // One that has ended already waits for its parent alone.
      if (/^State:\s+Z/m.test(status)) continue;
      const environment = await readFile(`/proc/${name}/environ`, 'latin1').catch(() => '');
      found.push({
        pid,
        parent: Number(/^PPid:\s+(\d+)/m.exec(status)?.[1]),
        user: Number(/^Uid:\s+(\d+)/m.exec(status)?.[1]),
        environment: environment.split('\0'),
      });
    } catch {
      // It has ended meanwhile.
    }
  }
  return found;
}
