import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import {
  bearerToken,
  gatewayOfToken,
  issueGatewayToken,
  tokenMatches,
} from '../../connectivity/gateway-token.js';
import { sendText } from '../../connectivity/http/send-text.js';
import { checkPushAddress } from '../../connectivity/http/push-address.js';
import { servedChannels } from '../../connectivity/registry.js';
import {
  devicePaths,
  RegisterRequestSchema,
  RegisterResponseSchema,
  type RegisterRequest,
} from '../../domain/agent-protocol/messages.js';
import { renderRegistrationText, wantsText } from '../../domain/agent-protocol/text-form.js';
import { Batcher } from '../../connectivity/batcher.js';
import { LeonoreError } from '../../domain/errors.js';
import { negotiate, type Channel } from '../../domain/gateway/negotiate.js';
import { limits } from '../../domain/limits.js';
import type {
  GatewayCredentials,
  PlacedGateway,
  Registration,
} from '../../repositories/gateway-repository.js';
import type { RouteOptions } from '../context.js';
import { problems } from '../schemas/common.js';

/**
 * Registration (paper, III-C 5): the gateway tells who it is and its profile; protocol and strategy are negotiated,
 * the balancer assigns a node, and from then on the gateway talks to that.
 */
export const registerRoutes: FastifyPluginAsyncTypebox<RouteOptions> = async (app, { context }) => {
  const { access, repositories, pollSeconds, wakePool } = context;
  const { gateways } = repositories;
  const served = servedChannels();
  // A fleet that lost its power comes back at one moment: what arrives together is entered in one transaction.
  const registrations = new Batcher<Registration, PlacedGateway | LeonoreError>(
    (batch) => gateways.registerAll(batch),
    { maxSize: 250, concurrency: 1, maxQueued: 20_000 },
  );
  const credentials = new Batcher<string, GatewayCredentials | undefined>(
    async (ids) => {
      const known = await gateways.credentialsOf([...new Set(ids)]);
      return ids.map((id) => known.get(id));
    },
    { maxSize: 500, concurrency: 2, maxQueued: 20_000 },
  );

  /** With an enrolment token a gateway gets a token of its own; with its own token it keeps that. */
  async function newTokenFor(
    request: FastifyRequest,
    gatewayId: string,
  ): Promise<{ token: string; hash: Buffer } | null> {
    const token = bearerToken(request.headers.authorization);
    if (token !== null && access.mayEnrol(token)) return issueGatewayToken(gatewayId);
    if (token !== null && gatewayOfToken(token) === gatewayId) {
      const known = await credentials.submit(gatewayId);
      if (known?.state === 'active' && tokenMatches(token, known.tokenHash)) return null;
    }
    throw new LeonoreError('UNAUTHENTICATED', "an enrolment token, or the gateway's own token, is needed");
  }

  app.post(
    devicePaths.register,
    {
      bodyLimit: limits.deviceBodyBytes,
      config: { tokenIsShared: true },
      schema: {
        tags: ['device'],
        operationId: 'registerGateway',
        summary: 'Register a gateway, with an enrolment token or its own',
        body: RegisterRequestSchema,
        response: { 200: RegisterResponseSchema, ...problems },
      },
    },
    async (request, reply) => {
      const { profile, pushAddress, agentVersion } = request.body;
      const issued = await newTokenFor(request, profile.id);
      if (pushAddress !== undefined) checkPushAddress(pushAddress, request.ip);
      const channel = agreeOn(request.body, served);
      const outcome = await registrations.submit({
        profile,
        channel,
        pushAddress: pushAddress ?? null,
        agentVersion: agentVersion ?? null,
        newTokenHash: issued?.hash ?? null,
      });
      if (outcome instanceof LeonoreError) {
        if (outcome.code === 'NODES_FULL') wakePool();
        throw outcome;
      }
      const answer = {
        gatewayId: profile.id,
        ...(issued === null ? {} : { token: issued.token }),
        node: outcome.node,
        ...channel,
        pollIntervalSeconds: pollSeconds,
      };
      return wantsText(request.headers.accept) ? sendText(reply, renderRegistrationText(answer)) : answer;
    },
  );
};

/** A gateway that says nothing speaks HTTP and pulls; one that cannot be reached cannot be pushed over HTTP. */
function agreeOn({ profile, pushAddress }: RegisterRequest, served: readonly Channel[]): Channel {
  const reachable = served.filter(
    ({ protocol, strategy }) => protocol !== 'http' || strategy !== 'push' || pushAddress !== undefined,
  );
  return negotiate(
    { protocols: profile.protocols ?? ['http'], strategies: profile.strategies ?? ['pull'] },
    reachable,
  );
}
