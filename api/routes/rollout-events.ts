import type { Writable } from 'node:stream';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { LeonoreError } from '../../domain/errors.js';
import { limits } from '../../domain/limits.js';
import { isRolloutEnded } from '../../domain/rollout/state.js';
import type { RouteOptions } from '../context.js';
import { RolloutViews } from '../rollout-view.js';
import { problems, UuidParamsSchema } from '../schemas/common.js';
import { RolloutProgressSchema } from '../schemas/resources.js';
import { SharedLooks } from '../shared-looks.js';

const lookMs = 500;
/** A comment line keeps proxies from closing a quiet stream. */
const keepAliveMs = 15_000;
const EventStream = {
  description: 'Events until the rollout has ended',
  content: { 'text/event-stream': { schema: RolloutProgressSchema } },
};
/** The streams that are open, in all and of each caller. */
class Streams {
  private readonly ofCallers = new Map<string, number>();
  private all = 0;

  /**
   * @returns to be called once, when the stream is closed
   * @throws LeonoreError TOO_MANY_REQUESTS
   */
  open(principal: string): () => void {
    const own = this.ofCallers.get(principal) ?? 0;
    if (own >= limits.streams.ofOne)
      throw new LeonoreError('TOO_MANY_REQUESTS', `${own} streams of this caller are open already`);
    if (this.all >= limits.streams.most)
      throw new LeonoreError('TOO_MANY_REQUESTS', `${this.all} streams are open already`);
    this.count(principal, 1);
    return () => this.count(principal, -1);
  }

  private count(principal: string, change: 1 | -1): void {
    this.all += change;
    const own = (this.ofCallers.get(principal) ?? 0) + change;
    if (own === 0) this.ofCallers.delete(principal);
    else this.ofCallers.set(principal, own);
  }
}

/**
 * The progress of a rollout as server-sent events: `progress` whenever something changed, `end` once, then the
 * stream closes. Read from the database, so that any replica can serve it and a reconnect loses nothing; all that watch
 * the same rollout share what is read.
 */
export const rolloutEventRoutes: FastifyPluginAsyncTypebox<RouteOptions> = async (app, { context }) => {
  const { access, repositories, rolloutClient } = context;
  const views = new RolloutViews(repositories.rollouts, rolloutClient);
  const looks = new SharedLooks((id) => views.progress(id), lookMs);
  const streams = new Streams();

  app.get(
    '/rollouts/:id/events',
    {
      schema: {
        tags: ['rollouts'],
        operationId: 'watchRollout',
        summary: 'Progress as server-sent events',
        description:
          '`progress` whenever something changed, `end` once; the data of both is a RolloutProgress.',
        params: UuidParamsSchema,
        response: { 200: EventStream, ...problems },
      },
      onRequest: async (request) => access.require(request, 'viewer'),
    },
    async (request, reply) => {
      const { id } = request.params;
      await repositories.rollouts.get(id);
      const close = streams.open(access.principalOf(request));
      reply.hijack();
      const gone = new AbortController();
      request.raw.on('close', () => gone.abort());
      reply.raw.writeHead(200, {
        'content-type': 'text/event-stream',
        'cache-control': 'no-store',
        connection: 'keep-alive',
      });
      try {
        await stream(id, reply.raw, gone.signal);
      } catch (error) {
        if (!gone.signal.aborted)
          request.log.warn({ err: error }, 'an event stream broke off; the client connects again');
      } finally {
        close();
        reply.raw.end();
      }
    },
  );

  async function stream(id: string, out: Writable, signal: AbortSignal): Promise<void> {
    let last = '';
    let saidAtMs = performance.now();
    for await (const progress of looks.follow(id, signal)) {
      const text = JSON.stringify(progress);
      const isEnd = isRolloutEnded(progress.state);
      // Who reads slowly skips what is out of date by then: each event tells the whole state.
      if (text !== last && (isEnd || !out.writableNeedDrain)) {
        out.write(`event: progress\ndata: ${text}\n\n`);
        last = text;
        saidAtMs = performance.now();
      } else if (performance.now() - saidAtMs >= keepAliveMs && !out.writableNeedDrain) {
        out.write(': quiet\n\n');
        saidAtMs = performance.now();
      }
      if (!isEnd) continue;
      out.write(`event: end\ndata: ${text}\n\n`);
      return;
    }
  }
};
