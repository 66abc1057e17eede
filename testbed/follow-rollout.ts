import { setTimeout as sleep } from 'node:timers/promises';
import { deliveryStates, isEnded } from '../domain/delivery/state.js';
import { isRolloutEnded } from '../domain/rollout/state.js';
import type { LeonoreApi, RolloutView } from './api.js';
import type { ProgressLine } from './terminal.js';

/** How often one looks; a large rollout is counted for each look, which must not become a part of what is measured. */
const pollEveryMs = 400;
const pollMsAGateway = 0.05;

/**
 * Shows a rollout's progress until it has ended.
 * @throws Error when it has not ended within `timeoutMs`
 */
export async function followRollout(
  api: LeonoreApi,
  rolloutId: string,
  line: ProgressLine,
  timeoutMs: number,
): Promise<RolloutView> {
  const endMs = Date.now() + timeoutMs;
  try {
    for (;;) {
      const view = await api.rollout(rolloutId);
      line.update(endedDeliveries(view), describe(view));
      if (isRolloutEnded(view.state)) return view;
      if (Date.now() > endMs) {
        throw new Error(`rollout ${rolloutId} has not ended after ${timeoutMs / 1_000} s: ${describe(view)}`);
      }
      await sleep(Math.max(pollEveryMs, pollMsAGateway * gatewaysOf(view)));
    }
  } finally {
    line.end();
  }
}

function gatewaysOf(view: RolloutView): number {
  return deliveryStates.reduce((sum, state) => sum + view.counts[state], 0);
}

function endedDeliveries(view: RolloutView): number {
  return deliveryStates.filter(isEnded).reduce((sum, state) => sum + view.counts[state], 0);
}

/** The steps that are under way, and the deliveries by state. */
function describe(view: RolloutView): string {
  const running = [...new Set(view.steps.filter((step) => step.endedAt === null).map(({ step }) => step))];
  const counts = deliveryStates
    .filter((state) => view.counts[state] > 0)
    .map((state) => `${view.counts[state]} ${state}`);
  const steps = running.length === 0 ? '' : `(${running.join(', ')}) `;
  return `${steps}${counts.join(', ')}`;
}
