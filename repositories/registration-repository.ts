import { pushPollFactor } from '../domain/agent-protocol/poll-interval.js';
import { LeonoreError } from '../domain/errors.js';
import { effectiveLabels, type Labels } from '../domain/gateway/labels.js';
import { channelName } from '../domain/gateway/endpoint.js';
import { endpointsFor, negotiate, offerOf, type Agreement } from '../domain/gateway/negotiate.js';
import type { GatewayProfile } from '../domain/gateway/profile.js';
import { limits } from '../domain/limits.js';
import { admit, type Identity, type RegistrationCredentials } from './admit-registration.js';
import { inTransaction, jsonText, type Database, type Transaction } from './database.js';
import { followRegistrations, lockOpen } from './delivery/delivery-writer.js';
import { countEnrolled, forgetExpected, placesLeft } from './enrolment-places.js';
import type { GatewayState } from './gateway-repository.js';
import type { OpenNodes, Placement } from './placement.js';
import { queueLength } from './pool-rows.js';

export interface Registration {
  readonly profile: GatewayProfile;
  readonly pushAddress: string | null;
  readonly agentVersion: string | null;
  /** The pause between two polls that it is told, in seconds. */
  readonly pollSeconds: number;
  /** The one that it keeps whatever it is told; null when it has none of its own. */
  readonly ownPollSeconds: number | null;
  readonly credentials: RegistrationCredentials;
  /** Hash of a new token, for the case that it gets one. */
  readonly newTokenHash: Uint8Array;
  /** It has the new token already, so that none else may ask for another in its place. */
  readonly knowsToken?: boolean;
}

/** Where a gateway belongs from now on. */
export interface PlacedGateway {
  readonly node: { readonly id: string; readonly address: string };
  readonly agreement: Agreement;
  /** Where its node serves what was agreed on, in the order in which it tries them. */
  readonly endpoints: ReturnType<typeof endpointsFor>;
  /** The token that it brought stays; else it has the new one. */
  readonly keepsToken: boolean;
}

/** It waits for a person's approval. */
export interface PendingGateway {
  readonly pending: true;
}

export type RegistrationOutcome = PlacedGateway | PendingGateway | LeonoreError;

/** An identity as it is looked up before a registration is verified. */
export interface VerifiableIdentity extends Identity {
  /** The sealed secret of a symmetric key. */
  readonly keySecret: Uint8Array | null;
}

/** How soon a queued gateway asks again; agents add jitter. A node starts in a few seconds. */
const firstAskAgainMs = 2_000;
/** Queued gateways that may ask in a second: a long queue is told to be more patient. */
const asksPerSecond = 500;

/** Entering gateways: who they are, what they say, where they belong. */
export class RegistrationRepository {
  constructor(
    private readonly database: Database,
    private readonly placement: Placement,
  ) {}

  /** Identities of gateways, by id; unknown ids are missing from the answer. */
  async identitiesOf(ids: readonly string[]): Promise<Map<string, VerifiableIdentity>> {
    const rows = await this.database.$queryRaw<VerifiableIdentity[]>`
      SELECT id, mac, state, token_hash AS "tokenHash", key, key_secret AS "keySecret", counter::float8 AS counter,
             readmitted, confirmed, registered_from AS "registeredFrom"
      FROM gateway WHERE id = ANY(${ids}::text[])`;
    return new Map(rows.map((row) => [row.id, row]));
  }

  /**
   * Enters a gateway, see {@link registerAll}.
   * @throws LeonoreError
   */
  async register(registration: Registration): Promise<PlacedGateway | PendingGateway> {
    const [outcome] = await this.registerAll([registration]);
    if (outcome instanceof LeonoreError) throw outcome;
    if (outcome === undefined) throw new Error('a batch of one has one outcome');
    return outcome;
  }

