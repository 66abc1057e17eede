/**
 * Who may register as which gateway. The first enrolment binds an id to a key; from then on the key alone decides, and
 * whoever holds anything less changes nothing.
 */

/** What is held of a gateway. */
export interface KnownIdentity {
  readonly state: string;
  /** Null: none is bound, as with agents that have none. */
  readonly key: string | null;
  /** Of the last registration that was taken. */
  readonly counter: number;
  /** A person let the id be enrolled anew. */
  readonly readmitted: boolean;
  /** Its token has been used: who enrolled it has the answer. */
  readonly confirmed: boolean;
  /** Where its last registration came from. */
  readonly registeredFrom: string | null;
}

/** What a registration brings; proofs and hashes have been verified. */
export interface Credentials {
  /** It brought the token that the gateway was given. */
  readonly ownToken: boolean;
  /** The key that it proved to hold. */
  readonly key: { readonly text: string; readonly counter: number } | null;
  /** What allows it to enrol under this id; null when nothing does. */
  readonly enrolment: { readonly keyless: boolean } | null;
  readonly address: string;
}

/** What somebody did under an id that belongs to a gateway, for people to read; registrations were refused for it. */
export const contestReasons = {
  key: 'came with another key',
  keyless: 'came without the key',
  enrolment: 'came with an enrolment token only',
  mac: 'came from a device with another mac address',
  counter: 'came with a counter that has been used, as a copy of the gateway would',
  decommissioned: 'came after it was decommissioned',
  twice: 'asks for tasks in turns with another that has its token, as a copy of the gateway would',
} as const;
export type ContestReason = keyof typeof contestReasons;
/** Of a registration; what is noticed otherwise refuses nothing. */
export type RefusalReason = Exclude<ContestReason, 'twice'>;

export type Verdict =
  /** `keepsToken`: the token that it brought stays; else it gets a new one. */
  | { readonly kind: 'enters'; readonly enrols: boolean; readonly keepsToken: boolean }
  | { readonly kind: 'contested'; readonly reason: RefusalReason; readonly lastCounter?: number }
  /** It would be enrolled, but for the key that it has to have. */
  | { readonly kind: 'unproven' }
  | { readonly kind: 'unauthenticated' };

/** Judges a registration by what is held of the gateway; undefined when there is none of that id. */
export function judge(known: KnownIdentity | undefined, told: Credentials): Verdict {
  if (known === undefined || known.readmitted) return judgeEnrolment(told);
  if (known.state === 'decommissioned') return { kind: 'contested', reason: 'decommissioned' };
  return known.key === null ? judgeByToken(known, told) : judgeByKey(known, known.key, told);
}

function judgeEnrolment({ key, enrolment }: Credentials): Verdict {
  if (enrolment === null) return { kind: 'unauthenticated' };
  if (key === null && !enrolment.keyless) return { kind: 'unproven' };
  return { kind: 'enters', enrols: true, keepsToken: false };
}

function judgeByKey(
  { counter, registeredFrom }: KnownIdentity,
  bound: string,
  { ownToken, key, enrolment, address }: Credentials,
): Verdict {
  if (key === null) {
    const claims = ownToken || enrolment !== null;
    return claims ? { kind: 'contested', reason: 'keyless' } : { kind: 'unauthenticated' };
  }
  if (key.text !== bound) return { kind: 'contested', reason: 'key' };
  if (key.counter <= counter) return { kind: 'contested', reason: 'counter', lastCounter: counter };
  // From elsewhere it may be a copy of the gateway's disk: a new token ends the other's, which then has to register,
  // and by their counters they are found out.
  return { kind: 'enters', enrols: false, keepsToken: ownToken && address === registeredFrom };
}

function judgeByToken({ confirmed }: KnownIdentity, { ownToken, key, enrolment }: Credentials): Verdict {
  if (ownToken) return { kind: 'enters', enrols: false, keepsToken: true };
  if (enrolment === null) return { kind: 'unauthenticated' };
  // The answer to its enrolment may have been lost, and it has nothing else to show.
  if (key === null && enrolment.keyless && !confirmed)
    return { kind: 'enters', enrols: false, keepsToken: false };
  return { kind: 'contested', reason: 'enrolment' };
}
