import { timingSafeEqual } from 'node:crypto';
import type { EnrolmentGrant } from '../domain/enrolment/grant.js';
import type { ErrorCode } from '../domain/error-kinds.js';
import { LeonoreError } from '../domain/errors.js';
import {
  contestReasons,
  judge,
  type RefusalReason,
  type KnownIdentity,
  type Verdict,
} from '../domain/gateway/admission.js';

/** How a gateway proves who it is; proofs have been verified. */
export interface RegistrationCredentials {
  /** Hash of the token that it brought as its own; null when it brought none. */
  readonly ownTokenHash: Uint8Array | null;
  /** `sealedSecret`: of a symmetric key, at its enrolment. */
  readonly key: {
    readonly text: string;
    readonly counter: number;
    readonly sealedSecret: Uint8Array | null;
  } | null;
  /** What it may enrol with; null when nothing allows it to. */
  readonly enrolment: EnrolmentGrant | null;
  /** Where it comes from. */
  readonly address: string;
}

/** What is held of a gateway's identity. */
export interface Identity extends KnownIdentity {
  readonly id: string;
  readonly mac: string | null;
  /** Empty when it has no token. */
  readonly tokenHash: Uint8Array;
}

export type Entering = Extract<Verdict, { kind: 'enters' }>;

const contestCodes: Readonly<Record<RefusalReason, ErrorCode>> = {
  key: 'GATEWAY_CONTESTED',
  keyless: 'GATEWAY_CONTESTED',
  enrolment: 'GATEWAY_CONTESTED',
  mac: 'GATEWAY_IDENTITY_TAKEN',
  counter: 'REGISTRATION_REPLAYED',
  decommissioned: 'GATEWAY_DECOMMISSIONED',
};

/**
 * Whether a registration is taken, by what is held of the gateway.
 * @param known undefined when there is no gateway of that id
 * @returns the error that it is answered with when it is not. When the id belongs to a gateway its details have the
 *   `reason`, to be noted for people
 */
export function admit(
  known: Identity | undefined,
  told: { readonly id: string; readonly mac: string | null; readonly credentials: RegistrationCredentials },
): Entering | LeonoreError {
  const { ownTokenHash, key, enrolment, address } = told.credentials;
  const ownToken = ownTokenHash !== null && isSame(ownTokenHash, known?.tokenHash);
  const verdict = judge(known, { ownToken, key, enrolment, address });
  const isOtherDevice = known !== undefined && !known.readmitted && !isSameMac(known.mac, told.mac);
  // Without keys the mac is all that tells devices apart.
  const isToldByMac = verdict.kind === 'enters' || (known?.key === null && key === null);
  if (isOtherDevice && isToldByMac && verdict.kind !== 'unauthenticated') return contested(told.id, 'mac');
  switch (verdict.kind) {
    case 'enters':
      return verdict;
    case 'contested':
      return contested(
        told.id,
        verdict.reason,
        verdict.lastCounter === undefined ? {} : { lastCounter: verdict.lastCounter },
      );
    case 'unproven':
      return new LeonoreError(
        'IDENTITY_PROOF_REQUIRED',
        `"${told.id}" has to prove that it holds a key, see docs/agent-protocol.md#identity`,
      );
    case 'unauthenticated':
      return new LeonoreError(
        'UNAUTHENTICATED',
        "an enrolment token, or the gateway's own key or token, is needed",
      );
  }
}

/** The reason that a refusal is to be noted with; null for one that concerns no gateway. */
export function contestReasonOf({ details }: LeonoreError): RefusalReason | null {
  const { reason } = details;
  return typeof reason === 'string' && Object.hasOwn(contestCodes, reason) ? (reason as RefusalReason) : null;
}

function contested(id: string, reason: RefusalReason, details: { lastCounter?: number } = {}): LeonoreError {
  return new LeonoreError(
    contestCodes[reason],
    `"${id}" belongs to a gateway, and this ${contestReasons[reason]}`,
    {
      reason,
      ...details,
    },
  );
}

function isSame(left: Uint8Array, right: Uint8Array | undefined): boolean {
  return right?.length === left.length && timingSafeEqual(left, right);
}

/** A device that never told its mac may tell it later; one that told it keeps it. */
function isSameMac(known: string | null, told: string | null): boolean {
  if (known === null) return true;
  return told !== null && normalMac(known) === normalMac(told);
}

function normalMac(mac: string): string {
  return mac.toLowerCase().replaceAll('-', ':');
}
