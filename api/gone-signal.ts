import type { FastifyReply } from 'fastify';

/** Aborted when the caller goes before it has its answer: what is computed for it is given up. */
export function goneSignal({ raw }: FastifyReply): AbortSignal {
  const gone = new AbortController();
  raw.once('close', () => {
    if (!raw.writableFinished) gone.abort();
  });
  return gone.signal;
}
