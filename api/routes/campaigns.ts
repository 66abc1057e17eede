import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import Type, { type Static } from 'typebox';
import { scopeOf } from '../../domain/access/grant.js';
import type { Principal } from '../../domain/access/principal.js';
import { gateOf, strategyInForce } from '../../domain/campaign/strategy.js';
import {
  campaignStates,
  campaignVerbs,
  verbApplies,
  type CampaignState,
  type CampaignVerb,
} from '../../domain/campaign/state.js';
import { LeonoreError } from '../../domain/errors.js';
import { campaignInput } from '../../domain/orchestration.js';
import { parseRequest } from '../../domain/plan/request.js';
import { emptyTargetText } from '../../domain/rollout/target.js';
import type { Campaign } from '../../repositories/campaign-repository.js';
import type { Transaction } from '../../repositories/database.js';
import type { Repositories } from '../../repositories/repositories.js';
import { CampaignProgresses } from '../../services/campaign-progress.js';
import { requireOpenWindows } from '../../services/campaign-windows.js';
import { phasesOf } from '../../services/choose-members.js';
import { previewOf } from '../../services/preview-campaign.js';
import { selectRequested } from '../../services/select-requested.js';
import { evidenceOnWire, reportText } from '../campaign-report.js';
import { CampaignViews, progressOnWire } from '../campaign-view.js';
import type { RouteOptions } from '../context.js';
import { goneSignal } from '../gone-signal.js';
import { IdempotencyHeadersSchema, requestIdentity } from '../idempotency.js';
import { pageOf } from '../paging.js';
import { plannedPages } from '../planned-pages.js';
import { readTarget } from '../read-target.js';
import { strategyOf } from '../stated-strategy.js';
import { CampaignEvidenceSchema, ReportQuerySchema } from '../schemas/campaign-report.js';
import {
  CampaignPhaseVerbSchema,
  CampaignPreviewSchema,
  CampaignProgressSchema,
  CampaignSchema,
  CampaignSummarySchema,
  CampaignVerbSchema,
  NewCampaignSchema,
} from '../schemas/campaigns.js';
import { PageQuerySchema, PageSchema, problems, strict, UuidParamsSchema } from '../schemas/common.js';
import {
  workFacetsOnWire,
  WorkFacetsSchema,
  workFilterOf,
  workFilterProperties,
  workSortProperties,
} from '../work-query.js';
import { counted } from '../../domain/units.js';

const tags = ['campaigns'];
/** Of its rollouts where the strategy's own time does not reach them: the way back. */
const defaultDeadlineSeconds = 86_400;

const campaignFilterProperties = {
  ...workFilterProperties,
  state: Type.Optional(Type.Enum([...campaignStates])),
};
const CampaignFilterSchema = Type.Object(campaignFilterProperties, strict);
const CampaignQuerySchema = Type.Object(
  {
    ...PageQuerySchema.properties,
    cursor: Type.Optional(UuidParamsSchema.properties.id),
    ...campaignFilterProperties,
    ...workSortProperties,
  },
  strict,
);

interface VerbRoute {
  readonly summary: string;
  readonly body: typeof CampaignVerbSchema | typeof CampaignPhaseVerbSchema;
  /** What people are told from then on, until the campaign has taken it in; null: as before. */
  readonly told: CampaignState | null;
}

const verbRoutes: Readonly<Record<CampaignVerb, VerbRoute>> = {
  pause: { summary: 'Nothing new begins until it is resumed', body: CampaignVerbSchema, told: 'paused' },
  resume: {
    summary: 'Go on; what has failed so far is accepted',
    body: CampaignVerbSchema,
    told: 'running',
  },
  stop: {
    summary: 'Nothing new begins; what runs finishes, and the campaign ends',
    body: CampaignVerbSchema,
    told: 'stopping',
  },
  abort: {
    summary: 'Likewise, and what has not switched is withdrawn',
    body: CampaignVerbSchema,
    told: 'aborting',
  },
  approve: {
    summary: 'Approve a phase, so that the next one begins',
    body: CampaignPhaseVerbSchema,
    told: 'running',
  },
  rollback: {
    summary: 'Bring back what was: of a phase, or of all gateways that the campaign changed',
    body: CampaignPhaseVerbSchema,
    told: 'rolling-back',
  },
  retry: { summary: 'Try again what failed', body: CampaignVerbSchema, told: null },
};

