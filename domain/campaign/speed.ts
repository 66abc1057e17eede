import type { PhaseFacts } from './facts.js';
import { waveSpacingMs } from './retry.js';
import type { Speed } from './strategy.js';

/** A phase is served in so many rollouts at most by its speed limit, however large it is. */
const slicesOfPhase = 50;

/**
 * How many members of a phase may begin now: all that have not begun (null) or so many; 0 with the moment at which to ask
 * again (null: when something has ended).
 *
 * Slices keep the stated number of gateways a minute over the time of the phase. Those of a large phase are of several
 * minutes each.
 * @param size members of the phase
 */
export function nextSlice(
  speed: Speed | undefined,
  phase: PhaseFacts,
  size: number,
  nowMs: number,
): { readonly most: number | null } | { readonly most: 0; readonly untilMs: number | null } {
  if (speed === undefined) return { most: null };
  const allowed = byMinute(speed.gatewaysPerMinute, phase, size, nowMs);
  if (allowed.most === 0) return allowed;
  if (speed.downloadsByLabel === undefined) return allowed;
  return byLabel(phase, size, nowMs, allowed.most);
}

function byMinute(
  rate: number | undefined,
  { startedAtMs, notBegun }: PhaseFacts,
  size: number,
  nowMs: number,
): { most: number | null } | { most: 0; untilMs: number } {
  if (rate === undefined) return { most: null };
  const intervalMs = Math.max(1, Math.ceil(size / rate / slicesOfPhase)) * 60_000;
  const slice = rate * (intervalMs / 60_000);
  const begunAtMs = startedAtMs ?? nowMs;
  // Who left before the phase began took no place in it.
  const begun = startedAtMs === null ? 0 : size - notBegun;
  const intervals = 1 + Math.floor(Math.max(0, nowMs - begunAtMs) / intervalMs);
  // One slice at most: what a pause or a stop of LEONORE kept from beginning is not made up for at once.
  const most = Math.min(slice, intervals * slice - begun);
  if (most > 0) return { most };
  const full = Math.ceil((begun + 1) / slice) - 1;
  return { most: 0, untilMs: begunAtMs + full * intervalMs };
}

function byLabel(
  { startable, open, lastSliceAtMs, notBegun }: PhaseFacts,
  size: number,
  nowMs: number,
  most: number | null,
): { most: number | null } | { most: 0; untilMs: number | null } {
  if (startable === 0) return { most: 0, untilMs: null };
  // Each end makes room for one more: a rollout for each would be thousands.
  const worthwhile = Math.min(notBegun, Math.ceil(size / slicesOfPhase));
  const spacedAtMs = (lastSliceAtMs ?? nowMs - waveSpacingMs) + waveSpacingMs;
  if (open > 0 && startable < worthwhile && nowMs < spacedAtMs) return { most: 0, untilMs: spacedAtMs };
  return { most: most === null ? null : Math.min(most, startable) };
}
