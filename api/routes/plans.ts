import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { LeonoreError } from '../../domain/errors.js';
import { parseRequest } from '../../domain/plan/request.js';
import type { GatewayGroup } from '../../domain/grouping/gateway-grouping.js';
import type { RouteOptions } from '../context.js';
import { goneSignal } from '../gone-signal.js';
import { problems } from '../schemas/common.js';
import { PlanAnswerSchema, PlanRequestSchema } from '../schemas/resources.js';

/** Gateways named for each group. */
const sampleSize = 5;

/** Dry run: what would be done, for which gateways, and why not. */
export const planRoutes: FastifyPluginAsyncTypebox<RouteOptions> = async (app, { context }) => {
  const { access, planner, repositories } = context;

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
    async (request, reply) => {
      const { requests, deployment, gatewayId, plans, allowRemove = false } = request.body;
      if ((deployment === undefined) === (gatewayId === undefined)) {
        throw new LeonoreError('MALFORMED_INPUT', 'give either deployment or gatewayId');
      }
      const target =
        deployment !== undefined
          ? await repositories.deployments.get(deployment)
          : { gatewayIds: [(await repositories.gateways.get(gatewayId ?? '')).id], selector: null };
      const groups = await planner.plan({
        requests: requests.map(parseRequest),
        maxPlans: plans,
        allowRemove,
        readPages: () => gatewaysOf(target),
        signal: goneSignal(reply),
        principal: access.principalOf(request),
      });
      const gateways = membersOf(groups);
      const undecided = groups.filter((group) => group.undecided);
      if (gateways === 0) throw new LeonoreError('EMPTY_DEPLOYMENT', 'there are no gateways to plan for');
      if (undecided.length === groups.length)
        throw new LeonoreError('PLANNING_TOO_HARD', undecided[0]?.explanation ?? '');
      return {
        gateways,
        incompatible: membersOf(groups.filter((group) => group.plans.length === 0 && !group.undecided)),
        undecided: membersOf(undecided),
        groups: groups.map((group) => ({
          gateways: group.members.length,
          sample: group.members.slice(0, sampleSize),
          plans: [...group.plans],
          explanation: group.explanation,
          undecided: group.undecided,
        })),
      };
    },
  );

  async function* gatewaysOf(target: { gatewayIds: readonly string[]; selector: string | null }) {
    for await (const page of repositories.members.pages(target)) {
      yield page.map(({ id, profile }) => ({ member: id, profile }));
    }
  }
};

function membersOf(groups: readonly GatewayGroup<string>[]): number {
  return groups.reduce((sum, group) => sum + group.members.length, 0);
}
