import { sumOf } from './error-budget.js';
import type { ErrorCounts, PhaseFacts } from './facts.js';
import { exceedsShare } from './share.js';
import type { Gate, Strategy } from './strategy.js';
import { counted } from '../units.js';

export type GateJudgement =
  | { readonly gate: 'holds' }
  /** Evidence is still to come. */
  | { readonly gate: 'bakes'; readonly untilMs: number | null; readonly reason: string }
  | { readonly gate: 'fails'; readonly reason: string };

/**
 * Judges a phase of which all deliveries have ended, approval aside.
 * @param failures of the phase, without those that somebody accepted
 * @param evidenceMs how long after the bake time profiles are waited for
 */
export function judgeGate(
  gate: Gate,
  { errorBudget }: Pick<Strategy, 'errorBudget'>,
  phase: PhaseFacts,
  failures: ErrorCounts,
  nowMs: number,
  evidenceMs: number,
): GateJudgement {
  const wanted = gate.successShare ?? 1 - (errorBudget?.share ?? 0);
  const failed = sumOf(failures);
  const good = phase.succeeded - phase.unhealthy;
  const judged = good + failed;
  // What failed already cannot be made good by waiting.
  const verdict = verdictOf(good, judged, wanted);
  if (verdict !== null) return verdict;
  if (gate.bakeMinutes === undefined || phase.succeeded === 0) return { gate: 'holds' };
  const bakedAtMs = (phase.lastEndedAtMs ?? nowMs) + gate.bakeMinutes * 60_000;
  if (nowMs < bakedAtMs) {
    return {
      gate: 'bakes',
      untilMs: bakedAtMs,
      reason: `has to stay well for ${counted(gate.bakeMinutes, 'minute')}`,
    };
  }
  if (verdictOf(phase.healthy, judged, wanted) === null) return { gate: 'holds' };
  const silent = good - phase.healthy;
  const givenUpAtMs = bakedAtMs + evidenceMs;
  if (nowMs < givenUpAtMs) {
    return { gate: 'bakes', untilMs: givenUpAtMs, reason: `waits for news of ${counted(silent, 'gateway')}` };
  }
  return {
    gate: 'fails',
    reason: `${phase.healthy} of ${counted(judged, 'gateway')} known to be well; a share of ${wanted} is wanted, and ${silent} silent`,
  };
}

function verdictOf(good: number, judged: number, wanted: number): (GateJudgement & { gate: 'fails' }) | null {
  if (judged === 0 || !exceedsShare(judged - good, 1 - wanted, judged)) return null;
  return {
    gate: 'fails',
    reason: `${good} of ${counted(judged, 'gateway')} succeeded; a share of ${wanted} is wanted`,
  };
}
