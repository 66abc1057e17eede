import semver from 'semver';

/** How a number looks in text: bounded, so that it is one of JavaScript as well as of PostgreSQL. */
const numberPattern = /^-?[0-9]{1,15}(\.[0-9]{1,15})?$/u;

/** The number that a value is or, as text, stands for; null when it is none. */
export function readNumber(value: string | number): number | null {
  if (typeof value === 'number') return value;
  return numberPattern.test(value) ? Number(value) : null;
}

/** Tools report `1.35` or `1.35.0-r2` alike: what is not SemVer is read as far as it goes. */
export function readVersion(text: string): semver.SemVer | null {
  return semver.parse(text) ?? semver.coerce(text);
}
