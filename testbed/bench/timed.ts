export interface Timed<T> {
  readonly value: T;
  /** Milliseconds of processor, collecting garbage included: others on the machine do not count. */
  readonly ms: number;
}

export function timed<T>(work: () => T): Timed<T> {
  const before = process.cpuUsage();
  const value = work();
  const { user, system } = process.cpuUsage(before);
  return { value, ms: (user + system) / 1_000 };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
