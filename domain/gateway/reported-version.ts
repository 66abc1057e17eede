import semver from 'semver';

/** Words that announce a prerelease; any other suffix is the distribution's build. */
const prerelease = /^[-._~+]?(alpha|beta|preview|pre|rc|dev|snapshot|canary|nightly|next)[-._]?(\d{0,15})/i;
/** Longer texts are no versions, and reading them would cost. */
const longest = 256;

/**
 * The version that a gateway reports for a tool or a component, as makers and distributions print it: `1.35`,
 * `v1.35.0-r17`, `3.11.2-1+b1`, `1:2.36-9+deb12u4`, `9.2p1`, `2.0~rc1`. An epoch and the build of the distribution say
 * nothing about what it can do, so they do not count; a prerelease stays one.
 * @returns null when there is no number in it
 */
export function reportedVersion(text: string): semver.SemVer | null {
  if (text.length > longest) return null;
  const trimmed = text.trim();
  const [numbers, major = '0', minor = '0', patch = '0'] =
    /^(?:\d+:)?v?(\d{1,15})(?:\.(\d{1,15}))?(?:\.(\d{1,15}))?/i.exec(trimmed) ?? [];
  // Some print a name before it: `BusyBox v1.35.0`.
  if (numbers === undefined) return semver.coerce(trimmed);
  const [, word, count = ''] = prerelease.exec(trimmed.slice(numbers.length)) ?? [];
  const release = [major, minor, patch].map(Number).join('.');
  const suffix = word === undefined ? '' : `-${word.toLowerCase()}${count === '' ? '' : `.${Number(count)}`}`;
  return semver.parse(`${release}${suffix}`);
}

/** A C library as profiles and variants write it: `musl`, `glibc 2.36`. */
export interface Libc {
  readonly name: string;
  /** Undefined when only the name is said. */
  readonly version: string | undefined;
}

/** Takes `glibc 2.36`, `glibc-2.36` or `musl` apart. */
export function libcOf(text: string): Libc {
  const [, name = text, version] = /^(\S+?)[\s/@-]+v?(\d\S*)$/u.exec(text.trim()) ?? [];
  return { name, version };
}
