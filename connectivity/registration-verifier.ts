import type { IncomingHttpHeaders } from 'node:http';
import { bearerToken } from '../serving/bearer-token.js';
import { sharedGrant, type EnrolmentGrant } from '../domain/enrolment/grant.js';
import { LeonoreError } from '../domain/errors.js';
import { admit, type RegistrationCredentials } from '../repositories/admit-registration.js';
import {
  refusalOf,
  type EnrolmentRepository,
  type GrantedEnrolment,
} from '../repositories/enrolment-repository.js';
import type { Expectation, ExpectedGatewayRepository } from '../repositories/expected-gateway-repository.js';
import {
  secretPlaceOf,
  type RegistrationRepository,
  type VerifiableIdentity,
} from '../repositories/registration-repository.js';
import type { SecretBox } from '../repositories/secret-box.js';
import { Batcher } from './batcher.js';
import {
  gatewayOfPlainToken,
  gatewayOfToken,
  gatewayTokenHash,
  hashToken,
  kindOfToken,
  tokenMatches,
} from './gateway-token.js';
import { claimedKey, holds, type ClaimedKey } from './registration-proof.js';

export interface RegistrationVerifierOptions {
  readonly registrations: Pick<RegistrationRepository, 'identitiesOf'>;
  readonly expected: Pick<ExpectedGatewayRepository, 'expectationsOf'>;
  readonly enrolments: Pick<EnrolmentRepository, 'withTokens'>;
  /** Seals and opens the secrets of symmetric keys. */
  readonly secrets: SecretBox;
  /** True for a shared token, with which any gateway may enrol. */
  mayEnrol(token: string): boolean;
}

/** A registration, as far as it tells who sends it. */
export interface RegistrationClaim {
  readonly id: string;
  readonly mac: string | null;
  readonly headers: IncomingHttpHeaders;
  readonly address: string;
  /** sha256 of the body as it came, in hex. */
  readonly bodySha256: string;
  /** Its claim code is proof enough: it has no other. */
  readonly isProof?: boolean;
  /** It comes over a channel that anybody can read: its own token is in its plain form, and there alone that is one. */
  readonly isPlain?: boolean;
  /** A key that its protocol has verified in a way of its own. */
  readonly provenKey?: { readonly text: string; readonly counter: number };
}

const reading = { maxSize: 500, concurrency: 2, maxQueued: 20_000 };

/**
 * Verifies by what gateways register: proofs, tokens, codes. Who is refused for certain never gets as far as the lock that
 * registrations share; what is decided for good is decided under it, by the same rule.
 */
export class RegistrationVerifier {
  private readonly identities: Batcher<string, VerifiableIdentity | undefined>;
  private readonly expectations: Batcher<string, Expectation | undefined>;
  private readonly enrolments: Batcher<Buffer, GrantedEnrolment | undefined>;

  constructor(private readonly options: RegistrationVerifierOptions) {
    const { registrations, expected, enrolments } = options;
    this.identities = inBatches((ids) => registrations.identitiesOf(ids));
    this.expectations = inBatches((ids) => expected.expectationsOf(ids));
    this.enrolments = new Batcher(async (hashes) => {
      const known = await enrolments.withTokens(hashes);
      return hashes.map((hash) => known.get(hash.toString('hex')));
    }, reading);
  }

  /**
   * What a registration proves.
   * @throws LeonoreError UNAUTHENTICATED, IDENTITY_PROOF_REQUIRED, IDENTITY_PROOF_INVALID, ENROLMENT_REFUSED,
   *   MALFORMED_INPUT; what `admit` answers when the id belongs to a gateway
   */
  async verify(claim: RegistrationClaim): Promise<RegistrationCredentials> {
    const { id, mac, headers, address, provenKey } = claim;
    const token = bearerToken(headers.authorization);
    const key = claimedKey(headers);
    if (token === null && key === null && provenKey === undefined) throw unauthenticated();
    const ownerOf = claim.isPlain === true ? gatewayOfPlainToken : gatewayOfToken;
    const isOwn = token !== null && ownerOf(token) === id;
    const [known, enrolment] = await Promise.all([
      this.identities.submit(id),
      token === null || isOwn ? null : this.enrolmentBy(token, id, claim.isProof),
    ]);
    const credentials: RegistrationCredentials = {
      ownTokenHash: isOwn ? gatewayTokenHash(token, known?.tokenHash ?? new Uint8Array()) : null,
      key:
        provenKey !== undefined
          ? { ...provenKey, sealedSecret: null }
          : key === null
            ? null
            : await this.proven(key, claim, known),
      enrolment: enrolment instanceof LeonoreError ? null : enrolment,
      address,
    };
    const admitted = admit(known, { id, mac, credentials });
    if (!(admitted instanceof LeonoreError)) return credentials;
    // Who may not enrol for a reason is told that, and not that it should.
    throw admitted.code === 'UNAUTHENTICATED' && enrolment instanceof LeonoreError ? enrolment : admitted;
  }

