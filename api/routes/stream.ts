import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import { scopeOf } from '../../domain/access/grant.js';
import type { Scope } from '../../domain/access/scope.js';
import { LeonoreError } from '../../domain/errors.js';
import { CampaignViews } from '../campaign-view.js';
import type { RouteOptions } from '../context.js';
import { PageStream, requireSomething } from '../page-stream.js';
import { RolloutViews } from '../rollout-view.js';
import { problems } from '../schemas/common.js';
import { eventStream } from '../schemas/event-stream.js';
import { StreamMessageSchema, StreamQuerySchema } from '../schemas/stream.js';
import { StreamLooks, type StreamTopic } from '../stream-topics.js';

/** How long a stream goes on when it is not allowed any more. */
const admissionMs = 2_000;
const EventStream = eventStream(
  'Events until the caller leaves; each is named after what it tells of',
  StreamMessageSchema,
);

/** One stream for a page, whatever it shows: read from the database, so that any replica can serve it. */
export const streamRoutes: FastifyPluginAsyncTypebox<RouteOptions> = async (app, { context, streams }) => {
  const { access, repositories, rolloutClient, workflowAddress } = context;
  const looks = new StreamLooks(repositories, {
    rollouts: new RolloutViews(rolloutClient, workflowAddress),
    campaigns: new CampaignViews(repositories, rolloutClient, workflowAddress),
  });

  app.get(
    '/stream',
    {
      schema: {
        tags: ['stream'],
        operationId: 'watchFleet',
        summary: 'What changes, as server-sent events',
        description:
          'An event each second and topic at most, whatever changes meanwhile. Rollouts and campaigns are told when they have changed, and are to be merged by their ids. With Last-Event-ID what the caller knows is not told again. A tick is said every two seconds when nothing else is.',
        querystring: StreamQuerySchema,
        response: { 200: EventStream, ...problems },
      },
      config: { role: 'viewer', scoped: true },
    },
    async (request, reply) => {
      const topics = [...new Set(listOf(request.query.topics))] as StreamTopic[];
      const rollouts = [...new Set(listOf(request.query.rollout))];
      requireSomething(topics, rollouts);
      const scope = await admit(request, topics);
      for (const id of rollouts) await request.repositories.rollouts.get(id);
      const close = streams.open(request.principal.id);
      reply.hijack();
      reply.raw.writeHead(200, {
        'content-type': 'text/event-stream',
        'cache-control': 'no-store',
        connection: 'keep-alive',
        'x-accel-buffering': 'no',
      });
      reply.raw.flushHeaders();
      const lastEventId = request.headers['last-event-id'];
      const page = new PageStream(
        reply.raw,
        [...topics, ...rollouts],
        typeof lastEventId === 'string' ? lastEventId : null,
      );
      const gone = new AbortController();
      request.raw.on('close', () => gone.abort());
      try {
        await Promise.all(
          [
            ...topics.map((topic) => ({ name: topic, event: topic, id: '' })),
            ...rollouts.map((id) => ({ name: id, event: 'rollout' as const, id })),
          ]
            .map(async ({ name, event, id }) => {
              for await (const look of looks.follow(event, scope, gone.signal, id))
                page.tell(name, event, look);
            })
            .concat(stayAdmitted(request, topics, scope, gone.signal))
            // The first that fails ends the others.
            .map((told) =>
              told.catch((error: unknown) => {
                gone.abort();
                throw error;
              }),
            ),
        );
      } catch (error) {
        if (!request.raw.destroyed) request.log.info({ err: error }, 'a stream of a page ended');
      } finally {
        page.close();
        close();
        reply.raw.end();
      }
    },
  );

  /** Ends with an error when the token is revoked or the session has ended, or its scope is another one. */
  async function stayAdmitted(
    request: FastifyRequest,
    topics: readonly StreamTopic[],
    scope: Scope,
    signal: AbortSignal,
  ): Promise<void> {
    for (;;) {
      await sleep(admissionMs, undefined, { signal });
      const now = await admit(request, topics);
      if (JSON.stringify(now) !== JSON.stringify(scope))
        throw new LeonoreError('FORBIDDEN', 'what the caller may see has changed; connect again');
    }
  }

  /** @returns the part of the fleet that is told of. @throws LeonoreError UNAUTHENTICATED, FORBIDDEN */
  async function admit(request: FastifyRequest, topics: readonly StreamTopic[]): Promise<Scope> {
    const { name, grants } = await access.principalOf(request);
    const scope = scopeOf(grants, 'viewer');
    if (scope === null) throw new LeonoreError('FORBIDDEN', `"${name}" may not see anything`);
    if (scope !== 'fleet' && topics.includes('nodes'))
      throw new LeonoreError('FORBIDDEN', `"${name}" sees a part of the fleet, and no nodes`);
    return scope;
  }
};

function listOf(text: string | undefined): string[] {
  return text === undefined ? [] : text.split(',');
}
