import type { Scope } from '../domain/access/scope.js';
import { AbsenceRepository } from './absence-repository.js';
import { ArtifactRepository } from './artifact-repository.js';
import { AuditRepository } from './audit-repository.js';
import { BlobReferences } from './blob-references.js';
import { CampaignFactsRepository } from './campaign-facts-repository.js';
import { CampaignReportRepository } from './campaign-report-repository.js';
import { CampaignRepository } from './campaign-repository.js';
import { CampaignWorkRepository } from './campaign-work-repository.js';
import { WayBackRepository } from './way-back-repository.js';
import { ChunkRepository } from './chunk-repository.js';
import type { Database } from './database.js';
import { DeliveryListRepository } from './delivery/delivery-list-repository.js';
import { DeliveryRepository } from './delivery/delivery-repository.js';
import { DeliveryWriter } from './delivery/delivery-writer.js';
import { DeploymentMembers } from './deployment-members.js';
import { DeploymentRepository } from './deployment-repository.js';
import { ContestRepository } from './contest-repository.js';
import { EnrolmentRepository } from './enrolment-repository.js';
import { ExpectedGatewayRepository } from './expected-gateway-repository.js';
import { FacetRepository } from './facet-repository.js';
import { FleetRepository } from './fleet-repository.js';
import { FleetSampleRepository } from './fleet-sample-repository.js';
import { FleetScope, wholeFleet } from './fleet-scope.js';
import { GatewayHistoryRepository } from './gateway-history-repository.js';
import { GatewayRepository } from './gateway-repository.js';
import { IdRepository } from './id-repository.js';
import { NodeRepository } from './node-repository.js';
import { OrderRepository } from './order-repository.js';
import { OverlapRepository } from './overlap-repository.js';
import { PackageRepository } from './package-repository.js';
import { Placement } from './placement.js';
import { PoolRepository } from './pool-repository.js';
import { ProvisioningRepository } from './provisioning-repository.js';
import { RegistrationRepository } from './registration-repository.js';
import { RepeatedRequestRepository } from './repeated-request-repository.js';
import { ReplanningRepository } from './replanning-repository.js';
import { RolloutRepository } from './rollout-repository.js';
import { SessionRepository } from './session-repository.js';
import { SilenceRepository } from './silence-repository.js';
import { SharedValueRepository } from './shared-value-repository.js';
import { SourceBuildRepository } from './source-build-repository.js';
import { StateKeepingRepository } from './state-keeping-repository.js';
import { QueuedValueRepository } from './queued-value-repository.js';
import { StaleValueRepository } from './stale-value-repository.js';
import { TokenRepository } from './token-repository.js';
import { TrustRepository } from './trust-repository.js';
import { ValueRepository } from './value-repository.js';
import { WantedCampaignRepository } from './wanted-campaign-repository.js';
import { WantedMemberRepository } from './wanted-member-repository.js';
import { WantedStateRepository } from './wanted-state-repository.js';
import { WebhookRepository } from './webhook-repository.js';
import { WebhookWorkRepository } from './webhook-work-repository.js';

/** All repositories on one database connection; each process makes them once. */
export interface Repositories {
  readonly artifacts: ArtifactRepository;
  readonly gateways: GatewayRepository;
  readonly registrations: RegistrationRepository;
  readonly contests: ContestRepository;
  readonly enrolments: EnrolmentRepository;
  readonly expected: ExpectedGatewayRepository;
  readonly nodes: NodeRepository;
  readonly placement: Placement;
  readonly pool: PoolRepository;
  readonly blobReferences: BlobReferences;
  readonly packages: PackageRepository;
  readonly sourceBuilds: SourceBuildRepository;
  readonly values: ValueRepository;
  readonly sharedValues: SharedValueRepository;
  readonly staleValues: StaleValueRepository;
  readonly queuedValues: QueuedValueRepository;
  readonly stateKeeping: StateKeepingRepository;
  readonly wantedMembers: WantedMemberRepository;
  readonly wantedStates: WantedStateRepository;
  readonly wantedCampaigns: WantedCampaignRepository;
  readonly deployments: DeploymentRepository;
  readonly members: DeploymentMembers;
  readonly repeatedRequests: RepeatedRequestRepository;
  readonly rollouts: RolloutRepository;
  readonly campaigns: CampaignRepository;
  readonly campaignReports: CampaignReportRepository;
  readonly campaignWork: CampaignWorkRepository;
  readonly campaignFacts: CampaignFactsRepository;
  readonly wayBack: WayBackRepository;
  readonly provisioning: ProvisioningRepository;
  readonly replanning: ReplanningRepository;
  readonly overlaps: OverlapRepository;
  readonly chunks: ChunkRepository;
  readonly deliveries: DeliveryRepository;
  readonly deliveryLists: DeliveryListRepository;
  readonly orders: OrderRepository;
  readonly absences: AbsenceRepository;
  readonly trustMetadata: TrustRepository;
  readonly tokens: TokenRepository;
  readonly sessions: SessionRepository;
  readonly audit: AuditRepository;
  readonly fleet: FleetRepository;
  readonly facets: FacetRepository;
  readonly fleetSamples: FleetSampleRepository;
  readonly gatewayHistory: GatewayHistoryRepository;
  readonly silence: SilenceRepository;
  readonly webhooks: WebhookRepository;
  readonly webhookWork: WebhookWorkRepository;
  readonly ids: IdRepository;
  /** The same for a part of the fleet: no other gateway is there, and nothing of what is about others. */
  within(scope: Scope): Repositories;
}

