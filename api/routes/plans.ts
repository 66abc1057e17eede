import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { LeonoreError } from '../../domain/errors.js';
import { parseRequest } from '../../domain/plan/request.js';
import type { GatewayGroup } from '../../domain/grouping/group-gateways.js';
import { planGateways } from '../../repositories/plan-gateways.js';
import type { RouteOptions } from '../context.js';
import { problems } from '../schemas/common.js';
import { PlanAnswerSchema, PlanRequestSchema } from '../schemas/resources.js';

/** Gateways named for each group. */
const sampleSize = 5;

function countOf(groups: readonly GatewayGroup<string>[]): number {
  return groups.reduce((sum, { members }) => sum + members.length, 0);
}

/** Dry run: what would be done, for which gateways, and why not. */
export const planRoutes: FastifyPluginAsyncTypebox<RouteOptions> = async (app, { context }) => {
  const { access, repositories } = context;

  app.post(
    '/plans',
    {
      schema: {
        tags: ['plans'],
        operationId: 'planRollout',
        summary: 'What a rollout would do, group by group, and why not',
        body: PlanRequestSchema,
        response: { 200: PlanAnswerSchema, ...problems },
      },
      onRequest: async (request) => access.require(request, 'viewer'),
    },
    async (request) => {
      const { requests, deployment, gatewayId, plans, allowRemove = false } = request.body;
      if ((deployment === undefined) === (gatewayId === undefined)) {
        throw new LeonoreError('MALFORMED_INPUT', 'give either deployment or gatewayId');
      }
      const target =
        deployment !== undefined
          ? await repositories.deployments.get(deployment)
          : { gatewayIds: [(await repositories.gateways.get(gatewayId ?? '')).id], selector: null };
      const groups = await planGateways(
        repositories.artifacts,
        requests.map(parseRequest),
        plans,
        () => gatewaysOf(target),
        { allowRemove },
      );
      const gateways = countOf(groups);
      if (gateways === 0) throw new LeonoreError('EMPTY_DEPLOYMENT', 'there are no gateways to plan for');
      return {
        gateways,
        incompatible: countOf(groups.filter(({ outcome }) => outcome !== 'solved')),
        undecided: countOf(groups.filter(({ outcome }) => outcome === 'undecided')),
        groups: groups.map((group) => ({
          outcome: group.outcome,
          gateways: group.members.length,
          sample: group.members.slice(0, sampleSize),
          plans: [...group.plans],
          explanation: group.explanation,
        })),
      };
    },
  );

  async function* gatewaysOf(target: { gatewayIds: readonly string[]; selector: string | null }) {
    for await (const page of repositories.members.pages(target)) {
      yield page.map((gateway) => ({ member: gateway.id, profile: gateway.profile }));
    }
  }
};
