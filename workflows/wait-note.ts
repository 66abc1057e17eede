import { proxyActivities } from '@temporalio/workflow';
import { awaitedBy } from '../domain/error-kinds.js';
import { coordinatorQueue } from '../domain/orchestration.js';
import type { CoordinatorActivities } from './activity-types.js';

/** Tried once, and not for long: a wait is not prolonged by telling of it. */
const { noteWaiting } = proxyActivities<Pick<CoordinatorActivities, 'noteWaiting'>>({
  taskQueue: coordinatorQueue,
  scheduleToCloseTimeout: '10 seconds',
  retry: { maximumAttempts: 1 },
  summary: 'What the rollout waits for',
});

/**
 * What a rollout waits for, noted in the database for API, CLI and dashboard, as well as that can be. While PostgreSQL is
 * away itself nothing can be noted there; who asks then is told so by the API. Of several parts that wait at once, the
 * last one to say something is heard.
 */
export class WaitNote {
  private noted: string | null = null;

  constructor(private readonly rolloutId: string) {}

  /** @param away what is, in words; null when it is back. Never fails */
  async tell(away: string | null): Promise<void> {
    if (away === this.noted || away === awaitedBy('DATABASE_UNAVAILABLE')) return;
    this.noted = away;
    try {
      await noteWaiting({ rolloutId: this.rolloutId, waitingFor: away });
    } catch {
      // The end of the rollout, and its next workflow, clear what is noted.
    }
  }
}