  /**
   * Enters gateways, or enters them again: identity, profile, channel, node. A gateway keeps its node while that is active
   * or may be back any moment; others are placed by the balancer. One transaction for all, so that a storm of
   * registrations costs few commits.
   * @returns for each, in order, its node, that it waits for approval, or why it has neither: what `admit` answers;
   *   ENROLMENT_REFUSED when its enrolment takes no more; NODES_FULL when it is queued until a node has come; NO_NODE;
   *   TOO_MANY_REQUESTS; NO_COMMON_PROTOCOL when its node speaks nothing of what it offers
   */
  async registerAll(batch: readonly Registration[]): Promise<RegistrationOutcome[]> {
    const outcomes = new Array<RegistrationOutcome>(batch.length);
    // Who is in the batch twice is entered twice, one after the other.
    let waiting = [...batch.keys()];
    while (waiting.length > 0) {
      const round = new Map<string, number>();
      const later: number[] = [];
      for (const index of waiting) {
        const id = batch[index]?.profile.id ?? '';
        if (round.has(id)) later.push(index);
        else round.set(id, index);
      }
      // In one order for all batches: two cannot wait for each other.
      const order = [...round].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, index]) => index);
      const entered = await this.enterAll(order.flatMap((index) => batch[index] ?? []));
      for (const [place, index] of order.entries()) {
        const outcome = entered[place];
        if (outcome !== undefined) outcomes[index] = outcome;
      }
      waiting = later;
    }
    return outcomes;
  }

  /** @param registrations of different gateways, in the order of their ids */
  private async enterAll(registrations: readonly Registration[]): Promise<RegistrationOutcome[]> {
    return inTransaction(this.database, async (tx) => {
      const nodes = await this.placement.open(tx);
      const ids = registrations.map(({ profile }) => profile.id);
      await lockOpen(tx, ids);
      const known = await knownGateways(tx, ids);
      const left = await placesLeft(tx, registrations.flatMap(enrolmentOf));
      const judged = registrations.map((registration) =>
        entryOf(registration, known.get(registration.profile.id), nodes, left),
      );
      const entries = judged.filter((entry): entry is Entry => !(entry instanceof LeonoreError));
      const queue = await crowdOf(tx, entries);
      const stored = entries.filter((entry) => !queue.refused.has(entry));
      await this.store(tx, stored);
      await countEnrolled(
        tx,
        stored.flatMap(({ registration, enrols }) => (enrols ? enrolmentOf(registration) : [])),
      );
      await forgetExpected(
        tx,
        stored.flatMap(({ registration, enrols }) => (enrols ? [registration.profile.id] : [])),
      );
      await this.placement.count(tx, changesOf(stored));
      const retryAfterSeconds = Math.ceil(
        Math.max(firstAskAgainMs, (queue.waiting / asksPerSecond) * 1_000, nodes.waitMs) / 1_000,
      );
      return judged.map((entry) => {
        if (entry instanceof LeonoreError) return entry;
        return queue.refused.get(entry) ?? outcomeOf(entry, nodes, retryAfterSeconds);
      });
    });
  }

  private async store(tx: Transaction, entries: readonly Entry[]): Promise<void> {
    if (entries.length === 0) return;
    const rows = jsonText(entries.map(toRow));
    await tx.$executeRaw`
      INSERT INTO gateway (id, mac, name, profile, strategies, protocols, protocol, strategy, labels, installed,
                           push_address, channel_reason, fallbacks, node_id, token_hash, agent_version, state,
                           queued_at, key, key_secret, counter, confirmed, registered_from, enrolment_id,
                           operator_labels, reported_labels, poll_seconds)
      SELECT id, mac, name, profile, strategies, protocols, protocol, strategy,
             leonore_labels(operator_labels, reported_labels, profile -> 'labels'), installed, push_address, channel_reason,
             fallbacks, node_id, coalesce(decode(token_hash, 'hex'), ''), agent_version, state, CASE WHEN state = 'queued' THEN now() END,
             key, decode(key_secret, 'hex'), counter, confirmed, registered_from, enrolment_id, operator_labels,
             reported_labels, poll_seconds
      FROM jsonb_to_recordset(${rows}::jsonb) AS t(id text, mac text, name text, profile jsonb, strategies text[],
        protocols text[], protocol text, strategy text, installed jsonb, push_address text, channel_reason text,
        fallbacks text[], node_id text,
        token_hash text, agent_version text, state text, key text, key_secret text, counter bigint, confirmed boolean,
        registered_from text, enrolment_id uuid, operator_labels jsonb, reported_labels text[],
        poll_seconds float8)
      ORDER BY id
      ON CONFLICT (id) DO UPDATE SET
        mac = coalesce(EXCLUDED.mac, gateway.mac), name = EXCLUDED.name, profile = EXCLUDED.profile,
        strategies = EXCLUDED.strategies, protocols = EXCLUDED.protocols,
        protocol = EXCLUDED.protocol, strategy = EXCLUDED.strategy,
        installed = EXCLUDED.installed, push_address = EXCLUDED.push_address,
        channel_reason = EXCLUDED.channel_reason, fallbacks = EXCLUDED.fallbacks, away_since = NULL, node_id = EXCLUDED.node_id,
        token_hash = CASE WHEN length(EXCLUDED.token_hash) > 0 THEN EXCLUDED.token_hash ELSE gateway.token_hash END,
        agent_version = EXCLUDED.agent_version, state = EXCLUDED.state,
        queued_at = CASE WHEN EXCLUDED.state = 'queued' THEN coalesce(gateway.queued_at, now()) END,
        key = coalesce(EXCLUDED.key, gateway.key), key_secret = coalesce(EXCLUDED.key_secret, gateway.key_secret),
        counter = greatest(EXCLUDED.counter, gateway.counter),
        confirmed = CASE WHEN gateway.readmitted THEN EXCLUDED.confirmed ELSE gateway.confirmed OR EXCLUDED.confirmed END,
        registered_from = EXCLUDED.registered_from, readmitted = false, poll_seconds = EXCLUDED.poll_seconds,
        -- Only an enrolment anew brings labels; else they are what the operator has made of them since.
        enrolment_id = CASE WHEN gateway.readmitted THEN EXCLUDED.enrolment_id ELSE gateway.enrolment_id END,
        operator_labels = CASE WHEN gateway.readmitted THEN gateway.operator_labels || EXCLUDED.operator_labels
                               ELSE gateway.operator_labels END,
        reported_labels = CASE WHEN gateway.readmitted THEN EXCLUDED.reported_labels ELSE gateway.reported_labels END,
        labels = CASE
          WHEN gateway.readmitted THEN leonore_labels(gateway.operator_labels || EXCLUDED.operator_labels,
            EXCLUDED.reported_labels, EXCLUDED.profile -> 'labels')
          ELSE leonore_labels(gateway.operator_labels, gateway.reported_labels, EXCLUDED.profile -> 'labels') END,
        last_seen_at = now()`;
    // Open deliveries follow the gateway to its node, and are spoken in the channel agreed on now.
    const channels = entries.map(({ nodeId, registration: { profile }, agreement: { channel } }) => ({
      id: profile.id,
      node_id: nodeId,
      ...channel,
    }));
    await followRegistrations(tx, jsonText(channels));
  }
}

