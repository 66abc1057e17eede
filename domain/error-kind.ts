/** Who has to act to make the failure go away. */
export type Actor = 'caller' | 'operator' | 'gateway' | 'leonore';

export interface ErrorKind {
  /** HTTP status that the code maps to (RFC 9110). */
  readonly status: number;
  readonly actor: Actor;
  readonly retryable: boolean;
  readonly title: string;
  readonly advice: string;
  /** What is away, in words: work waits for it, within its deadline, and is not failed by it. */
  readonly awaited?: string;
}

/** A kind of failure, in the order in which a list of them is read. */
export function kind(
  status: number,
  actor: Actor,
  retryable: boolean,
  title: string,
  advice: string,
  awaited?: string,
): ErrorKind {
  return { status, actor, retryable, title, advice, ...(awaited === undefined ? {} : { awaited }) };
}
