import { STATUS_CODES } from 'node:http';
import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger';
import { ArtifactManifestSchema } from '../domain/artifact/manifest.js';
import { canonicalJson } from '../domain/canonical-json.js';
import { errorKinds } from '../domain/error-kinds.js';
import { GatewayProfileSchema } from '../domain/gateway/profile.js';
import { StrategySchema } from '../domain/campaign/strategy.js';
import {
  CampaignEventSchema,
  CampaignPhaseSchema,
  CampaignPreviewSchema,
  CampaignProgressSchema,
  CampaignSchema,
  CampaignSummarySchema,
} from './schemas/campaigns.js';
import { AuditEntrySchema } from './schemas/audit.js';
import { CampaignEvidenceSchema, DependentsSchema } from './schemas/campaign-report.js';
import { ProblemSchema } from './schemas/common.js';
import { DeliveryFacetsSchema, FleetDeliverySchema, ListedDeliverySchema } from './schemas/deliveries.js';
import { FleetHistorySchema, GatewayFacetsSchema } from './schemas/facets.js';
import { requestExamples } from './schemas/request-examples.js';
import { SessionSchema } from './schemas/sign-in.js';
import { StreamMessageSchema } from './schemas/stream.js';
import { WorkFacetsSchema } from './work-query.js';
import {
  ContestSchema,
  EnrolmentRequestSchema,
  EnrolmentSchema,
  ExpectedGatewaySchema,
  ExpectRequestSchema,
} from './schemas/identity.js';
import type { WebhookEventType } from '../domain/webhook/event-types.js';
import { webhookEventSchemas, webhookMessageSchema } from '../domain/webhook/events.js';
import { WebhookDeliverySchema, WebhookRequestSchema, WebhookSchema } from './schemas/webhooks.js';
import { TokenRequestSchema, TokenSchema, WhoamiSchema } from './schemas/tokens.js';
import { GatewayOrderSchema } from './schemas/orders.js';
import {
  FleetSchema,
  GatewayDetailSchema,
  GatewayEventSchema,
  GatewaySchema,
  GatewayValueSchema,
  ValueChangesSchema,
} from './schemas/gateways.js';
import {
  ArtifactSchema,
  CountsSchema,
  DeploymentSchema,
  GatewayDeliverySchema,
  GroupSchema,
  NodePoolSchema,
  NodeSchema,
  PackageSchema,
  PlanAnswerSchema,
  PlanSchema,
  RolloutEventSchema,
  RolloutProgressSchema,
  RolloutSchema,
  RolloutSummarySchema,
  StepSchema,
} from './schemas/resources.js';
import {
  SharedValueChangesSchema,
  SharedValueSchema,
  WantedMemberSchema,
  WantedStateDetailSchema,
  WantedStateSchema,
} from './schemas/wanted-states.js';

