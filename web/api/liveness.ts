/** Whether the stream of the page tells what is new, and how old what is shown is when it does not. */
import { Listeners } from '../logic/listeners.js';

/** The server says something every two seconds. From so many milliseconds on the age of what is shown is said. */
const quietAfterMs = 5_000;
const lookMs = 1_000;
/** What a stream tells of is asked for now and then all the same: a message that got lost is mended by it. */
const mendMs = 30_000;

interface Stream {
  readonly topics: ReadonlySet<string>;
  /** The moment that what is shown speaks of. */
  freshAtMs: number;
  speaks: boolean;
}

/** A page has one at most. */
let current: Stream | null = null;
let shownSeconds = 0;
const listeners = new Listeners();

function ageMs({ freshAtMs }: Stream): number {
  return performance.now() - freshAtMs;
}

function look(): void {
  const age = current === null || document.hidden ? 0 : ageMs(current);
  const seconds = age < quietAfterMs ? 0 : Math.floor(age / 1_000);
  if (seconds === shownSeconds) return;
  shownSeconds = seconds;
  listeners.tell();
}

/** What a stream says of itself. */
interface StreamNotes {
  /** Something was told that was so old. */
  heard(ageMs: number): void;
  speaks(speaks: boolean): void;
  end(): void;
}

export const liveness = {
  /** How old what the stream told is, in seconds; 0 while it tells what is new, and on a page without one. */
  seconds: (): number => shownSeconds,
  subscribe: listeners.subscribe,
  /** @param topics names of topics, and ids of rollouts */
  begin(topics: ReadonlySet<string>): StreamNotes {
    const stream: Stream = { topics, freshAtMs: performance.now(), speaks: false };
    current = stream;
    const timer = setInterval(look, lookMs);
    return {
      heard: (age) => {
        stream.freshAtMs = performance.now() - age;
        look();
      },
      speaks: (speaks) => {
        stream.speaks = speaks;
      },
      end: () => {
        clearInterval(timer);
        if (current === stream) current = null;
        look();
      },
    };
  },
};

/**
 * How often something is asked for, in milliseconds: seldom while a stream tells of it.
 *
 * @param topic a topic, or the id of a rollout
 */
export function intervalMs(topic: string, withoutStreamMs: number): number {
  const isTold =
    current !== null && current.speaks && current.topics.has(topic) && ageMs(current) < quietAfterMs;
  return isTold ? mendMs : withoutStreamMs;
}
