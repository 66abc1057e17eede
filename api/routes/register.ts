import { createHash } from 'node:crypto';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import { Batcher } from '../../connectivity/batcher.js';
import { issueGatewayToken } from '../../connectivity/gateway-token.js';
import { RegistrationVerifier } from '../../connectivity/registration-verifier.js';
import { sendText } from '../../serving/send-text.js';
import {
  devicePaths,
  PendingResponseSchema,
  RegisterRequestSchema,
  RegisterResponseSchema,
} from '../../domain/agent-protocol/messages.js';
import { ProofHeadersSchema, proofHeaders } from '../../domain/agent-protocol/registration-proof.js';
import {
  renderPendingText,
  renderRegistrationText,
  wantsText,
} from '../../domain/agent-protocol/text-form.js';
import { LeonoreError } from '../../domain/errors.js';
import { limits } from '../../domain/limits.js';
import { contestReasonOf } from '../../repositories/admit-registration.js';
import type { Contest } from '../../repositories/contest-repository.js';
import type { Registration, RegistrationOutcome } from '../../repositories/registration-repository.js';
import type { RouteOptions } from '../context.js';
import { problems } from '../schemas/common.js';

/** Between two questions of a gateway that a person has to approve, at least. */
const leastPendingSeconds = 10;
/** Characters of an address that are kept: enough for any, whatever a proxy says. */
const addressLength = 64;

/**
 * Registration (paper, III-C 5): the gateway proves who it is and tells its profile; protocol and strategy are negotiated,
 * the balancer assigns a node, and from then on the gateway talks to that.
 */
export const registerRoutes: FastifyPluginAsyncTypebox<RouteOptions> = async (app, { context }) => {
  const { repositories, authorities, pollSeconds, pushAddresses, wakePool } = context;
  const verifier = new RegistrationVerifier({
    ...repositories,
    secrets: context.secrets,
    mayEnrol: (token) => context.access.mayEnrol(token),
  });
  // A fleet that lost its power comes back at one moment: what arrives together is entered in one transaction.
  const registrations = new Batcher<Registration, RegistrationOutcome>(
    (batch) => repositories.registrations.registerAll(batch),
    { maxSize: 250, concurrency: 1, maxQueued: 20_000 },
  );
  // A flood of what is refused is written by few statements, and none of them takes the lock of registrations.
  const contests = new Batcher<Contest, undefined>(
    async (batch) => {
      await repositories.contests.note(batch);
      return batch.map(() => undefined);
    },
    { maxSize: 500, concurrency: 1, maxQueued: 2_000 },
  );

  // A proof is over the body as it was sent.
  const digests = new WeakMap<FastifyRequest, string>();
  const parseJson = app.getDefaultJsonParser('error', 'error');
  app.removeContentTypeParser('application/json');
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    digests.set(request, createHash('sha256').update(body).digest('hex'));
    void parseJson(request, body.toString('utf8'), done);
  });

  /** Notes who came under another's id, and refuses it. */
  async function refuse(error: unknown, gatewayId: string, request: FastifyRequest): Promise<never> {
    const reason = error instanceof LeonoreError ? contestReasonOf(error) : null;
    if (reason !== null) {
      const key = request.headers[proofHeaders.key];
      const address = request.ip.slice(0, addressLength);
      await contests.submit({ gatewayId, reason, key: typeof key === 'string' ? key : '', address });
    }
    throw error;
  }

  app.post(
    devicePaths.register,
    {
      bodyLimit: limits.deviceBodyBytes,
      config: { role: 'anybody', tokenIsShared: true },
      schema: {
        tags: ['device'],
        operationId: 'registerGateway',
        summary: 'Register a gateway by its key, with an enrolment token or claim code at first',
        // A key that is known is proof enough without a token.
        security: [{ bearer: [] }, {}],
        headers: ProofHeadersSchema,
        body: RegisterRequestSchema,
        response: { 200: RegisterResponseSchema, 202: PendingResponseSchema, ...problems },
      },
    },
    async (request, reply) => {
      const { profile, pushAddress, agentVersion, pollIntervalSeconds } = request.body;
      const claim = {
        id: profile.id,
        mac: profile.mac ?? null,
        headers: request.headers,
        address: request.ip.slice(0, addressLength),
        bodySha256: digests.get(request) ?? '',
      };
      const credentials = await verifier
        .verify(claim)
        .catch((error: unknown) => refuse(error, profile.id, request));
      if (pushAddress !== undefined) pushAddresses.check(pushAddress, request.socket.remoteAddress ?? '');
      const issued = issueGatewayToken(profile.id);
      const outcome = await registrations.submit({
        profile,
        pushAddress: pushAddress ?? null,
        agentVersion: agentVersion ?? null,
        pollSeconds,
        ownPollSeconds: pollIntervalSeconds ?? null,
        credentials,
        newTokenHash: issued.hash,
      });
      if (outcome instanceof LeonoreError) {
        if (outcome.code === 'NODES_FULL') wakePool();
        return refuse(outcome, profile.id, request);
      }
      const isText = wantsText(request.headers.accept);
      if ('pending' in outcome) {
        const retryAfterSeconds = Math.max(leastPendingSeconds, Math.ceil(pollSeconds));
        const answer = { gatewayId: profile.id, state: 'pending', retryAfterSeconds } as const;
        reply.code(202).header('retry-after', retryAfterSeconds);
        return isText ? sendText(reply, renderPendingText(answer)) : answer;
      }
      const answer = {
        gatewayId: profile.id,
        ...(outcome.keepsToken ? {} : { token: issued.token }),
        ...(credentials.key === null ? {} : { key: credentials.key.text }),
        node: outcome.node,
        ...outcome.agreement.channel,
        endpoints: outcome.endpoints,
        pollIntervalSeconds: pollSeconds,
        ...(authorities === null ? {} : { authorities: authorities.pem }),
      };
      return isText ? sendText(reply, renderRegistrationText(answer)) : answer;
    },
  );
};
