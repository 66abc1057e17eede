import type { Writable } from 'node:stream';
import { LeonoreError } from '../domain/errors.js';
import type { Look, StreamTopic } from './stream-topics.js';

/** When nothing was said for so long, a tick is: who hears none looks at something old. */
const tickMs = 2_000;

/**
 * What one page is told: of each topic what has changed, never more often than it is looked at, and nothing that is out
 * of date by the time that a slow reader could take it.
 *
 * Each message's id names what the page knows then, so that a page which comes again is not told the same twice,
 * whichever process serves it.
 */
export class PageStream {
  /** Of each topic the digest of what was told last. */
  private readonly known: Map<string, string>;
  /** Of each thing of a topic what was told last. */
  private readonly texts = new Map<string, ReadonlyMap<string, string>>();
  /** When each topic was looked at last. */
  private readonly lookedAtMs = new Map<string, number>();
  private readonly timer: NodeJS.Timeout;
  private saidAtMs = performance.now();

  /**
   * @param topics names of what it tells of
   * @param lastEventId what the page heard last, of whatever process; null when it is new
   */
  constructor(
    private readonly out: Writable,
    topics: readonly string[],
    lastEventId: string | null,
  ) {
    this.known = readId(lastEventId, topics);
    for (const topic of topics) this.lookedAtMs.set(topic, this.saidAtMs);
    this.timer = setInterval(() => this.tick(), tickMs / 2);
  }

  close(): void {
    clearInterval(this.timer);
  }

  /** @param topic its name; of a rollout its id */
  tell(topic: string, event: StreamTopic | 'rollout', look: Look): void {
    this.lookedAtMs.set(topic, look.takenAtMs);
    // Who reads slowly is told later what is true then.
    if (this.known.get(topic) === look.digest || this.out.writableNeedDrain) return;
    const before = this.texts.get(topic);
    const texts = new Map(look.things.map(({ id, text }) => [id, text]));
    const isWhole = event !== 'rollouts' && event !== 'campaigns';
    const changed = look.things.filter(({ id, text }) => isWhole || before?.get(id) !== text);
    this.texts.set(topic, texts);
    this.known.set(topic, look.digest);
    // What has gone from among those that are told of has ended, and that was told.
    if (changed.length === 0 && before !== undefined) return;
    this.say(event, look, bodyOf(event, changed));
  }

  private say(event: string, { at, takenAtMs }: Pick<Look, 'at' | 'takenAtMs'>, body: string): void {
    const ageMs = Math.round(performance.now() - takenAtMs);
    const data = `{"at":${JSON.stringify(at.toISOString())},"ageMs":${ageMs}${body}}`;
    this.out.write(`event: ${event}\nid: ${this.id()}\ndata: ${data}\n\n`);
    this.saidAtMs = performance.now();
  }

  private tick(): void {
    if (performance.now() - this.saidAtMs < tickMs || this.out.writableNeedDrain) return;
    const takenAtMs = Math.min(...this.lookedAtMs.values());
    this.say('tick', { at: new Date(), takenAtMs }, '');
  }

  private id(): string {
    return [...this.known].map(([topic, digest]) => `${topic}=${digest}`).join('&');
  }
}

/** What of the ids that pages send back is read; nothing in it is believed but that it is equal to something. */
function readId(id: string | null, topics: readonly string[]): Map<string, string> {
  if (id === null) return new Map();
  const pairs = [...new URLSearchParams(id)].filter(([topic]) => topics.includes(topic));
  return new Map(pairs);
}

function bodyOf(event: StreamTopic | 'rollout', things: Look['things']): string {
  const texts = things.map(({ text }) => text);
  switch (event) {
    case 'rollouts':
    case 'campaigns':
    case 'nodes':
      return `,"items":[${texts.join(',')}]`;
    case 'rollout':
      return `,"progress":${texts[0] ?? 'null'}`;
    case 'gateways':
      return `,${(texts[0] ?? '{}').slice(1, -1)}`;
  }
}

/** @throws LeonoreError MALFORMED_INPUT */
export function requireSomething(topics: readonly string[], rollouts: readonly string[]): void {
  if (topics.length + rollouts.length === 0)
    throw new LeonoreError('MALFORMED_INPUT', 'a stream is about topics, or about rollouts');
}
