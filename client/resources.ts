/** The API's resources under their own names; the shapes are those of its OpenAPI document. */
import type { components } from './openapi.js';

type Schemas = components['schemas'];

export type Artifact = Schemas['Artifact'];
export type Gateway = Schemas['Gateway'];
export type GatewayValue = Schemas['GatewayValue'];
export type ValueChanges = Schemas['ValueChanges'];
export type Contest = Schemas['Contest'];
export type Enrolment = Schemas['Enrolment'];
export type EnrolmentRequest = Schemas['EnrolmentRequest'];
export type ExpectRequest = Schemas['ExpectRequest'];
export type Deployment = Schemas['Deployment'];
export type PlanAnswer = Schemas['PlanAnswer'];
export type Rollout = Schemas['Rollout'];
export type RolloutSummary = Schemas['RolloutSummary'];
export type RolloutProgress = Schemas['RolloutProgress'];
export type DeliveryCounts = Schemas['DeliveryCounts'];
export type Delivery = Schemas['Delivery'];
export type GatewayOrder = Schemas['GatewayOrder'];
export type LeonoreNode = Schemas['Node'];
export type NodePool = Schemas['NodePool'];
export type ApplicationPackage = Schemas['Package'];
export type Problem = Schemas['Problem'];
