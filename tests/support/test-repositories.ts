import { randomBytes, randomUUID } from 'node:crypto';
import { sharedGrant } from '../../domain/enrolment/grant.js';
import type { Endpoint } from '../../domain/gateway/endpoint.js';
import type { GatewayProfile } from '../../domain/gateway/profile.js';
import type { Plan } from '../../domain/plan/plan.js';
import { connectDatabase, type Database } from '../../repositories/database.js';
import type { OrderMember } from '../../repositories/delivery/delivery-writer.js';
import type { Registration, RegistrationOutcome } from '../../repositories/registration-repository.js';
import { createRepositories, type Repositories } from '../../repositories/repositories.js';
import type { RolloutOptions } from '../../repositories/rollout-repository.js';
import { startTestDatabase, type TestDatabase } from './postgres.js';

export interface TestRepositories extends Repositories {
  readonly database: Database;
  readonly server: TestDatabase;
  close(): Promise<void>;
}

/**
 * Repositories on a database of their own, on a real PostgreSQL.
 * @param nodeSilenceMs after which a node is dead: nodes that a test adds send no heartbeats, however long it takes
 * @param on the database, by default one on the server that all test files share; closed with the repositories
 */
export async function testRepositories(
  nodeSilenceMs = 600_000,
  on?: TestDatabase,
): Promise<TestRepositories> {
  const server = on ?? (await startTestDatabase());
  // As many as tests ask for at once: on a loaded machine, waiting for one of a few takes longer than is allowed.
  const database = connectDatabase({ url: server.url, poolSize: 20 });
  return {
    ...createRepositories(database, nodeSilenceMs, 'test'),
    database,
    server,
    async close() {
      await database.$close();
      await server.stop();
    },
  };
}

/** A profile that a small gateway may have. */
export function profileOf(id: string, changes: Partial<GatewayProfile> = {}): GatewayProfile {
  return {
    id,
    hardware: { arch: 'armv7', cpus: 1, memoryTotal: 64 << 20, diskTotal: 16 << 20, diskFree: 12 << 20 },
    software: {
      os: 'linux',
      kernel: '3.10.0',
      libc: 'musl',
      tools: [{ name: 'busybox', version: '1.35.0' }],
    },
    strategies: ['pull'],
    protocols: ['http'],
    labels: {},
    installed: [],
    ...changes,
  };
}

/** The parts of gateways in an order that is meant for whatever state they are in. */
export function orderParts(gatewayIds: readonly string[]): OrderMember[] {
  return gatewayIds.map((gatewayId) => ({ gatewayId, startState: null, changes: {} }));
}

/** What a node announces that speaks HTTP at an address, by pull and by push. */
export function httpEndpoint(address: string): Endpoint {
  return {
    protocol: 'http',
    transport: 'tcp',
    address,
    strategies: ['push', 'pull'],
    pushScheme: 'http',
    tls: 'none',
  };
}

/** Enters a node that counts as alive. @param endpoints by default it speaks HTTP, where nobody answers */
export async function addNode(
  { nodes }: Repositories,
  id: string,
  endpoints: readonly Endpoint[] = [httpEndpoint(`http://127.0.0.1:1/${id}`)],
): Promise<string> {
  const incarnation = randomUUID();
  await nodes.register({ id, address: endpoints[0]?.address ?? '', endpoints, incarnation });
  return incarnation;
}

/**
 * A registration of a gateway without a key, with a shared enrolment token at first and with its own token from then on.
 * @param tokenHash of its token
 */
export function registrationOf(
  profile: GatewayProfile,
  tokenHash: Buffer = randomBytes(32),
  changes: Partial<Registration> = {},
): Registration {
  return {
    profile,
    pushAddress: profile.strategies?.[0] === 'push' ? `http://127.0.0.1:1/${profile.id}` : null,
    agentVersion: null,
    pollSeconds: 60,
    ownPollSeconds: null,
    credentials: { ownTokenHash: tokenHash, key: null, enrolment: sharedGrant, address: '127.0.0.1' },
    newTokenHash: tokenHash,
    ...changes,
  };
}

