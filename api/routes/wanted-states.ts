import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { LeonoreError } from '../../domain/errors.js';
import { parseRequest } from '../../domain/plan/request.js';
import { conflictOf, standings } from '../../domain/wanted-state/judge.js';
import type { Transaction } from '../../repositories/database.js';
import type { WantedState } from '../../repositories/wanted-state-repository.js';
import { selectRequested } from '../../services/select-requested.js';
import { wantedOf } from '../../services/wanted-of.js';
import type { RouteOptions } from '../context.js';
import { IdempotencyHeadersSchema, requestIdentity } from '../idempotency.js';
import { pageOf } from '../paging.js';
import { PageQuerySchema, PageSchema, problems, strict, UuidParamsSchema } from '../schemas/common.js';
import {
  NewWantedStateSchema,
  WantedMemberSchema,
  WantedStateDetailSchema,
  WantedStateSchema,
} from '../schemas/wanted-states.js';
import { strategyOf } from '../stated-strategy.js';

const tags = ['wanted states'];
/** As for rollouts: a gateway that is switched off over night still answers in time. */
const defaultDeadlineSeconds = 86_400;
/** Rollouts, and campaigns, that are named with a wanted state. */
const shownRollouts = 20;

const WantedStateQuerySchema = Type.Object(
  { ...PageQuerySchema.properties, cursor: Type.Optional(UuidParamsSchema.properties.id) },
  strict,
);
const MemberQuerySchema = Type.Object(
  { ...PageQuerySchema.properties, standing: Type.Optional(Type.Enum([...standings])) },
  strict,
);

