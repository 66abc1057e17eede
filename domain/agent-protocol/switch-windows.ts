import type { SwitchWindow } from './messages.js';

/** What a moment is to windows: in one of them, before the next, or after the last. */
export type WindowState =
  | { readonly state: 'open' }
  | { readonly state: 'waiting'; readonly opensAtSeconds: number }
  | { readonly state: 'over' };

/**
 * Judges a moment by windows, of which each ends before `toSeconds`; they may stand in any order.
 *
 * @param windows none: any time will do
 * @param nowSeconds Unix seconds UTC
 */
export function windowState(windows: readonly SwitchWindow[] | undefined, nowSeconds: number): WindowState {
  if (windows === undefined) return { state: 'open' };
  const left = windows.filter(
    ({ fromSeconds, toSeconds }) => toSeconds > nowSeconds && toSeconds > fromSeconds,
  );
  if (left.length === 0) return { state: 'over' };
  const opensAtSeconds = Math.min(...left.map(({ fromSeconds }) => fromSeconds));
  return opensAtSeconds <= nowSeconds ? { state: 'open' } : { state: 'waiting', opensAtSeconds };
}
