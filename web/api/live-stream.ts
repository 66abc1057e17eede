/** The one stream of what a page shows: held while the page is seen, taken up again where it broke off. */
import { useQueryClient, type QueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { EventReader, type StreamEvent } from '../../client/event-reader.js';
import { pauseMs } from '../logic/live-merge.js';
import { authorisedFetch } from './client.js';
import { answered } from './freshness.js';
import { liveness } from './liveness.js';
import { takeMessage, type StreamTopic } from './live-updates.js';

/** A stream that says nothing for so long is given up, and asked for anew. */
const deadAfterMs = 10_000;

/** What a page shows changes by itself from now on, as long as it is shown. */
export function useLiveStream(topics: readonly StreamTopic[], rollout?: string): void {
  const queries = useQueryClient();
  const asked = new URLSearchParams({
    ...(topics.length === 0 ? {} : { topics: topics.join(',') }),
    ...(rollout === undefined ? {} : { rollout }),
  }).toString();
  useEffect(() => {
    if (asked === '') return;
    const left = new AbortController();
    void follow(asked, queries, left.signal);
    return () => left.abort();
  }, [asked, queries]);
}

async function follow(asked: string, queries: QueryClient, left: AbortSignal): Promise<void> {
  const topics = new Set([...new URLSearchParams(asked).values()].flatMap((list) => list.split(',')));
  const stream = liveness.begin(topics);
  let lastEventId = '';
  let failures = 0;
  try {
    while (!left.aborted) {
      if (document.hidden) {
        await untilSeen(left);
        // What is shown is asked for when the page is seen again.
        stream.heard(0);
      }
      const outcome = await readStream(asked, lastEventId, left, ({ id, event, data }) => {
        failures = 0;
        lastEventId = id;
        const message = JSON.parse(data) as { readonly ageMs: number };
        stream.heard(message.ageMs);
        stream.speaks(true);
        answered();
        takeMessage(queries, event, message);
      });
      stream.speaks(false);
      if (outcome !== 'broken') return;
      // What it told of is asked for from now on.
      if (failures === 0) void queries.invalidateQueries();
      if (document.hidden) continue;
      failures += 1;
      await pause(pauseMs(failures, Math.random()), left);
    }
  } finally {
    stream.end();
  }
}

/**
 * Reads a stream until it ends, breaks, says nothing for too long, or nobody looks any more.
 *
 * @returns `refused` where asking again would not help, `left` when nobody looks any more
 */
async function readStream(
  asked: string,
  lastEventId: string,
  left: AbortSignal,
  take: (event: StreamEvent) => void,
): Promise<'broken' | 'refused' | 'left'> {
  const attempt = new AbortController();
  const give = () => attempt.abort();
  const hide = () => {
    // A browser has few connections for one server: what is not seen holds none.
    if (document.hidden) give();
  };
  left.addEventListener('abort', give);
  document.addEventListener('visibilitychange', hide);
  let watch = setTimeout(give, deadAfterMs);
  try {
    const answer = await authorisedFetch(
      new Request(`/api/v1/stream?${asked}`, {
        headers: {
          accept: 'text/event-stream',
          ...(lastEventId === '' ? {} : { 'last-event-id': lastEventId }),
        },
        cache: 'no-store',
        signal: attempt.signal,
      }),
    );
    if (answer.status >= 400 && answer.status < 500 && answer.status !== 429) return 'refused';
    if (!answer.ok || answer.body === null) return 'broken';
    const reader = new EventReader();
    const decoder = new TextDecoder();
    const body = answer.body.getReader();
    for (;;) {
      const { done, value } = await body.read();
      if (done) return 'broken';
      clearTimeout(watch);
      watch = setTimeout(give, deadAfterMs);
      for (const event of reader.push(decoder.decode(value, { stream: true }))) take(event);
    }
  } catch {
    return left.aborted ? 'left' : 'broken';
  } finally {
    clearTimeout(watch);
    give();
    left.removeEventListener('abort', give);
    document.removeEventListener('visibilitychange', hide);
  }
}

function untilSeen(left: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (document.hidden && !left.aborted) return;
      document.removeEventListener('visibilitychange', look);
      left.removeEventListener('abort', look);
      resolve();
    };
    document.addEventListener('visibilitychange', look);
    left.addEventListener('abort', look);
    look();
  });
}

function pause(ms: number, left: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      left.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    left.addEventListener('abort', end);
  });
}
