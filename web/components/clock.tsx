import { useSyncExternalStore } from 'react';
import { secondsText } from '../../domain/units.js';
import { countedText } from '../logic/numbers.js';

const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;
let nowMs = Date.now();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    nowMs = Date.now();
    for (const tell of listeners) tell();
  }, 1_000);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** The time, each second; one timer for all that show it. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => nowMs);
}

const whole = new Intl.DateTimeFormat(undefined, {
  dateStyle: 'medium',
  timeStyle: 'medium',
});
const withZone = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'long' });

/** An instant in the zone of whoever looks. */
export function Instant({ at }: { readonly at: string }) {
  const date = new Date(at);
  return (
    <time dateTime={at} title={withZone.format(date)}>
      {whole.format(date)}
    </time>
  );
}

/** How long ago an instant is. */
export function Ago({ at }: { readonly at: string }) {
  const now = useNow();
  // A viewer's clock may be off: nothing is shown as in the future.
  const seconds = Math.max(0, (now - Date.parse(at)) / 1_000);
  return (
    <time dateTime={at} title={withZone.format(new Date(at))}>
      {agoText(seconds)}
    </time>
  );
}

function agoText(seconds: number): string {
  if (seconds < 5) return 'just now';
  if (seconds < 90) return `${Math.round(seconds)} s ago`;
  if (seconds < 5_400) return `${Math.round(seconds / 60)} min ago`;
  if (seconds < 48 * 3_600) return `${Math.round(seconds / 3_600)} h ago`;
  return `${countedText(Math.round(seconds / 86_400), 'day')} ago`;
}

/** Time between two instants; it grows while the second is missing. */
export function Duration({ from, to }: { readonly from: string; readonly to: string | null }) {
  return to === null ? (
    <Growing from={from} />
  ) : (
    secondsText(Math.max(0, (Date.parse(to) - Date.parse(from)) / 1_000))
  );
}

function Growing({ from }: { readonly from: string }) {
  const now = useNow();
  return `${secondsText(Math.max(0, (now - Date.parse(from)) / 1_000))} …`;
}