/** Campaigns: artifacts to many gateways, in phases that wait for each other. */
export const campaignRoutes: FastifyPluginAsyncTypebox<RouteOptions> = async (app, { context }) => {
  const { repositories, rolloutClient, campaignClient, planner, workflowAddress } = context;
  const { artifacts, campaigns, repeatedRequests } = repositories;
  // Whoever may see a campaign sees all of it: what is told of it is the same for everybody.
  const progresses = new CampaignProgresses(repositories);
  const views = new CampaignViews(repositories, rolloutClient, workflowAddress);

  app.post(
    '/campaigns',
    {
      schema: {
        tags,
        operationId: 'startCampaign',
        summary: 'Provision artifacts in phases',
        headers: IdempotencyHeadersSchema,
        body: NewCampaignSchema,
        response: { 202: CampaignSummarySchema, ...problems },
      },
      config: { role: 'operator', scoped: true },
    },
    async (request, reply) => {
      const { reason = null, allowRemove = false, allowDowngrade = false } = request.body;
      const identity = requestIdentity(request, { startCampaign: request.body });
      const accepted = async (id: string) =>
        reply
          .code(202)
          .header('location', `/api/v1/campaigns/${id}`)
          .send(views.summary(await request.repositories.campaigns.get(id)));
      // First of all: what the request named may be gone by now.
      const known = await repeatedRequests.resultOf(identity);
      if (known !== null) return accepted(known);
      const asked = await readAsked(request.repositories, request.body);
      // Nothing is stored that could not be begun: while Temporal is away, the caller comes again.
      if (!(await rolloutClient.isReachable()))
        throw new LeonoreError('TEMPORAL_UNAVAILABLE', 'Temporal does not answer');
      // A phase that gets no gateway is refused before anything begins: phases are drawn from the id.
      await phasesOf(request.repositories, asked);
      await requireOpenWindows(request.repositories, asked);
      const options = {
        deadlineSeconds: defaultDeadlineSeconds,
        ...(allowRemove ? { allowRemove } : {}),
        ...(allowDowngrade ? { allowDowngrade } : {}),
      };
      const create = async (tx: Transaction) => {
        const said = { who: request.principal.name, why: reason };
        await request.repositories.campaigns.create({ ...asked, options }, said, tx);
        return asked.id;
      };
      const { result, isNew } = await repeatedRequests.once(identity, create);
      if (isNew) await begin(await campaigns.get(result));
      return accepted(result);
    },
  );

  app.post(
    '/campaigns/preview',
    {
      schema: {
        tags,
        operationId: 'previewCampaign',
        summary: 'What a campaign would do, and when: phases, plans, windows, bytes over each line, risks',
        body: NewCampaignSchema,
        response: { 200: CampaignPreviewSchema, ...problems },
      },
      config: { role: 'viewer', scoped: true, changesNothing: true },
    },
    async (request, reply) => {
      const { allowRemove = false, allowDowngrade = false } = request.body;
      const asked = await readAsked(request.repositories, request.body);
      const plan = () =>
        planner.plan({
          // What each phase's rollout asks for.
          requests: asked.selected.map(parseRequest),
          allowRemove,
          allowDowngrade,
          readPages: () => plannedPages(request.repositories, asked.target),
          signal: goneSignal(reply),
          principal: request.principal.id,
        });
      return views.preview(asked, await previewOf(request.repositories, asked, plan));
    },
  );

  app.get(
    '/campaigns',
    {
      schema: {
        tags,
        operationId: 'listCampaigns',
        summary: 'Campaigns, newest first or as they are sorted: all, or those that are asked for',
        querystring: CampaignQuerySchema,
        response: { 200: PageSchema(CampaignSummarySchema), ...problems },
      },
      config: { role: 'viewer', scoped: true },
    },
    async (request) => {
      const { limit, cursor } = pageOf(request.query);
      const page = await request.repositories.campaigns.list(limit, cursor, workFilterOf(request.query));
      return { items: page.items.map((campaign) => views.summary(campaign)), nextCursor: page.nextCursor };
    },
  );

  app.get(
    '/campaigns/facets',
    {
      schema: {
        tags,
        operationId: 'facetCampaigns',
        summary: 'What to choose among in a list of campaigns, with numbers',
        querystring: CampaignFilterSchema,
        response: { 200: WorkFacetsSchema, ...problems },
      },
      config: { role: 'viewer', scoped: true },
    },
    async (request) =>
      workFacetsOnWire(await request.repositories.campaigns.facets(workFilterOf(request.query))),
  );

  app.get(
    // An id alone: `preview` is a place of its own, and has no GET.
    '/campaigns/:id(^[0-9a-f-]{36}$)',
    {
      schema: {
        tags,
        operationId: 'showCampaign',
        summary: 'One campaign: its phases, rollouts and what happened',
        params: UuidParamsSchema,
        response: { 200: CampaignSchema, ...problems },
      },
      config: { role: 'viewer', scoped: true },
    },
    async (request) => {
      // All of its gateways are within the scope of who may see it: what is told of it is the same for everybody.
      const { id } = await request.repositories.campaigns.get(request.params.id);
      return views.whole(id);
    },
  );

  app.get(
    '/campaigns/:id/progress',
    {
      schema: {
        tags,
        operationId: 'showCampaignProgress',
        summary:
          'How far a campaign has come over time, beside how far it was predicted to, and when it ends',
        params: UuidParamsSchema,
        response: { 200: CampaignProgressSchema, ...problems },
      },
      config: { role: 'viewer', scoped: true },
    },
    async (request) =>
      progressOnWire(await progresses.of(await request.repositories.campaigns.get(request.params.id))),
  );

  app.get(
    '/campaigns/:id/report',
    {
      schema: {
        tags,
        operationId: 'reportCampaign',
        summary:
          'What a campaign did, gateway by gateway, with the evidence: a page, or all of it as a download',
        params: UuidParamsSchema,
        querystring: ReportQuerySchema,
        response: {
          200: {
            description: 'By gateway id',
            content: {
              'application/json': { schema: PageSchema(CampaignEvidenceSchema) },
              'application/jsonl': { schema: Type.String({ description: 'A line for each gateway' }) },
              'text/csv': { schema: Type.String({ description: 'As RFC 4180 has it, with a heading' }) },
            },
          },
          ...problems,
        },
      },
      config: { role: 'viewer', scoped: true },
    },
    async (request, reply) => {
      const { id } = await request.repositories.campaigns.get(request.params.id);
      const { campaignReports } = request.repositories;
      const { format = 'json', ...paging } = request.query;
      if (format === 'json') {
        const { limit, cursor } = pageOf(paging);
        const page = await campaignReports.list(id, limit, cursor);
        return { items: page.items.map(evidenceOnWire), nextCursor: page.nextCursor };
      }
      return reply
        .header('content-disposition', `attachment; filename="campaign-${id}.${format}"`)
        .type(format === 'csv' ? 'text/csv; charset=utf-8' : 'application/jsonl; charset=utf-8')
        .send(Readable.from(reportText(campaignReports, id, format)) as never);
    },
  );

  for (const verb of campaignVerbs) {
    const { summary, body } = verbRoutes[verb];
    app.post(
      `/campaigns/:id/${verb}`,
      {
        schema: {
          tags,
          operationId: `${verb}Campaign`,
          summary,
          params: UuidParamsSchema,
          body,
          response: { 202: CampaignSummarySchema, ...problems },
        },
        // Who approves is judged by the gate that he opens.
        config: { role: verb === 'approve' ? 'viewer' : 'operator', scoped: true },
      },
      async (request, reply) => {
        const { id } = request.params;
        const { reason = null, phase } = request.body as Static<typeof CampaignPhaseVerbSchema>;
        const campaign = await wish(request, id, verb, reason, phase);
        await wake(id);
        return reply.code(202).send(views.summary(campaign));
      },
    );
  }

  /**
   * What a request asks for, as a preview and a start read it. The id is what gateways are drawn by.
   * @throws LeonoreError as readTarget and selectRequested do; STRATEGY_INVALID, EMPTY_DEPLOYMENT
   */
  async function readAsked(
    within: Repositories,
    { id, requests, strategy = 'all-at-once', ...named }: Static<typeof NewCampaignSchema>,
  ) {
    const target = await readTarget(within, named);
    const asked = {
      id: id?.toLowerCase() ?? randomUUID(),
      requests,
      target,
      strategy: strategyOf(strategy),
    };
    const selected = await selectRequested(artifacts, requests);
    if (!(await within.members.exist(target)))
      throw new LeonoreError('EMPTY_DEPLOYMENT', emptyTargetText(target));
    return { ...asked, selected };
  }

  /** @throws LeonoreError CAMPAIGN_NOT_FOUND, CAMPAIGN_ENDED, CAMPAIGN_STATE_FORBIDS, APPROVAL_NOT_ALLOWED, MALFORMED_INPUT */
  async function wish(
    request: FastifyRequest,
    id: string,
    verb: CampaignVerb,
    why: string | null,
    phase: number | undefined,
  ): Promise<Campaign> {
    const seen = await request.repositories.campaigns.get(id);
    const phases = await campaigns.phases(id);
    if (phase !== undefined && phases.length > 0 && phase > phases.length)
      throw new LeonoreError(
        'MALFORMED_INPUT',
        `the campaign has ${counted(phases.length, 'phase')}, and no phase ${phase}`,
      );
    // The first is 0 within LEONORE. Whoever approves and names none means the one that waits for it.
    const meant = phase === undefined ? undefined : phase - 1;
    const approved = verb === 'approve' ? (meant ?? waitingPhase(phases)) : meant;
    if (verb === 'approve') await requireApprover(repositories, request.principal, seen, approved);
    return campaigns.wish(
      id,
      { verb, who: request.principal.name, why, ...(approved === undefined ? {} : { phase: approved }) },
      (campaign) => {
        if (verb === 'approve' && approved !== undefined && campaign.status.approved.includes(approved))
          return null;
        if (!verbApplies(campaign.state, verb)) return null;
        return { state: verbRoutes[verb].told ?? campaign.state };
      },
    );
  }

  /** The wish is stored with what reads it; the workflow is only woken, and looks by itself if that fails. */
  async function wake(id: string): Promise<void> {
    await campaignClient.wake(id).catch((error: unknown) => {
      if (!(error instanceof LeonoreError)) throw error;
      app.log.warn({ campaignId: id, code: error.code }, 'the campaign was not woken; it will look');
    });
  }

  /** The campaign is recorded: should Temporal fall away just now, the coordinator starts it. */
  async function begin(campaign: Campaign): Promise<void> {
    try {
      await campaignClient.start(campaignInput(campaign));
      await campaigns.workflowStarted(campaign.id);
    } catch (error) {
      if (!(error instanceof LeonoreError)) throw error;
      app.log.warn(
        { campaignId: campaign.id, code: error.code },
        'the campaign is recorded; its workflow will be started by the coordinator',
      );
    }
  }
};

/**
 * That who approves has the role that the gate names for all gateways of the campaign.
 * @throws LeonoreError APPROVAL_NOT_ALLOWED
 */
async function requireApprover(
  repositories: Repositories,
  { grants }: Principal,
  { id, strategy }: Campaign,
  phase: number | undefined,
): Promise<void> {
  const gate = phase === undefined ? undefined : gateOf(strategyInForce(strategy), phase);
  const role = gate?.approval?.role ?? 'operator';
  const scope = scopeOf(grants, role);
  if (scope !== null && (await repositories.within(scope).campaigns.sees(id))) return;
  const what = phase === undefined ? 'what waits' : `phase ${phase + 1}`;
  throw new LeonoreError('APPROVAL_NOT_ALLOWED', `${what} is approved by the role ${role}`, { role });
}

/** The last phase that has begun is the one whose gate is judged. */
function waitingPhase(phases: readonly { readonly phase: number; readonly startedAt: Date | null }[]) {
  return phases.findLast(({ startedAt }) => startedAt !== null)?.phase;
}
