/** One rollout, measured: time, steps, cost of each process, histories. */
import { workflowIds } from '../domain/orchestration.js';
import type { LeonoreApi, RolloutView } from './api.js';
import { followRollout } from './follow-rollout.js';
import { UsageRecorder, type ProcessCost } from './process-usage.js';
import { readHistories, type Histories } from './temporal-histories.js';
import { ProgressLine } from './terminal.js';

export interface MeasuredRollout {
  readonly gateways: number;
  /** From the request, by the client's clock, to the end that the rollout notes. */
  readonly seconds: number;
  readonly view: RolloutView;
  readonly histories: Histories;
  /** By the name of the process. */
  readonly processes: ReadonlyMap<string, ProcessCost>;
}

interface RolloutToMeasure {
  readonly request: string;
  readonly deployment: string;
  /** Gateways of the deployment. */
  readonly gateways: number;
  readonly timeoutMs: number;
  /** Processes to measure, by name. */
  readonly pids: Readonly<Record<string, number>>;
  /** gRPC address of the Temporal server. */
  readonly temporal: string;
}

/** @throws Error when the rollout does not end in time */
export async function measureRollout(api: LeonoreApi, rollout: RolloutToMeasure): Promise<MeasuredRollout> {
  const recorder = new UsageRecorder(rollout.pids);
  try {
    const startedMs = Date.now();
    const id = await api.startRollout({
      requests: [rollout.request],
      deployment: rollout.deployment,
      deadlineSeconds: Math.ceil(rollout.timeoutMs / 1_000),
    });
    const line = new ProgressLine('deliveries', rollout.gateways, process.stderr);
    const view = await followRollout(api, id, line, rollout.timeoutMs);
    // Both clocks are this machine's; the rollout's own note of its end does not depend on how often one looks.
    const endedMs = view.endedAt === null ? Date.now() : Date.parse(view.endedAt);
    const seconds = (endedMs - startedMs) / 1_000;
    const processes = recorder.stop();
    const histories = await readHistories(rollout.temporal, 'default', [workflowIds.rollout(id)]);
    return { gateways: rollout.gateways, seconds, view, histories, processes };
  } finally {
    recorder.stop();
  }
}
