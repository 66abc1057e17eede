/** How long an answer holds. */
const restMs = 2_000;

/** Whether Temporal answers, as it was found a short time ago: it is asked beside, so that no reader waits for it. */
export class TemporalReach {
  private away = false;
  private askedAtMs = -Infinity;

  /** @param isReachable asks Temporal; fails never */
  constructor(private readonly isReachable: () => Promise<boolean>) {}

  get isAway(): boolean {
    const nowMs = performance.now();
    if (nowMs - this.askedAtMs >= restMs) {
      this.askedAtMs = nowMs;
      void this.isReachable().then((reachable) => (this.away = !reachable));
    }
    return this.away;
  }
}
