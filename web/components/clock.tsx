import { useSyncExternalStore } from 'react';
import { serverClock } from '../api/server-clock.js';
import { secondsText } from '../../domain/units.js';
import { countedText } from '../logic/numbers.js';

const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;
let nowMs = serverClock.nowMs();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    nowMs = serverClock.nowMs();
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
const ofDay = { weekday: 'short', hour: '2-digit', minute: '2-digit' } as const;
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

/** An instant in the zone of whoever looks, with what the clock says in another one beside it. */
export function InstantThere({ at, zone }: { readonly at: string; readonly zone: string }) {
  return (
    <>
      <Instant at={at} /> <span className="quiet">({timeThere(at, zone)} there)</span>
    </>
  );
}

function timeThere(at: string, zone: string): string {
  try {
    return new Intl.DateTimeFormat(undefined, { ...ofDay, timeZone: zone }).format(new Date(at));
  } catch {
    // A zone that this browser does not know.
    return new Intl.DateTimeFormat(undefined, { ...ofDay, timeZone: 'UTC', timeZoneName: 'short' }).format(
      new Date(at),
    );
  }
}

/** How long ago an instant is. */
export function Ago({ at }: { readonly at: string }) {
  const now = useNow();
  // Clocks agree to some seconds: nothing is shown as in the future.
  const seconds = Math.max(0, (now - Date.parse(at)) / 1_000);
  return (
    <time dateTime={at} title={withZone.format(new Date(at))}>
      {agoText(seconds)}
    </time>
  );
}

function agoText(seconds: number): string {
  return seconds < 5 ? 'just now' : `${spanText(seconds)} ago`;
}

/** About how long something is. */
export function spanText(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5_400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 48 * 3_600) return `${Math.round(seconds / 3_600)} h`;
  return countedText(Math.round(seconds / 86_400), 'day');
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
