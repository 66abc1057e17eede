import type { Writable } from 'node:stream';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { isRolloutEnded } from '../../domain/rollout/state.js';
import type { RouteOptions } from '../context.js';
import { RolloutViews } from '../rollout-view.js';
import { problems, UuidParamsSchema } from '../schemas/common.js';
import { eventStream } from '../schemas/event-stream.js';
import { RolloutProgressSchema } from '../schemas/resources.js';
import { SharedLooks } from '../shared-looks.js';

const lookMs = 500;
/** How long a stream goes on when it is not allowed any more. */
const admissionMs = 2_000;
/** A comment line keeps proxies from closing a quiet stream. */
const keepAliveMs = 15_000;
const EventStream = eventStream('Events until the rollout has ended', RolloutProgressSchema);

/**
 * The progress of a rollout as server-sent events: `progress` whenever something changed, `end` once, then the
 * stream closes. Read from the database, so that any replica can serve it and a reconnect loses nothing; all that watch
 * the same rollout share what is read.
 */
export const rolloutEventRoutes: FastifyPluginAsyncTypebox<RouteOptions> = async (
  app,
  { context, streams },
) => {
  const { access, rolloutClient, workflowAddress } = context;
  const views = new RolloutViews(rolloutClient, workflowAddress);
  // Whoever watches a rollout may see all of it: what is read is the same for everybody.
  const looks = new SharedLooks((id) => views.progress(context.repositories.rollouts, id), lookMs);

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
      config: { role: 'viewer', scoped: true },
    },
    async (request, reply) => {
      const { id } = request.params;
      const { principal, repositories } = request;
      await repositories.rollouts.get(id);
      const close = streams.open(principal.id);
      // What was allowed at first may not be any more: the token is revoked, the session has ended, or a gateway has left its scope.
      const admit = async () => {
        await access.principalOf(request);
        await repositories.rollouts.get(id);
      };
      reply.hijack();
      const gone = new AbortController();
      request.raw.on('close', () => gone.abort());
      reply.raw.writeHead(200, {
        'content-type': 'text/event-stream',
        'cache-control': 'no-store',
        connection: 'keep-alive',
      });
      try {
        await stream(id, reply.raw, { signal: gone.signal, admit });
      } catch (error) {
        if (!gone.signal.aborted)
          request.log.warn({ err: error }, 'an event stream broke off; the client connects again');
      } finally {
        close();
        reply.raw.end();
      }
    },
  );

  async function stream(
    id: string,
    out: Writable,
    { signal, admit }: { readonly signal: AbortSignal; readonly admit: () => Promise<void> },
  ): Promise<void> {
    let last = '';
    let saidAtMs = performance.now();
    let admittedAtMs = performance.now();
    for await (const progress of looks.follow(id, signal)) {
      if (performance.now() - admittedAtMs >= admissionMs) {
        await admit();
        admittedAtMs = performance.now();
      }
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