  /** @throws LeonoreError IDENTITY_PROOF_INVALID, SECRETS_UNAVAILABLE */
  private async proven(
    key: ClaimedKey,
    { id, bodySha256 }: RegistrationClaim,
    known: VerifiableIdentity | undefined,
  ): Promise<NonNullable<RegistrationCredentials['key']>> {
    const { secrets } = this.options;
    const { text, counter } = key;
    const isBound = known?.key === text;
    const sealed = isBound ? (known.keySecret ?? null) : null;
    const secret = sealed === null ? key.secret : secrets.open(sealed, secretPlaceOf(id));
    // A symmetric key that is not the gateway's can be verified by nobody, and changes nothing either.
    const isOthers = known !== undefined && known.key !== null && !isBound;
    const isJudged = isOthers && secret === null;
    if (!isJudged && !(await holds(key, { gatewayId: id, bodySha256 }, secret))) {
      throw new LeonoreError('IDENTITY_PROOF_INVALID', `the registration of "${id}" does not prove its key`);
    }
    const brought = isBound || isOthers ? null : key.secret;
    return {
      text,
      counter,
      sealedSecret: brought === null ? null : secrets.seal(brought, secretPlaceOf(id)),
    };
  }

  /** What a token or a code allows a gateway; why not; null when it is neither. */
  private async enrolmentBy(
    token: string,
    id: string,
    isProof = false,
  ): Promise<EnrolmentGrant | LeonoreError | null> {
    const kind = kindOfToken(token);
    const isShared = this.options.mayEnrol(token);
    if (!isShared && kind !== 'enrolment' && kind !== 'claim') return null;
    const [expectation, enrolment] = await Promise.all([
      this.expectations.submit(id),
      isShared || kind === 'claim' ? undefined : this.enrolments.submit(hashToken(token)),
    ]);
    if (!isShared && kind === 'claim') return claimedBy(token, expectation, isProof);
    const grant = isShared ? sharedGrant : enrolment;
    if (grant === undefined) return null;
    const refusal = enrolment === undefined ? null : refusalOf(enrolment, id);
    if (refusal !== null) return refused(refusal);
    if (expectation === undefined) return grant;
    if (expectation.codeHash !== null) return refused(`"${id}" enrols by its claim code alone`);
    return {
      ...grant,
      labels: { ...grant.labels, ...expectation.labels },
      nodeId: expectation.nodeId ?? grant.nodeId,
    };
  }
}

/** Looks up by gateway ids, many at once; undefined for what is not there. */
function inBatches<T>(
  read: (ids: readonly string[]) => Promise<ReadonlyMap<string, T>>,
): Batcher<string, T | undefined> {
  return new Batcher(async (ids) => {
    const known = await read([...new Set(ids)]);
    return ids.map((id) => known.get(id));
  }, reading);
}

function claimedBy(
  code: string,
  expectation: Expectation | undefined,
  keyless: boolean,
): EnrolmentGrant | LeonoreError | null {
  if (expectation?.codeHash == null || !tokenMatches(code, expectation.codeHash)) return null;
  if (expectation.isExpired) return refused('the claim code has expired');
  const { labels, nodeId } = expectation;
  return { enrolmentId: null, keyless, labels, reportedLabels: [], nodeId, approval: 'automatic' };
}

function refused(why: string): LeonoreError {
  return new LeonoreError('ENROLMENT_REFUSED', why);
}

function unauthenticated(): LeonoreError {
  return new LeonoreError(
    'UNAUTHENTICATED',
    "an enrolment token, or the gateway's own key or token, is needed",
  );
}