interface KnownGateway extends Identity {
  readonly nodeId: string | null;
  readonly state: GatewayState;
  readonly operatorLabels: Labels;
  readonly reportedLabels: readonly string[];
}

/** A registration that is taken. */
interface Entry {
  readonly registration: Registration;
  readonly before: KnownGateway | undefined;
  /** It is enrolled, for the first time or anew. */
  readonly enrols: boolean;
  readonly keepsToken: boolean;
  readonly state: 'pending' | 'queued' | 'active';
  /** Null unless it is active. */
  readonly nodeId: string | null;
  /** With its node; with the first that agrees while it waits for one. */
  readonly agreement: Agreement;
}

/** An entry whose place is still looked for. */
type Candidate = Omit<Entry, 'state' | 'nodeId' | 'agreement'>;

/** Locks them: that one is let in, or its key forgotten, is said before it is judged or after it, and stands either way. */
async function knownGateways(tx: Transaction, ids: readonly string[]): Promise<Map<string, KnownGateway>> {
  const rows = await tx.$queryRaw<KnownGateway[]>`
    SELECT id, mac, node_id AS "nodeId", state, token_hash AS "tokenHash", key, counter::float8 AS counter, readmitted,
           confirmed, registered_from AS "registeredFrom", operator_labels AS "operatorLabels",
           reported_labels AS "reportedLabels"
    FROM gateway WHERE id = ANY(${ids}::text[]) ORDER BY id FOR NO KEY UPDATE`;
  return new Map(rows.map((row) => [row.id, row]));
}

function enrolmentOf({ credentials: { enrolment } }: Registration): string[] {
  return enrolment === null || enrolment.enrolmentId === null ? [] : [enrolment.enrolmentId];
}

