/** How old what is shown is: when the API last answered. */
import { Listeners } from '../logic/listeners.js';

const pulseMs = 1_000;
const pulseTimeoutMs = 2_500;
/** From so many milliseconds without an answer the age is said. */
export const staleAfterMs = 2_000;

const listeners = new Listeners();
/** By a clock that nobody sets. */
let answeredAtMs = performance.now();
let shownSeconds = 0;

/** Notes that the API has answered. */
export function answered(): void {
  answeredAtMs = performance.now();
}

function look(): void {
  const ageMs = performance.now() - answeredAtMs;
  const seconds = ageMs < staleAfterMs ? 0 : Math.floor(ageMs / 1_000);
  if (seconds === shownSeconds) return;
  shownSeconds = seconds;
  listeners.tell();
}

async function ask(): Promise<void> {
  try {
    const answer = await fetch('/healthz', {
      signal: AbortSignal.timeout(pulseTimeoutMs),
      cache: 'no-store',
    });
    if (answer.ok) answered();
  } catch {
    // No answer: the age grows.
  }
}

/** Begins to look; a page that nobody sees asks for nothing. @returns what ends it */
export function watchFreshness(): () => void {
  answered();
  let busy = false;
  const timer = setInterval(() => {
    look();
    if (busy || document.hidden) return;
    busy = true;
    void ask().finally(() => {
      busy = false;
      look();
    });
  }, pulseMs);
  const seen = () => {
    if (!document.hidden) answered();
  };
  document.addEventListener('visibilitychange', seen);
  return () => {
    clearInterval(timer);
    document.removeEventListener('visibilitychange', seen);
  };
}

export const freshness = {
  /** Seconds since the API last answered; 0 while it answers. */
  seconds: (): number => shownSeconds,
  subscribe: listeners.subscribe,
};