/** The node that a gateway was placed on. */
export function placedOn(outcome: RegistrationOutcome | undefined): string {
  if (outcome === undefined || !('node' in outcome)) throw new Error('it was not placed');
  return outcome.node.id;
}

/** Registers gateways; they are placed by the balancer. */
export async function addGateways(
  { registrations }: Repositories,
  profiles: readonly GatewayProfile[],
): Promise<void> {
  const outcomes = await registrations.registerAll(profiles.map((profile) => registrationOf(profile)));
  for (const outcome of outcomes) if (outcome instanceof Error) throw outcome;
}

/** Registers gateways that no test has. @returns their ids, in order */
export async function addNewGateways(repositories: Repositories, count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, () => `gw-${randomBytes(6).toString('hex')}`).sort();
  await addGateways(
    repositories,
    ids.map((id) => profileOf(id)),
  );
  return ids;
}

/** A rollout with a delivery for each gateway, not planned yet. */
export async function addRollout(
  repositories: Repositories,
  requests: readonly string[],
  gatewayIds: readonly string[],
  wishes: Partial<RolloutOptions> = {},
): Promise<string> {
  const { rollouts, members } = repositories;
  const target = gatewayIds.length === 0 ? { select: 'hardware.arch' } : { gateways: gatewayIds };
  const { id } = await rollouts.create({
    requests,
    target,
    options: { deadlineSeconds: 3_600, ...wishes },
    idempotencyKey: null,
    requestDigest: 'test',
  });
  await members.addDeliveries(id, { gateways: gatewayIds });
  return id;
}

/** The content of a package, as far as the database is concerned. */
export interface OfferedContent {
  readonly digest: string;
  readonly sizeBytes: number;
}

/** A plan that installs and removes what is named, and weighs nothing. */
export function planOf(install: readonly string[] = [], remove: readonly string[] = []): Plan {
  return {
    artifacts: [],
    install,
    remove,
    keep: [],
    downloadSize: 0,
    installedSize: 0,
    peakDisk: 0,
    removeFirst: false,
    tree: [],
  };
}

/** Takes a rollout as {@link addRollout} leaves it to where every gateway has a task on node-1. */
export async function offerPackage(
  { packages, provisioning, chunks, rollouts }: Repositories,
  rolloutId: string,
  {
    plan,
    content,
    declaredValues = [],
    before = async () => undefined,
  }: {
    readonly plan: Plan;
    readonly content: OfferedContent;
    readonly declaredValues?: readonly { key: string; default?: string }[];
    /** What its node does before it offers the chunk. */
    readonly before?: (chunk: number) => Promise<unknown>;
  },
): Promise<void> {
  const packageId = randomBytes(32).toString('hex');
  await packages.add({
    id: packageId,
    recipe: packageId,
    archiveDigest: content.digest,
    sizeBytes: content.sizeBytes,
    installedBytes: 1,
    artifacts: plan.install,
    declaredValues,
    log: '',
    builtBy: 'node-1',
  });
  const deliveries = Object.values(await rollouts.counts(rolloutId)).reduce((sum, count) => sum + count, 0);
  const ordinals = Array.from({ length: deliveries }, (_none, ordinal) => ordinal);
  await provisioning.saveGroups(rolloutId, 'node-1', [
    { plans: [plan], explanation: null, failure: null, ordinals },
  ]);
  const [group] = await rollouts.groups(rolloutId, 1);
  // Whatever was to be planned may have ended meanwhile.
  if (group === undefined) return;
  await provisioning.groupBuilt(group.id, 0, packageId, []);
  await chunks.form(rolloutId, 'node-1');
  await before(0);
  await chunks.offer(rolloutId, 0, 'node-1', 3_600);
}