/** What readers of the document, and the generated client, know by name. */
const namedSchemas = {
  Artifact: ArtifactSchema,
  ArtifactManifest: ArtifactManifestSchema,
  Gateway: GatewaySchema,
  GatewayDetail: GatewayDetailSchema,
  GatewayValue: GatewayValueSchema,
  ValueChanges: ValueChangesSchema,
  SharedValue: SharedValueSchema,
  SharedValueChanges: SharedValueChangesSchema,
  WantedState: WantedStateSchema,
  WantedStateDetail: WantedStateDetailSchema,
  WantedMember: WantedMemberSchema,
  ExpectedGateway: ExpectedGatewaySchema,
  ExpectRequest: ExpectRequestSchema,
  Contest: ContestSchema,
  Enrolment: EnrolmentSchema,
  EnrolmentRequest: EnrolmentRequestSchema,
  AuditEntry: AuditEntrySchema,
  Token: TokenSchema,
  Whoami: WhoamiSchema,
  TokenRequest: TokenRequestSchema,
  Session: SessionSchema,
  Webhook: WebhookSchema,
  WebhookRequest: WebhookRequestSchema,
  WebhookDelivery: WebhookDeliverySchema,
  GatewayProfile: GatewayProfileSchema,
  Deployment: DeploymentSchema,
  Plan: PlanSchema,
  PlanAnswer: PlanAnswerSchema,
  Rollout: RolloutSchema,
  RolloutSummary: RolloutSummarySchema,
  RolloutProgress: RolloutProgressSchema,
  RolloutGroup: GroupSchema,
  RolloutStep: StepSchema,
  RolloutEvent: RolloutEventSchema,
  DeliveryCounts: CountsSchema,
  Delivery: ListedDeliverySchema,
  FleetDelivery: FleetDeliverySchema,
  DeliveryFacets: DeliveryFacetsSchema,
  Campaign: CampaignSchema,
  CampaignSummary: CampaignSummarySchema,
  CampaignPreview: CampaignPreviewSchema,
  CampaignProgress: CampaignProgressSchema,
  CampaignPhase: CampaignPhaseSchema,
  CampaignEvent: CampaignEventSchema,
  CampaignEvidence: CampaignEvidenceSchema,
  CampaignStrategy: StrategySchema,
  GatewayDelivery: GatewayDeliverySchema,
  GatewayEvent: GatewayEventSchema,
  Fleet: FleetSchema,
  FleetHistory: FleetHistorySchema,
  GatewayFacets: GatewayFacetsSchema,
  WorkFacets: WorkFacetsSchema,
  Dependents: DependentsSchema,
  StreamMessage: StreamMessageSchema,
  GatewayOrder: GatewayOrderSchema,
  Node: NodeSchema,
  NodePool: NodePoolSchema,
  Package: PackageSchema,
  Problem: ProblemSchema,
};

const tags = [
  { name: 'artifacts', description: 'Versioned components, with their variants, requirements and policies' },
  { name: 'gateways', description: 'The fleet: profiles, labels, what is installed, which node serves it' },
  { name: 'values', description: 'Settings and secrets of the fleet and of selectors' },
  { name: 'stream', description: 'What changes, as server-sent events' },
  { name: 'tokens', description: 'Principals: people and services, their roles and scopes' },
  { name: 'sign-in', description: 'People who sign in by an OpenID provider, and their sessions' },
  { name: 'audit', description: 'Who changed what' },
  {
    name: 'webhooks',
    description: 'Who is told of what happens; `webhooks` of this document says what they are sent',
  },
  { name: 'enrolments', description: 'Tokens with which gateways may enrol, and what they get by them' },
  {
    name: 'deployments',
    description: 'Named sets of gateways: a list, or a selector over labels and profile',
  },
  { name: 'plans', description: 'Dry run: what a rollout would do, and why it could not' },
  {
    name: 'rollouts',
    description: 'Requests to provision artifacts to a deployment, their progress and deliveries',
  },
  { name: 'wanted states', description: 'What deployments are kept at, and how their gateways stand to it' },
  { name: 'campaigns', description: 'Artifacts to many gateways, in phases that wait for each other' },
  { name: 'orders', description: 'Uninstall, start or stop an artifact on the gateways that have it' },
  { name: 'nodes', description: 'LEONORE nodes, the unit of scale' },
  { name: 'trust', description: 'Who may sign artifacts, builds and tasks' },
  { name: 'packages', description: 'Application packages, each built once for a group of gateways' },
  { name: 'device', description: 'For gateways: registration. Afterwards a gateway talks to its node' },
  { name: 'health', description: 'For supervisors; needs no token' },
];

/** How the OpenAPI document is made from the routes. */
export const openApiOptions: FastifyDynamicSwaggerOptions = {
  openapi: {
    openapi: '3.1.0',
    info: {
      title: 'LEONORE',
      version: '1.0.0',
      description:
        'Provisioning of application packages onto fleets of resource-constrained IoT gateways. ' +
        'Every error is a Problem (RFC 9457) with a stable code; lists are paged by cursor.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    tags,
    components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } },
    security: [{ bearer: [] }],
  },
  // Who may use an operation stands in the config of its route.
  transform: ({ schema, url, route }) => {
    const { role, scoped = false } = route.config ?? {};
    return { schema: { ...schema, 'x-role': role, ...(scoped ? { 'x-scoped': true } : {}) }, url };
  },
  transformObject: (document) => {
    if (!('openapiObject' in document)) throw new Error('the document is OpenAPI 3');
    const { paths, components, ...rest } = document.openapiObject;
    return {
      ...rest,
      paths: withReferences(withExamples(withAnswers(paths ?? {}))),
      webhooks: withReferences(webhookOperations()),
      components: { ...components, schemas: namedDefinitions() },
      ...{ 'x-problems': problemKinds },
    } as typeof document.openapiObject;
  },
};

