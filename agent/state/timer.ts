/** Node's timers count in 32 bits: one that is to last longer fires at once instead. */
const longestTimerMs = 2 ** 31 - 1;

/** A time in milliseconds that a timer can hold: of what is longer, the longest, some 24 days. */
export function timerMs(wantedMs: number): number {
  return Math.min(Math.max(wantedMs, 1), longestTimerMs);
}
