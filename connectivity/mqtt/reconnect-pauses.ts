/** Pauses between attempts to reach a broker that is away, in milliseconds. */
export interface ReconnectPauses {
  readonly firstMs: number;
  readonly mostMs: number;
}

/** A broker that was restarted is back soon; one that is away for an hour is asked for once a minute. */
export const reconnectPauses: ReconnectPauses = { firstMs: 1_000, mostMs: 60_000 };

/**
 * The pause before an attempt: doubled each time up to the longest, and drawn from the upper half of that, since nodes that lost
 * their broker at one moment are to come back at different ones.
 * @param attempts that came to nothing before
 * @param random in [0, 1)
 */
export function reconnectPauseMs(
  { firstMs, mostMs }: ReconnectPauses,
  attempts: number,
  random: number,
): number {
  // 2 ** 30 pauses of a millisecond are twelve days.
  const interval = Math.min(firstMs * 2 ** Math.min(attempts, 30), mostMs);
  return Math.max(1, Math.round(interval * (0.5 + random / 2)));
}