/** Wanted states: what deployments are kept at. */
export const wantedStateRoutes: FastifyPluginAsyncTypebox<RouteOptions> = async (app, { context }) => {
  const { repositories } = context;
  const { artifacts, members, repeatedRequests, wantedCampaigns } = repositories;
  // A contradiction is one whoever wants it, also where who asks may not see the other.
  const everyWantedState = repositories.wantedStates;

  app.post(
    '/wanted-states',
    {
      schema: {
        tags,
        operationId: 'wantState',
        summary: 'Keep the gateways of a deployment at artifacts',
        headers: IdempotencyHeadersSchema,
        body: NewWantedStateSchema,
        response: { 201: WantedStateSchema, ...problems },
      },
      config: { role: 'operator', scoped: true },
    },
    async (request, reply) => {
      const { wantedStates } = request.repositories;
      const { requests, deployment, strategy: stated } = request.body;
      const { automatic = stated !== undefined, deadlineSeconds = defaultDeadlineSeconds } = request.body;
      const said = { requests, deployment, automatic, deadlineSeconds };
      const identity = requestIdentity(request, {
        wantState: stated === undefined ? said : { ...said, strategy: stated },
      });
      const created = async (id: string) =>
        reply
          .code(201)
          .header('location', `/api/v1/wanted-states/${id}`)
          .send(toWire(await wantedStates.get(id)));
      // First of all: what the request named may be gone by now.
      const known = await repeatedRequests.resultOf(identity);
      if (known !== null) return created(known);
      if (stated !== undefined && !automatic)
        throw new LeonoreError(
          'MALFORMED_INPUT',
          'a strategy is how new versions go out by themselves: leave out that they do not',
        );
      const asked = { ...said, strategy: stated === undefined ? null : strategyOf(stated) };
      const catalogChanges = await repositories.stateKeeping.catalogChanges();
      const versions = await selectRequested(artifacts, requests);
      refuseNames(requests, versions);
      await request.repositories.deployments.get(deployment);
      await refuseConflict({ requests, deployment, versions });
      const create = (tx: Transaction) => wantedStates.create({ ...asked, versions, catalogChanges }, tx);
      return created((await repeatedRequests.once(identity, create)).result);
    },
  );

  app.get(
    '/wanted-states',
    {
      schema: {
        tags,
        operationId: 'listWantedStates',
        summary: 'All wanted states, newest first',
        querystring: WantedStateQuerySchema,
        response: { 200: PageSchema(WantedStateSchema), ...problems },
      },
      config: { role: 'viewer', scoped: true },
    },
    async (request) => {
      const { limit, cursor } = pageOf(request.query);
      const page = await request.repositories.wantedStates.list(limit, cursor);
      return { items: page.items.map(toWire), nextCursor: page.nextCursor };
    },
  );

  app.get(
    '/wanted-states/:id',
    {
      schema: {
        tags,
        operationId: 'showWantedState',
        summary: 'One wanted state: how many gateways stand how, and the rollouts it has started',
        params: UuidParamsSchema,
        response: { 200: WantedStateDetailSchema, ...problems },
      },
      config: { role: 'viewer', scoped: true },
    },
    async (request) => {
      const { id } = request.params;
      const { wantedStates } = request.repositories;
      const wanted = await wantedStates.get(id);
      const [compliance, rollouts, campaigns] = await Promise.all([
        wantedStates.compliance(id),
        wantedStates.rollouts(id, shownRollouts),
        wantedCampaigns.list(id, shownRollouts),
      ]);
      return {
        ...toWire(wanted),
        compliance,
        lookingAtAll: wanted.lookingAtAll && wanted.endedAt === null,
        rollouts: rollouts.map(({ createdAt, ...rollout }) => ({
          ...rollout,
          createdAt: createdAt.toISOString(),
        })),
        campaigns: campaigns.map(({ createdAt, selected, ...campaign }) => ({
          ...campaign,
          selected: [...selected],
          createdAt: createdAt.toISOString(),
        })),
      };
    },
  );

  app.get(
    '/wanted-states/:id/gateways',
    {
      schema: {
        tags,
        operationId: 'listWantedGateways',
        summary: 'How gateways stand to a wanted state, and why, by id',
        params: UuidParamsSchema,
        querystring: MemberQuerySchema,
        response: { 200: PageSchema(WantedMemberSchema), ...problems },
      },
      config: { role: 'viewer', scoped: true },
    },
    async (request) => {
      const { wantedStates } = request.repositories;
      const { id } = await wantedStates.get(request.params.id);
      const { standing = null, ...paging } = request.query;
      const { limit, cursor } = pageOf(paging);
      const page = await wantedStates.members(id, standing, limit, cursor);
      const items = page.items.map(({ dueAt, rolloutId, changedAt, ...member }) => ({
        ...member,
        rollout: rolloutId,
        dueAt: dueAt?.toISOString() ?? null,
        changedAt: changedAt.toISOString(),
      }));
      return { items, nextCursor: page.nextCursor };
    },
  );

  app.post(
    '/wanted-states/:id/end',
    {
      schema: {
        tags,
        operationId: 'endWantedState',
        summary: 'Keep a deployment no longer; what is installed stays, and rollouts under way go on',
        params: UuidParamsSchema,
        response: { 200: WantedStateSchema, ...problems },
      },
      config: { role: 'operator', scoped: true },
    },
    async (request) => {
      const { wantedStates } = request.repositories;
      await wantedStates.end(request.params.id);
      return toWire(await wantedStates.get(request.params.id));
    },
  );

  /** Another that holds for one of the same gateways, and contradicts it: later it would be a conflict on each of them. */
  async function refuseConflict(
    wanted: Pick<WantedState, 'requests' | 'deployment' | 'versions'>,
  ): Promise<void> {
    for (const other of await everyWantedState.open()) {
      const conflict = conflictOf(wantedOf({ id: '', ...wanted }), [wantedOf(other)]);
      if (conflict === null) continue;
      if (
        other.deployment === wanted.deployment ||
        (await members.meet({ deployment: other.deployment }, { deployment: wanted.deployment }))
      )
        throw new LeonoreError('WANTED_STATE_CONFLICT', conflict, { wantedState: other.id });
    }
  }
};

/** What is kept is looked for on gateways by its name: another name that it provides does not do. */
function refuseNames(requests: readonly string[], versions: readonly string[]): void {
  const names = requests.map((text) => parseRequest(text).name);
  for (const [index, name] of names.entries()) {
    if (names.indexOf(name) !== index)
      throw new LeonoreError('MALFORMED_INPUT', `"${name}" is wanted twice; give one range for it`);
    const version = versions[index] ?? '';
    if (!version.startsWith(`${name}@`))
      throw new LeonoreError(
        'MALFORMED_INPUT',
        `"${name}" is provided by ${version}; want that by its own name`,
      );
  }
}

function toWire({
  id,
  requests,
  deployment,
  automatic,
  strategy,
  deadlineSeconds,
  versions,
  problem,
  createdAt,
  endedAt,
}: WantedState) {
  return {
    id,
    requests: [...requests],
    deployment,
    automatic,
    strategy,
    deadlineSeconds,
    versions: [...versions],
    problem,
    createdAt: createdAt.toISOString(),
    endedAt: endedAt?.toISOString() ?? null,
  };
}
