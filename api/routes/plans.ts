import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { Static } from 'typebox';
import { LeonoreError } from '../../domain/errors.js';
import { parseRequest } from '../../domain/plan/request.js';
import type { GatewayGroup } from '../../domain/grouping/gateway-grouping.js';
import { emptyTargetText } from '../../domain/rollout/target.js';
import { nothingToDo, previewGroup, type GroupPreview } from '../../services/preview-group.js';
import type { RouteOptions } from '../context.js';
import { goneSignal } from '../gone-signal.js';
import { plannedPages } from '../planned-pages.js';
import { readTarget } from '../read-target.js';
import { problems } from '../schemas/common.js';
import { PlanAnswerSchema, PlanRequestSchema } from '../schemas/resources.js';

/** Gateways named for each group. */
const sampleSize = 5;

/** Dry run: what would be done, for which gateways, and why not. */
export const planRoutes: FastifyPluginAsyncTypebox<RouteOptions> = async (app, { context }) => {
  const { planner } = context;

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
      config: { role: 'viewer', scoped: true, changesNothing: true },
    },
    async (request, reply) => {
      const { requests, plans, allowRemove = false, allowDowngrade = false, budgetSeconds } = request.body;
      const { repositories } = request;
      const target = await readTarget(repositories, withGateway(request.body));
      const groups = await planner.plan({
        requests: requests.map(parseRequest),
        maxPlans: plans,
        allowRemove,
        ...(budgetSeconds === undefined ? {} : { groupMs: budgetSeconds * 1_000 }),
        allowDowngrade,
        readPages: () => plannedPages(repositories, target),
        signal: goneSignal(reply),
        principal: request.principal.id,
      });
      const gateways = membersOf(groups);
      const undecided = groups.filter((group) => group.undecided);
      if (gateways === 0) throw new LeonoreError('EMPTY_DEPLOYMENT', emptyTargetText(target));
      if (undecided.length === groups.length)
        throw new LeonoreError('PLANNING_TOO_HARD', undecided[0]?.explanation ?? '');
      const previews = await Promise.all(groups.map((group) => previewGroup(group, repositories)));
      return {
        gateways,
        incompatible: membersOf(groups.filter((group) => group.plans.length === 0 && !group.undecided)),
        undecided: membersOf(undecided),
        lackingValues: previews.reduce((sum, preview) => sum + lackingIn(preview), 0),
        downloadBytes: previews.reduce((sum, preview, index) => {
          const served = (groups[index]?.members.length ?? 0) - lackingIn(preview);
          return sum + (preview.package?.bytes ?? 0) * served;
        }, 0),
        groups: groups.map((group, index) => ({
          ...toWire(previews[index] ?? nothingToDo),
          gateways: group.members.length,
          sample: group.members.slice(0, sampleSize),
          plans: [...group.plans],
          explanation: group.explanation,
          undecided: group.undecided,
        })),
      };
    },
  );
};

function lackingIn({ lacking }: GroupPreview): number {
  return lacking.reduce((sum, { gatewayIds }) => sum + gatewayIds.length, 0);
}

function toWire({ package: needed, configured, lacking, risks }: GroupPreview) {
  const some = (ids: readonly string[]) => ({ gateways: ids.length, sample: ids.slice(0, sampleSize) });
  return {
    package: needed === null ? null : { there: needed.there, bytes: needed.bytes },
    configured: some(configured),
    lacking: lacking.map(({ keys, gatewayIds }) => ({ keys, ...some(gatewayIds) })),
    risks: risks.map(({ kind, what, gatewayIds }) => ({ kind, what, ...some(gatewayIds) })),
  };
}

function membersOf(groups: readonly GatewayGroup<string>[]): number {
  return groups.reduce((sum, group) => sum + group.members.length, 0);
}

/** `gatewayId` is an older way to name a single gateway. */
function withGateway({
  deployment,
  gateways,
  select,
  gatewayId,
}: Static<typeof PlanRequestSchema>): Parameters<typeof readTarget>[1] {
  const ids = [...(gateways ?? []), ...(gatewayId === undefined ? [] : [gatewayId])];
  return {
    ...(deployment === undefined ? {} : { deployment }),
    ...(ids.length === 0 ? {} : { gateways: ids }),
    ...(select === undefined ? {} : { select }),
  };
}
