/** The time as LEONORE has it: the clock of whoever looks may be off. */
import { Listeners } from '../logic/listeners.js';

/** A clock that is off by less is taken to be right: an answer tells whole seconds, and takes its time. */
const toleratedMs = 5_000;

let aheadMs = 0;
const listeners = new Listeners();

/** Notes what an answer says the time is. */
export function toldTime(answer: Response): void {
  const told = Date.parse(answer.headers.get('date') ?? '');
  if (Number.isNaN(told)) return;
  // It was cut to a whole second.
  const ahead = Date.now() - told - 500;
  const next = Math.abs(ahead) < toleratedMs ? 0 : ahead;
  if (Math.abs(next - aheadMs) < toleratedMs) return;
  aheadMs = next;
  listeners.tell();
}

export const serverClock = {
  /** Now, in ms since 1970. */
  nowMs: (): number => Date.now() - aheadMs,
  /** How far the clock here is ahead; 0 when it is right, less when it is behind. */
  aheadMs: (): number => aheadMs,
  subscribe: listeners.subscribe,
};