/** What LEONORE sends to webhooks. */
function webhookOperations(): Record<string, object> {
  const header = (name: string, description: string) => ({
    name,
    in: 'header',
    required: true,
    description,
    schema: { type: 'string' },
  });
  const types = Object.keys(webhookEventSchemas) as WebhookEventType[];
  return Object.fromEntries(
    types.map((type) => [
      type,
      {
        post: {
          tags: ['webhooks'],
          summary: (plain(webhookEventSchemas[type]) as { description: string }).description,
          security: [],
          parameters: [
            header('webhook-id', 'The same however often it is sent'),
            header('webhook-timestamp', 'Of this attempt, in seconds since 1970'),
            header(
              'webhook-signature',
              'v1, and HMAC-SHA256 over id.timestamp.body in base64; several, separated by spaces, while secrets change',
            ),
          ],
          requestBody: {
            required: true,
            content: { 'application/json': { schema: plain(webhookMessageSchema(type)) } },
          },
          responses: { '2XX': { description: 'It is taken; any other answer is tried again' } },
        },
      },
    ]),
  );
}

/** What each code of a Problem means. */
const problemKinds = Object.fromEntries(
  Object.entries(errorKinds).map(([code, { status, title, actor, retryable, advice }]) => [
    code,
    { status, title, actor, retryable, advice },
  ]),
);

/** Bodies as somebody would send them. */
function withExamples(paths: unknown): unknown {
  const text = JSON.stringify(paths, (_key, member: unknown) => {
    if (typeof member !== 'object' || member === null || !('operationId' in member)) return member;
    const example = requestExamples[String(member.operationId)];
    if (example === undefined || !('requestBody' in member)) return member;
    const { content, ...body } = member.requestBody as { content: Record<string, object> };
    const json = { ...content['application/json'], example };
    return { ...member, requestBody: { ...body, content: { ...content, 'application/json': json } } };
  });
  return JSON.parse(text);
}

/** Answers of which nothing more is to be said than their status. */
function withAnswers(paths: object): unknown {
  const text = JSON.stringify(paths, (_key, member: unknown) => {
    if (typeof member !== 'object' || member === null || !('responses' in member)) return member;
    const responses = Object.entries(member.responses as Record<string, { description: string }>);
    const described = responses.map(([status, answer]) => [
      status,
      answer.description === 'Default Response' ? { ...answer, description: STATUS_CODES[status] } : answer,
    ]);
    return { ...member, responses: Object.fromEntries(described) as unknown };
  });
  return JSON.parse(text);
}

/** Schemas are recognised by what they say: the routes use them as they are, and need no registry of names. */
const nameOf = new Map(
  Object.entries(namedSchemas).map(([name, schema]) => [canonicalJson(plain(schema)), name]),
);

function namedDefinitions(): Record<string, object> {
  return Object.fromEntries(
    Object.entries(namedSchemas).map(([name, schema]) => [
      name,
      withReferencesBelow(plain(schema)) as object,
    ]),
  );
}

function withReferences(value: unknown): unknown {
  const name =
    typeof value === 'object' && value !== null ? nameOf.get(canonicalJson(plain(value))) : undefined;
  return name === undefined ? withReferencesBelow(value) : { $ref: `#/components/schemas/${name}` };
}

function withReferencesBelow(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withReferences);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, below]) => [key, withReferences(below)]));
}

/** Without what the schema library adds for itself, and with records as the document writes them. */
function plain(value: object): object {
  return JSON.parse(JSON.stringify(value), (_key, member: unknown) => {
    if (typeof member !== 'object' || member === null || !('patternProperties' in member)) return member;
    const { patternProperties, ...rest } = member;
    return { ...rest, additionalProperties: Object.values(patternProperties as object)[0] as unknown };
  }) as object;
}