/**
 * @param nodeSilenceMs a node silent for longer is dead
 * @param writer names the process where it counts deliveries: those that share a name wait for each other
 */
export function createRepositories(
  database: Database,
  nodeSilenceMs: number,
  writer: string,
  fleet = wholeFleet,
): Repositories {
  const placement = new Placement(database, nodeSilenceMs);
  const writes = new DeliveryWriter(database, writer);
  const repeatedRequests = new RepeatedRequestRepository(database);
  const rollouts = new RolloutRepository(database, repeatedRequests, fleet);
  const facets = new FacetRepository(database, fleet);
  return {
    artifacts: new ArtifactRepository(database),
    gateways: new GatewayRepository(database, placement, writes, fleet),
    registrations: new RegistrationRepository(database, placement),
    contests: new ContestRepository(database, fleet),
    enrolments: new EnrolmentRepository(database),
    expected: new ExpectedGatewayRepository(database),
    nodes: new NodeRepository(database, nodeSilenceMs, placement),
    placement,
    pool: new PoolRepository(database, placement, nodeSilenceMs),
    blobReferences: new BlobReferences(database),
    packages: new PackageRepository(database),
    sourceBuilds: new SourceBuildRepository(database),
    values: new ValueRepository(database, fleet),
    sharedValues: new SharedValueRepository(database),
    staleValues: new StaleValueRepository(database, writes),
    queuedValues: new QueuedValueRepository(database, writes),
    stateKeeping: new StateKeepingRepository(database),
    wantedMembers: new WantedMemberRepository(database),
    wantedStates: new WantedStateRepository(database, fleet),
    wantedCampaigns: new WantedCampaignRepository(database),
    deployments: new DeploymentRepository(database, fleet),
    members: new DeploymentMembers(database, writes, fleet),
    repeatedRequests,
    rollouts,
    campaigns: new CampaignRepository(database, fleet),
    campaignReports: new CampaignReportRepository(database),
    campaignWork: new CampaignWorkRepository(database),
    campaignFacts: new CampaignFactsRepository(database, fleet),
    wayBack: new WayBackRepository(database),
    provisioning: new ProvisioningRepository(database, writes),
    replanning: new ReplanningRepository(database, writes),
    overlaps: new OverlapRepository(database, writes),
    chunks: new ChunkRepository(database, writes),
    deliveries: new DeliveryRepository(database, writer),
    deliveryLists: new DeliveryListRepository(database, fleet),
    orders: new OrderRepository(database, writes, rollouts, repeatedRequests, fleet),
    absences: new AbsenceRepository(database),
    trustMetadata: new TrustRepository(database),
    tokens: new TokenRepository(database),
    sessions: new SessionRepository(database),
    audit: new AuditRepository(database),
    fleet: new FleetRepository(database, fleet),
    facets,
    fleetSamples: new FleetSampleRepository(database, facets),
    gatewayHistory: new GatewayHistoryRepository(database, fleet),
    silence: new SilenceRepository(database),
    webhooks: new WebhookRepository(database, fleet),
    webhookWork: new WebhookWorkRepository(database),
    ids: new IdRepository(database, fleet),
    within: (scope) => createRepositories(database, nodeSilenceMs, writer, new FleetScope(scope)),
  };
}
