import { readFileSync } from 'node:fs';

/**
 * Measures how long a process has worked. Where the system tells (Linux), that is the time of its main thread on a
 * processor: one that waits for its turn on a busy machine is not the slower for it. Elsewhere it is the clock on the
 * wall.
 */
export class ProcessClock {
  constructor(private readonly pid: number) {}

  /** @returns milliseconds since some moment in the past, which is the same as long as the process lives */
  nowMs(): number {
    try {
      // The kernel makes this text up as it is read: no disk is waited for. Its first number is nanoseconds.
      const text = readFileSync(`/proc/${String(this.pid)}/schedstat`, 'latin1');
      return Number(text.split(' ', 1)[0]) / 1e6;
    } catch {
      return performance.now();
    }
  }
}
