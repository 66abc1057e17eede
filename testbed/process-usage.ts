/**
 * CPU time and memory of processes, from /proc (Linux). A process is counted together with its descendants, because
 * PostgreSQL serves each connection by a process of its own; but not with those that are measured by themselves.
 */
import { readdirSync, readFileSync } from 'node:fs';

/** USER_HZ of every Linux that Node.js runs on. */
const ticksPerSecond = 100;

interface ProcessFacts {
  readonly pid: number;
  readonly parent: number;
  /** User and system time, with that of children that have ended and been waited for. */
  readonly cpuSeconds: number;
}

/** What a process cost over a while. */
export interface ProcessCost {
  readonly cpuSeconds: number;
  readonly peakMemoryBytes: number;
}

export interface Usage {
  readonly cpuSeconds: number;
  /** Proportional set size: memory shared by several processes is counted once. */
  readonly memoryBytes: number;
}

/** Samples the memory of named processes to find its peak, and knows the CPU time since the start. */
export class UsageRecorder {
  private readonly peaks = new Map<string, number>();
  private readonly begun: ReadonlyMap<string, number>;
  private readonly timer: NodeJS.Timeout;

  /** @param pids pid by name; the memory is sampled every `everyMs` */
  constructor(
    private readonly pids: Readonly<Record<string, number>>,
    // Proportional set sizes are not cheap to read.
    everyMs = 2_000,
  ) {
    this.begun = new Map(this.measure().map(([name, usage]) => [name, usage.cpuSeconds]));
    this.timer = setInterval(() => void this.measure(), everyMs);
    this.timer.unref();
  }

  /** CPU seconds since the recorder was made, and the highest memory seen, by name. */
  stop(): ReadonlyMap<string, ProcessCost> {
    clearInterval(this.timer);
    return new Map(
      this.measure().map(([name, usage]) => [
        name,
        {
          cpuSeconds: usage.cpuSeconds - (this.begun.get(name) ?? 0),
          peakMemoryBytes: this.peaks.get(name) ?? 0,
        },
      ]),
    );
  }

  private measure(): [string, Usage][] {
    const all = allProcesses();
    const named = Object.values(this.pids);
    return Object.entries(this.pids).map(([name, pid]) => {
      const usage = usageOf(pid, all, named);
      this.peaks.set(name, Math.max(this.peaks.get(name) ?? 0, usage.memoryBytes));
      return [name, usage];
    });
  }
}

/**
 * Usage of a process and its descendants now; zero when it has ended.
 * @param others processes that are measured by themselves, with their own descendants
 */
export function usageOf(
  pid: number,
  all: readonly ProcessFacts[] = allProcesses(),
  others: readonly number[] = [],
): Usage {
  const family = all.filter((process) => process.pid === pid);
  // Grows while it is walked: each member's children join at the end.
  for (const member of family) {
    const children = all.filter((process) => process.parent === member.pid);
    family.push(...children.filter((process) => !others.includes(process.pid)));
  }
  return {
    cpuSeconds: family.reduce((sum, process) => sum + process.cpuSeconds, 0),
    memoryBytes: family.reduce((sum, process) => sum + memoryOf(process.pid), 0),
  };
}

function allProcesses(): ProcessFacts[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => factsOf(Number(name)) ?? []);
}

function factsOf(pid: number): ProcessFacts | undefined {
  const stat = readProc(pid, 'stat');
  // The name stands in brackets and may hold spaces and brackets itself.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields === undefined) return undefined;
  // proc_pid_stat(5): ppid is field 4; utime, stime, cutime, cstime are 14 to 17; the slice begins at field 3.
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  return { pid, parent: Number(fields[1]), cpuSeconds: ticks / ticksPerSecond };
}

function memoryOf(pid: number): number {
  const kilobytes =
    /^Pss:\s+(\d+) kB/m.exec(readProc(pid, 'smaps_rollup') ?? '')?.[1] ??
    /^VmRSS:\s+(\d+) kB/m.exec(readProc(pid, 'status') ?? '')?.[1];
  return Number(kilobytes ?? 0) * 1_024;
}

/** Bytes of one process alone that no other shares and that the kernel cannot read again from a file. */
export function ownMemoryOf(pid: number): number {
  const [, kilobytes] = /^Private_Dirty:\s+(\d+) kB/m.exec(readProc(pid, 'smaps_rollup') ?? '') ?? [];
  return Number(kilobytes ?? 0) * 1_024;
}

/** Undefined when the process has ended meanwhile, or is somebody else's. */
function readProc(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return undefined;
  }
}
