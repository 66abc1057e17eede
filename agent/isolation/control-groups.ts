/**
 * Linux's control groups, version 2 or 1, where they may be written: each unit (an application, or a run of a script)
 * has a group of its own. No process can leave it, however it was started, so all of a unit can be ended and limited.
 */
import { access, constants, mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const mountPoint = '/sys/fs/cgroup';
const procsFile = 'cgroup.procs';
/** Of version 1, whose controllers have a tree each: `pids` comes first, since it is the cheapest that tracks. */
const controllers = ['pids', 'memory', 'cpu'] as const;

/** What a unit may take; what is not named is not limited. */
export interface UnitLimits {
  readonly memoryBytes?: number | undefined;
  readonly processes?: number | undefined;
  /** Of one core, so that 200 is two. */
  readonly cpuPercent?: number | undefined;
  /** Of the disk, for what it keeps; not a matter of control groups. */
  readonly diskBytes?: number | undefined;
}

export class ControlGroups {
  private constructor(
    private readonly version: 1 | 2,
    /** Directories of this agent, one in each tree. */
    private readonly bases: Readonly<Record<string, string>>,
  ) {}

  /** @param name of this agent's groups. @returns null where groups cannot be made */
  static async open(name: string): Promise<ControlGroups | null> {
    if (await isWritable(join(mountPoint, 'cgroup.controllers'))) {
      const base = join(mountPoint, name);
      try {
        await mkdir(base, { recursive: true });
      } catch {
        return null;
      }
      for (const controller of controllers) {
        for (const directory of [mountPoint, base]) {
          await writeFile(join(directory, 'cgroup.subtree_control'), `+${controller}`).catch(() => undefined);
        }
      }
      return new ControlGroups(2, { unified: base });
    }
    const bases: Record<string, string> = {};
    for (const controller of controllers) {
      const base = join(mountPoint, controller, name);
      try {
        if (!(await isWritable(join(mountPoint, controller, procsFile)))) continue;
        await mkdir(base, { recursive: true });
        bases[controller] = base;
      } catch {
        // The others may do.
      }
    }
    return Object.keys(bases).length === 0 ? null : new ControlGroups(1, bases);
  }

  /** Makes a unit's group. @returns the files that a process writes its id into to join it */
  async make(unit: string, limits: UnitLimits): Promise<string[]> {
    const joined: string[] = [];
    for (const [controller, base] of Object.entries(this.bases)) {
      const directory = join(base, unit);
      await mkdir(directory, { recursive: true });
      for (const [file, value] of settings(this.version, controller, limits)) {
        await writeFile(join(directory, file), value).catch(() => undefined);
      }
      joined.push(join(directory, procsFile));
    }
    return joined;
  }

  /** Kills all processes of a unit, and removes its group. */
  async end(unit: string): Promise<void> {
    for (const base of Object.values(this.bases)) await endGroup(join(base, unit));
  }

  /** Units that there are: those of an agent that was killed, too. */
  async units(): Promise<string[]> {
    const found = new Set<string>();
    for (const base of Object.values(this.bases)) {
      const entries = await readdir(base, { withFileTypes: true }).catch(() => []);
      for (const entry of entries) if (entry.isDirectory()) found.add(entry.name);
    }
    return [...found];
  }

  /** Ends every unit, and leaves nothing behind. */
  async close(): Promise<void> {
    for (const unit of await this.units()) await this.end(unit);
    for (const base of Object.values(this.bases)) await rmdir(base).catch(() => undefined);
  }
}

function settings(version: 1 | 2, controller: string, limits: UnitLimits): [string, string][] {
  const { memoryBytes, processes, cpuPercent } = limits;
  const periodUs = 100_000;
  const quotaUs = cpuPercent === undefined ? undefined : Math.round((cpuPercent / 100) * periodUs);
  const all: [string, number | string | undefined, string, string][] = [
    // Swap counts, too, where version 1 accounts for it; it is set last because it may not be below the other.
    ['memory', memoryBytes, 'memory.max', 'memory.limit_in_bytes'],
    ['memory', memoryBytes, 'memory.swap.max', 'memory.memsw.limit_in_bytes'],
    ['pids', processes, 'pids.max', 'pids.max'],
    ['cpu', quotaUs, 'cpu.max', 'cpu.cfs_quota_us'],
  ];
  return all.flatMap(([needed, value, second, first]): [string, string][] => {
    if (value === undefined || (version === 1 && needed !== controller)) return [];
    if (version === 1) return [[first, String(value)]];
    if (second === 'cpu.max') return [[second, `${String(value)} ${String(periodUs)}`]];
    return [[second, second === 'memory.swap.max' ? '0' : String(value)]];
  });
}

/** A group that forks faster than it is killed is bounded by its limit of processes, so a few rounds do. */
async function endGroup(directory: string): Promise<void> {
  for (let round = 0; round < 100; round += 1) {
    let pids: string[];
    try {
      pids = (await readFile(join(directory, procsFile), 'utf8')).split('\n').filter((pid) => pid !== '');
    } catch {
      return;
    }
    if (pids.length === 0) {
      const removed = await rmdir(directory).then(
        () => true,
        () => false,
      );
      if (removed) return;
    }
    if (!(await killAtOnce(directory))) for (const pid of pids) kill(Number(pid));
    if (round > 0) await sleep(20);
  }
}

/** Since Linux 5.14, of version 2: not even a fork bomb gets away. */
async function killAtOnce(directory: string): Promise<boolean> {
  return writeFile(join(directory, 'cgroup.kill'), '1', { flag: 'r+' }).then(
    () => true,
    () => false,
  );
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

async function isWritable(path: string): Promise<boolean> {
  return access(path, constants.W_OK).then(
    () => true,
    () => false,
  );
}