/** @param left places that enrolments have: one is taken away from that by which the gateway enrols */
function entryOf(
  registration: Registration,
  before: KnownGateway | undefined,
  nodes: OpenNodes,
  left: Map<string, number>,
): Entry | LeonoreError {
  const { profile, credentials } = registration;
  const admitted = admit(before, { id: profile.id, mac: profile.mac ?? null, credentials });
  if (admitted instanceof LeonoreError) return admitted;
  const { enrols, keepsToken } = admitted;
  const common = { registration, before, enrols, keepsToken };
  const [enrolmentId] = enrols ? enrolmentOf(registration) : [];
  if (enrolmentId !== undefined && (left.get(enrolmentId) ?? 0) < 1) return usedUp();
  const waits = enrols ? credentials.enrolment?.approval === 'person' : before?.state === 'pending';
  const place = waits ? ({ ...common, state: 'pending', nodeId: null } as const) : placed(common, nodes);
  if (place === null) return new LeonoreError('NO_NODE', 'no LEONORE node is up');
  const agreement = agreementOf(place, nodes);
  if (agreement instanceof LeonoreError) return agreement;
  const entry = { ...place, agreement };
  if (enrolmentId !== undefined) left.set(enrolmentId, (left.get(enrolmentId) ?? 0) - 1);
  return entry;
}

/**
 * The place of a gateway: the one that it has, else one with room that suits it by what it serves. A gateway that was
 * admitted before is never sent away because nodes are full; a new one waits as long as another node may come.
 * @returns null when there is no node at all and none will come
 */
function placed(
  entry: Candidate,
  { placer, fit, addresses, canGrow }: OpenNodes,
): Omit<Entry, 'agreement'> | null {
  const { registration, before, enrols } = entry;
  const present = before?.nodeId ?? null;
  if (present !== null && addresses.has(present)) return { ...entry, state: 'active', nodeId: present };
  // Who waited for a person, or for a node, has none yet: where it was to be stands as it did.
  const isNew = enrols || before?.nodeId === null;
  const wanted = isNew ? (registration.credentials.enrolment?.nodeId ?? null) : null;
  if (wanted !== null && addresses.has(wanted)) return { ...entry, state: 'active', nodeId: wanted };
  const labels = labelsOf(entry);
  const mayWait = canGrow && before?.state !== 'active';
  const misfits = fit.misfitsOf(offerOf(registration.profile, registration.pushAddress));
  const nodeId = mayWait ? placer.place(labels, misfits) : placer.placeAnyhow(labels, misfits);
  if (nodeId !== null) return { ...entry, state: 'active', nodeId };
  return mayWait ? { ...entry, state: 'queued', nodeId } : null;
}

/**
 * The channel of a gateway with its node. One that has none yet agrees with all that there are together, and once more when
 * it is placed; where there is none at all, what it wants most stands until then.
 */
function agreementOf(
  { registration: { profile, pushAddress }, nodeId }: Omit<Entry, 'agreement'>,
  { endpoints, settings }: OpenNodes,
): Agreement | LeonoreError {
  const offer = offerOf(profile, pushAddress);
  const served = nodeId === null ? [...endpoints.values()].flat() : (endpoints.get(nodeId) ?? []);
  const [protocol = '', strategy = ''] = [offer.protocols[0], offer.strategies[0]];
  if (nodeId === null && served.length === 0)
    return { channel: { protocol, strategy }, reason: 'there is no node yet', fallbacks: [] };
  try {
    return negotiate(offer, served, settings.channels);
  } catch (error) {
    if (error instanceof LeonoreError) return error;
    throw error;
  }
}

function labelsOf({ registration, before, enrols }: Candidate): Labels {
  const grant = enrols ? registration.credentials.enrolment : null;
  return effectiveLabels(
    { ...before?.operatorLabels, ...grant?.labels },
    grant?.reportedLabels ?? before?.reportedLabels ?? [],
    registration.profile.labels ?? {},
  );
}

/** Which entries would make the queue, or those that wait for a person, longer than they may be. */
async function crowdOf(
  tx: Transaction,
  entries: readonly Entry[],
): Promise<{ waiting: number; refused: ReadonlyMap<Entry, LeonoreError> }> {
  const isNew = ({ state, before }: Entry): boolean => state !== before?.state;
  const waiting = entries.some(({ state }) => state === 'queued') ? await queueLength(tx) : 0;
  const pending = entries.filter((entry) => entry.state === 'pending' && isNew(entry));
  const refused = new Map<Entry, LeonoreError>();
  if (pending.length > 0) {
    const free = limits.pendingGateways - (await pendingGateways(tx));
    for (const entry of pending.slice(Math.max(0, free))) refused.set(entry, tooManyPending());
  }
  if (waiting >= limits.queuedRegistrations) {
    for (const entry of entries)
      if (entry.state === 'queued' && isNew(entry)) refused.set(entry, queueFull());
  }
  return { waiting, refused };
}

