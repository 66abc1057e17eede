import { arch, cpus, freemem, loadavg, release, totalmem, type } from 'node:os';

/** What a figure was measured on; without it no figure can be compared. */
export interface MachineFacts {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly freeMemoryBytes: number;
  /** Load of the last minute before the measurement: others may share the machine. */
  readonly loadBefore: number;
  readonly system: string;
  readonly node: string;
}

export function machineFacts(): MachineFacts {
  const processors = cpus();
  return {
    cpu: processors[0]?.model.trim() ?? 'unknown',
    cores: processors.length,
    memoryBytes: totalmem(),
    freeMemoryBytes: freemem(),
    loadBefore: loadavg()[0] ?? 0,
    system: `${type()} ${release()} ${arch()}`,
    node: process.version,
  };
}
