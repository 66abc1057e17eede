/** The API's resources under their own names; the shapes are those of its OpenAPI document. */
import type { components, paths } from './openapi.js';

type Schemas = components['schemas'];

export type Artifact = Schemas['Artifact'];

/** An artifact that was sent, and whether it was there before. */
export interface AddedArtifact extends Artifact {
  readonly outcome: 'added' | 'unchanged';
}

type FoundIds = paths['/api/v1/ids']['get']['responses'][200]['content']['application/json'];
/** What has an id of which the beginning will do. */
export type Identified = FoundIds['items'][number];
export type IdentifiedKind = Identified['kind'];

export type Gateway = Schemas['Gateway'];
export type GatewayDetail = Schemas['GatewayDetail'];
export type GatewayDelivery = Schemas['GatewayDelivery'];
export type GatewayEvent = Schemas['GatewayEvent'];
export type Fleet = Schemas['Fleet'];
export type Dependents = Schemas['Dependents'];
export type DeliveryFacets = Schemas['DeliveryFacets'];
export type CampaignEvidence = Schemas['CampaignEvidence'];
export type GatewayValue = Schemas['GatewayValue'];
export type ValueChanges = Schemas['ValueChanges'];
export type SharedValue = Schemas['SharedValue'];
export type SharedValueChanges = Schemas['SharedValueChanges'];
export type WantedState = Schemas['WantedState'];
export type WantedStateDetail = Schemas['WantedStateDetail'];
export type WantedMember = Schemas['WantedMember'];
export type Contest = Schemas['Contest'];
export type Enrolment = Schemas['Enrolment'];
export type EnrolmentRequest = Schemas['EnrolmentRequest'];
export type ExpectRequest = Schemas['ExpectRequest'];
export type AuditEntry = Schemas['AuditEntry'];
export type Token = Schemas['Token'];
export type TokenRequest = Schemas['TokenRequest'];
export type Session = Schemas['Session'];
export type Whoami = Schemas['Whoami'];
export type Webhook = Schemas['Webhook'];
export type WebhookRequest = Schemas['WebhookRequest'];
export type WebhookDelivery = Schemas['WebhookDelivery'];
export type Deployment = Schemas['Deployment'];
export type PlanAnswer = Schemas['PlanAnswer'];
export type Rollout = Schemas['Rollout'];
export type RolloutSummary = Schemas['RolloutSummary'];
export type RolloutProgress = Schemas['RolloutProgress'];
export type DeliveryCounts = Schemas['DeliveryCounts'];
export type Delivery = Schemas['Delivery'];
export type Campaign = Schemas['Campaign'];
export type CampaignPreview = Schemas['CampaignPreview'];
export type CampaignSummary = Schemas['CampaignSummary'];
export type GatewayOrder = Schemas['GatewayOrder'];
export type LeonoreNode = Schemas['Node'];
export type NodePool = Schemas['NodePool'];
export type ApplicationPackage = Schemas['Package'];
export type Problem = Schemas['Problem'];