async function pendingGateways(tx: Transaction): Promise<number> {
  const [row] = await tx.$queryRaw<{ count: number }[]>`
    SELECT count(*)::int AS count FROM gateway WHERE state = 'pending'`;
  return row?.count ?? 0;
}

/** By how many gateways nodes have more or fewer. */
function changesOf(entries: readonly Entry[]): Map<string, number> {
  const changes = new Map<string, number>();
  const change = (nodeId: string, by: number): void =>
    void changes.set(nodeId, (changes.get(nodeId) ?? 0) + by);
  for (const { nodeId, before } of entries) {
    if (nodeId === (before?.nodeId ?? null)) continue;
    if (before?.nodeId != null) change(before.nodeId, -1);
    if (nodeId !== null) change(nodeId, 1);
  }
  return changes;
}

function outcomeOf(
  { state, nodeId, keepsToken, agreement }: Entry,
  { addresses, endpoints }: OpenNodes,
  retryAfterSeconds: number,
): RegistrationOutcome {
  if (state === 'pending') return { pending: true };
  if (nodeId === null) return queued(retryAfterSeconds);
  return {
    node: { id: nodeId, address: addresses.get(nodeId) ?? '' },
    agreement,
    endpoints: endpointsFor(agreement, endpoints.get(nodeId) ?? []).slice(0, limits.endpoints),
    keepsToken,
  };
}

/** Seconds between two of its polls: one that is notified asks seldom. */
function pauseOf({ registration: { pollSeconds, ownPollSeconds }, agreement: { channel } }: Entry): number {
  return ownPollSeconds ?? (channel.strategy === 'push' ? pollSeconds * pushPollFactor : pollSeconds);
}

function toRow(entry: Entry): Record<string, unknown> {
  const { profile, pushAddress, agentVersion } = entry.registration;
  const { channel, reason, fallbacks } = entry.agreement;
  return {
    id: profile.id,
    mac: profile.mac ?? null,
    name: profile.name ?? null,
    profile,
    strategies: profile.strategies ?? [],
    protocols: profile.protocols ?? [],
    protocol: channel.protocol,
    strategy: channel.strategy,
    installed: profile.installed ?? [],
    push_address: pushAddress,
    channel_reason: reason,
    fallbacks: fallbacks.map(channelName),
    node_id: entry.nodeId,
    agent_version: agentVersion,
    poll_seconds: pauseOf(entry),
    state: entry.state,
    ...identityOf(entry),
  };
}

/** What of a row tells who the gateway is. */
function identityOf({ registration, state, keepsToken, enrols }: Entry): Record<string, unknown> {
  const { newTokenHash, credentials, knowsToken = false } = registration;
  const { key, address, enrolment } = credentials;
  const sealed = key?.sealedSecret ?? null;
  const grant = enrols && enrolment !== null ? enrolment : noGrant;
  return {
    // Who waits for a person has no token: it is given one with its first answer after that.
    token_hash: keepsToken || state === 'pending' ? null : hexOf(newTokenHash),
    key: key?.text ?? null,
    key_secret: sealed === null ? null : hexOf(sealed),
    counter: key?.counter ?? 0,
    confirmed: keepsToken || (knowsToken && state !== 'pending'),
    registered_from: address,
    enrolment_id: grant.enrolmentId,
    operator_labels: grant.labels,
    reported_labels: grant.reportedLabels,
  };
}

const noGrant = { enrolmentId: null, labels: {}, reportedLabels: [] } as const;

/** What the sealed secret of a gateway's key is bound to. */
export function secretPlaceOf(gatewayId: string): string {
  return JSON.stringify(['gateway-key', gatewayId]);
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function queued(retryAfterSeconds: number): LeonoreError {
  return new LeonoreError('NODES_FULL', 'all nodes are full; the registration waits until another has come', {
    retryAfterSeconds,
  });
}

function queueFull(): LeonoreError {
  return new LeonoreError(
    'TOO_MANY_REQUESTS',
    `${limits.queuedRegistrations} registrations are waiting already`,
  );
}

function tooManyPending(): LeonoreError {
  return new LeonoreError(
    'TOO_MANY_REQUESTS',
    `${limits.pendingGateways} gateways wait for approval already`,
  );
}

function usedUp(): LeonoreError {
  return new LeonoreError('ENROLMENT_REFUSED', 'the enrolment takes no more gateways');
}
