export interface Timed<T> {
  readonly value: T;
  readonly ms: number;
}

export function timed<T>(work: () => T): Timed<T> {
  const before = performance.now();
  const value = work();
  return { value, ms: performance.now() - before };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
