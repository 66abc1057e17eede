import { cleanText } from '../text.js';

/** Somebody whom an identity provider knows. */
export interface Person {
  /** URL of the provider. */
  readonly issuer: string;
  /** Who it is there: the same for good, and nobody else's. */
  readonly subject: string;
  /** As people know him. */
  readonly name: string;
  /** The groups that the provider says he is in. */
  readonly groups: readonly string[];
}

/** Characters of a name that are kept. */
const nameLength = 150;

/** The id of a person as a principal: subjects of two providers may be equal. */
export function personId({ issuer, subject }: Pick<Person, 'issuer' | 'subject'>): string {
  return `${subject} of ${issuer}`;
}

/**
 * How a person is called: by what the provider calls him, and the provider where that alone could be the name of a token.
 * @param claims of the provider
 */
export function personName(claims: Readonly<Record<string, unknown>>, issuer: string): string {
  const { preferred_username: username, email, sub } = claims;
  const called = [username, email, sub].find((one) => typeof one === 'string' && one.trim() !== '');
  const name = cleanText(String(called), nameLength);
  // Names of tokens have no @.
  return name.includes('@') ? name : `${name}@${new URL(issuer).host}`;
}

/**
 * The groups that a claim names: a list of names, or one.
 * @returns null when there is no such claim; what is no name in it is left out
 */
export function groupsOf(claims: Readonly<Record<string, unknown>>, claim: string): string[] | null {
  const said = claims[claim];
  if (said === undefined || said === null) return null;
  return [said].flat().filter((one): one is string => typeof one === 'string');
}
