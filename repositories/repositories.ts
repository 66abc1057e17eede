import { AbsenceRepository } from './absence-repository.js';
import { ArtifactRepository } from './artifact-repository.js';
import { BlobReferences } from './blob-references.js';
import { ChunkRepository } from './chunk-repository.js';
import type { Database } from './database.js';
import { DeliveryRepository } from './delivery/delivery-repository.js';
import { DeliveryWriter } from './delivery/delivery-writer.js';
import { DeploymentMembers } from './deployment-members.js';
import { DeploymentRepository } from './deployment-repository.js';
import { ContestRepository } from './contest-repository.js';
import { EnrolmentRepository } from './enrolment-repository.js';
import { ExpectedGatewayRepository } from './expected-gateway-repository.js';
import { GatewayRepository } from './gateway-repository.js';
import { NodeRepository } from './node-repository.js';
import { OrderRepository } from './order-repository.js';
import { PackageRepository } from './package-repository.js';
import { Placement } from './placement.js';
import { PoolRepository } from './pool-repository.js';
import { ProvisioningRepository } from './provisioning-repository.js';
import { RegistrationRepository } from './registration-repository.js';
import { ReplanningRepository } from './replanning-repository.js';
import { RolloutRepository } from './rollout-repository.js';
import { SourceBuildRepository } from './source-build-repository.js';
import { TrustRepository } from './trust-repository.js';
import { ValueRepository } from './value-repository.js';

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
  readonly deployments: DeploymentRepository;
  readonly members: DeploymentMembers;
  readonly rollouts: RolloutRepository;
  readonly provisioning: ProvisioningRepository;
  readonly replanning: ReplanningRepository;
  readonly chunks: ChunkRepository;
  readonly deliveries: DeliveryRepository;
  readonly orders: OrderRepository;
  readonly absences: AbsenceRepository;
  readonly trustMetadata: TrustRepository;
}

/**
 * @param nodeSilenceMs a node silent for longer is dead
 * @param writer names the process where it counts deliveries: those that share a name wait for each other
 */
export function createRepositories(database: Database, nodeSilenceMs: number, writer: string): Repositories {
  const placement = new Placement(database, nodeSilenceMs);
  const writes = new DeliveryWriter(database, writer);
  const rollouts = new RolloutRepository(database);
  return {
    artifacts: new ArtifactRepository(database),
    gateways: new GatewayRepository(database, placement, writes),
    registrations: new RegistrationRepository(database, placement),
    contests: new ContestRepository(database),
    enrolments: new EnrolmentRepository(database),
    expected: new ExpectedGatewayRepository(database),
    nodes: new NodeRepository(database, nodeSilenceMs, placement),
    placement,
    pool: new PoolRepository(database, placement, nodeSilenceMs),
    blobReferences: new BlobReferences(database),
    packages: new PackageRepository(database),
    sourceBuilds: new SourceBuildRepository(database),
    values: new ValueRepository(database),
    deployments: new DeploymentRepository(database),
    members: new DeploymentMembers(database, writes),
    rollouts,
    provisioning: new ProvisioningRepository(database, writes),
    replanning: new ReplanningRepository(database, writes),
    chunks: new ChunkRepository(database, writes),
    deliveries: new DeliveryRepository(database, writer),
    orders: new OrderRepository(database, writes, rollouts),
    absences: new AbsenceRepository(database),
    trustMetadata: new TrustRepository(database),
  };
}
