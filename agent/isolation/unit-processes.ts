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
const betweenRoundsMs = 10;
/** In the middle of an exec a process has no environment for a moment, so one look is not enough to be sure. */
const quietRounds = 2;

/** Kills them, again and again while there are any, since one may fork meanwhile. @returns how many there were at first */
export async function killProcesses(wanted: Wanted): Promise<number> {
  let first: number | undefined;
  let hiddenBefore: ReadonlySet<number> = new Set();
  for (let round = 0, quiet = 0; round < mostRounds && quiet < quietRounds; round += 1) {
    const all = await allProcesses();
    const hidden = new Set(all.filter((candidate) => hides(candidate, wanted)).map(({ pid }) => pid));
    const found = new Set(all.filter((candidate) => isMarked(candidate, wanted)).map(({ pid }) => pid));
    // Who hid a moment ago, too, is not in an exec.
    for (const pid of hidden) if (hiddenBefore.has(pid)) found.add(pid);
    addDescendants(found, all);
    first ??= found.size;
    quiet = found.size + hidden.size === 0 ? quiet + 1 : 0;
    hiddenBefore = hidden;
    for (const pid of found) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended meanwhile.
      }
    }
    await sleep(betweenRoundsMs);
  }
  return first ?? 0;
}

function addDescendants(found: Set<number>, all: readonly Process[]): void {
  for (let before = -1; before !== found.size;) {
    before = found.size;
    for (const { pid, parent } of all) if (found.has(parent)) found.add(pid);
  }
  found.delete(process.pid);
}

function isMarked({ environment }: Process, { mark, unit }: Wanted): boolean {
  return (
    environment.includes(`${containerVariable}=${mark}`) &&
    (unit === undefined || environment.includes(`${unitVariable}=${unit}`))
  );
}

/** Of the container's own user, and without a word of where it came from. */
function hides({ user, environment }: Process, wanted: Wanted): boolean {
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
