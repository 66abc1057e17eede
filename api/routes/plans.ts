import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { LeonoreError } from '../../domain/errors.js';
import { parseRequest } from '../../domain/plan/request.js';
import { planGateways } from '../../repositories/plan-gateways.js';
import type { RouteOptions } from '../context.js';
import { problems } from '../schemas/common.js';
import { PlanAnswerSchema, PlanRequestSchema } from '../schemas/resources.js';

/** Gateways named for each group. */
const sampleSize = 5;

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
      const { requests, deployment, gatewayId, plans } = request.body;
      if ((deployment === undefined) === (gatewayId === undefined)) {
        throw new LeonoreError('MALFORMED_INPUT', 'give either deployment or gatewayId');
      }
      const target =
        deployment !== undefined
          ? await repositories.deployments.get(deployment)
          : { gatewayIds: [(await repositories.gateways.get(gatewayId ?? '')).id], selector: null };
      const groups = await planGateways(repositories.artifacts, requests.map(parseRequest), plans, () =>
        gatewaysOf(target),
      );
      const gateways = groups.reduce((sum, group) => sum + group.members.length, 0);
      if (gateways === 0) throw new LeonoreError('EMPTY_DEPLOYMENT', 'there are no gateways to plan for');
      return {
        gateways,
        incompatible: groups
          .filter((group) => group.plans.length === 0)
          .reduce((sum, group) => sum + group.members.length, 0),
        groups: groups.map((group) => ({
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
      yield page.map(({ id, profile }) => ({ member: id, profile }));
    }
  }
};
