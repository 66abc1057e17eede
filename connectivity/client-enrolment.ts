import { LRUCache } from 'lru-cache';
import { proofHeaders } from '../domain/agent-protocol/registration-proof.js';
import { LeonoreError } from '../domain/errors.js';
import { gatewayIdPattern } from '../domain/gateway/gateway-id.js';
import type { GatewayProfile } from '../domain/gateway/profile.js';
import { contestReasonOf, type RegistrationCredentials } from '../repositories/admit-registration.js';
import type { Contest, ContestRepository } from '../repositories/contest-repository.js';
import type { GatewayRepository } from '../repositories/gateway-repository.js';
import type {
  PendingGateway,
  PlacedGateway,
  Registration,
  RegistrationOutcome,
  RegistrationRepository,
} from '../repositories/registration-repository.js';
import { plainTokenOf } from '../trust/plain-token.js';
import { Batcher } from './batcher.js';
import { hashToken, kindOfToken } from './gateway-token.js';
import { RegistrationVerifier, type RegistrationVerifierOptions } from './registration-verifier.js';

export interface ClientEnrolmentOptions extends Omit<
  RegistrationVerifierOptions,
  'registrations' | 'mayEnrol'
> {
  /** The node that the client asks: it is to be its own, as a client cannot be sent to another. */
  readonly nodeId: string;
  readonly registrations: Pick<RegistrationRepository, 'identitiesOf' | 'registerAll'>;
  readonly gateways: Pick<GatewayRepository, 'wantProfile' | 'get'>;
  readonly contests: Pick<ContestRepository, 'note'>;
}

/** A device that comes with a client of its own. */
export interface ClientClaim {
  /** What is known of it by its protocol alone. */
  readonly profile: GatewayProfile;
  /** The token that it is to be known by (gateway-token.ts, `tokenOfSecret`). */
  readonly token: string;
  /** What it may enrol with, an enrolment token or a claim code; null when it brings none: its key has to do then. */
  readonly enrolment: string | null;
  /** A key that its protocol has verified it to hold, with a counter above every one before; absent for protocols without. */
  readonly key?: { readonly text: string; readonly counter: number };
  readonly address: string;
  /** Seconds between two of its polls. */
  readonly pollSeconds: number;
}

/** How a device proves its own key, in the words of a registration over HTTP. */
export interface KeyProof {
  readonly headers: Readonly<Record<string, string>>;
  /** sha256 of the body as it came, in hex. */
  readonly bodySha256: string;
}

/** A device that says all of itself when it registers, over a channel that anybody can read. */
export interface PlainRegistration {
  readonly profile: GatewayProfile;
  /** A new token, for the case that it gets one: it is told the plain form. */
  readonly newToken: string;
  /** An enrolment token, a claim code, or its own token in its plain form; null when it brings none: its key has to do then. */
  readonly enrolment: string | null;
  /** Null for a device without a key. */
  readonly keyProof: KeyProof | null;
  readonly pushAddress: string | null;
  readonly agentVersion: string | null;
  /** Seconds between two of its polls: what it is told, and what it keeps to whatever it is told. */
  readonly pollSeconds: number;
  readonly ownPollSeconds: number | null;
  readonly address: string;
}

/** A key is verified by its protocol already, or has a proof in the words of HTTP. */
interface Claimed extends Pick<ClientClaim, 'profile' | 'enrolment' | 'key' | 'address'> {
  readonly keyProof?: KeyProof | null;
}

const gatewayId = new RegExp(gatewayIdPattern, 'u');
/** Who was refused is not judged again for so long: a client asks on, and changes nothing by it. */
const refusedMs = 10_000;
const addressLength = 64;

/**
 * Enters devices whose protocol has no registration: the first time that one asks, by what it brings. Who may is judged as at
 * a registration; a claim code is proof enough without a key. Where a protocol has keys of its own, the first binds the id.
 */
export class ClientEnrolment {
  private readonly verifier: RegistrationVerifier;
  private readonly registrations: Batcher<Registration, RegistrationOutcome>;
  private readonly refused = new LRUCache<string, LeonoreError>({ max: 20_000, ttl: refusedMs });

  constructor(private readonly options: ClientEnrolmentOptions) {
    this.verifier = new RegistrationVerifier({ ...options, mayEnrol: () => false });
    this.registrations = new Batcher((batch) => options.registrations.registerAll(batch), {
      maxSize: 250,
      concurrency: 1,
      maxQueued: 20_000,
    });
  }

  /**
   * Enters a device, or says that it waits for a person.
   * @throws LeonoreError what a registration is refused with
   */
  async enter(claim: ClientClaim): Promise<'active' | 'pending'> {
    return this.unlessRefused(claim, () => this.judged(claim));
  }

  /**
   * Registers a device by what it brings.
   * @returns where it belongs, as for any registration; its node is this one unless it has another already
   * @throws LeonoreError what a registration is refused with
   */
  async register(registration: PlainRegistration): Promise<PlacedGateway | PendingGateway> {
    const { newToken, enrolment, keyProof, ...told } = registration;
    return this.unlessRefused({ ...told, enrolment, keyProof }, async () => {
      const proven = await this.verify({ ...told, enrolment, keyProof, isPlain: true });
      const outcome = await this.registrations.submit({
        ...told,
        credentials: this.atThisNode(proven),
        newTokenHash: hashToken(plainTokenOf(newToken)),
      });
      if (outcome instanceof LeonoreError) throw outcome;
      return outcome;
    });
  }

  private async unlessRefused<Outcome>(claim: Claimed, judge: () => Promise<Outcome>): Promise<Outcome> {
    const { profile, key, enrolment, keyProof } = claim;
    // A proof is new each time: nobody is refused for what another has brought under its id.
    const brought = [profile.id, key?.text, enrolment, keyProof?.headers[proofHeaders.proof]];
    const place = hashToken(JSON.stringify(brought)).toString('base64');
    const before = this.refused.get(place);
    if (before !== undefined) throw before;
    try {
      return await judge();
    } catch (error) {
      if (error instanceof LeonoreError && !error.kind.retryable) {
        this.refused.set(place, error);
        await this.note(error, claim);
      }
      throw error;
    }
  }

  private async verify(claim: Claimed & { readonly isPlain: boolean }): Promise<RegistrationCredentials> {
    const { profile, enrolment, key, keyProof, address, isPlain } = claim;
    const { headers: proofs, bodySha256 } = keyProof ?? { headers: {}, bodySha256: '' };
    const { id } = profile;
    if (!gatewayId.test(id)) throw new LeonoreError('MALFORMED_INPUT', 'that is no id of a gateway');
    return this.verifier.verify({
      id,
      mac: isPlain ? (profile.mac ?? null) : null,
      headers: { ...proofs, ...(enrolment === null ? {} : { authorization: `Bearer ${enrolment}` }) },
      address: address.slice(0, addressLength),
      bodySha256,
      isProof: enrolment !== null && kindOfToken(enrolment) === 'claim',
      isPlain,
      ...(key === undefined ? {} : { provenKey: key }),
    });
  }

  private atThisNode({ enrolment: grant, ...proven }: RegistrationCredentials): RegistrationCredentials {
    const enrolment = grant === null ? null : { ...grant, nodeId: grant.nodeId ?? this.options.nodeId };
    return { ...proven, enrolment };
  }

  private async judged(claim: ClientClaim): Promise<'active' | 'pending'> {
    const { profile, token, key, pollSeconds } = claim;
    const { id } = profile;
    const { gateways } = this.options;
    const proven = await this.verify({ ...claim, isPlain: false });
    // One that only proves its key again has said more of itself since it was entered.
    const before = key === undefined ? null : await this.toldBefore(id);
    const outcome = await this.registrations.submit({
      profile: before ?? profile,
      pushAddress: null,
      agentVersion: null,
      pollSeconds,
      ownPollSeconds: null,
      credentials: this.atThisNode(proven),
      newTokenHash: hashToken(token),
      knowsToken: true,
    });
    if (outcome instanceof LeonoreError) throw outcome;
    if ('pending' in outcome) return 'pending';
    if (before === null) await gateways.wantProfile(id);
    return 'active';
  }

  /** Null when there is no gateway of that id. */
  private async toldBefore(id: string): Promise<GatewayProfile | null> {
    try {
      return (await this.options.gateways.get(id)).profile;
    } catch (error) {
      if (error instanceof LeonoreError && error.code === 'GATEWAY_NOT_FOUND') return null;
      throw error;
    }
  }

  /** Notes who came under another's id. */
  private async note(error: LeonoreError, { profile, key, keyProof, address }: Claimed): Promise<void> {
    const reason = contestReasonOf(error);
    if (reason === null) return;
    const contest: Contest = {
      gatewayId: profile.id,
      reason,
      key: key?.text ?? keyProof?.headers[proofHeaders.key] ?? '',
      address: address.slice(0, addressLength),
    };
    await this.options.contests.note([contest]);
  }
}

/**
 * Enters a device for a client that knows 401 as what a person has to see to, and asks again at once after other refusals.
 * @throws LeonoreError UNAUTHENTICATED when the device may not be entered, or waits for a person; what may be retried as it is
 */
export async function enterOrRefuse(
  clients: Pick<ClientEnrolment, 'enter'>,
  claim: ClientClaim,
): Promise<void> {
  const outcome = await clients.enter(claim).catch((error: unknown) => {
    if (error instanceof LeonoreError && !error.kind.retryable)
      throw new LeonoreError('UNAUTHENTICATED', error.message, error.details, { cause: error });
    throw error;
  });
  if (outcome === 'pending')
    throw new LeonoreError('UNAUTHENTICATED', 'a person has to approve this device first');
}
