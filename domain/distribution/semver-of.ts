/**
 * Versions of Debian and OpenWrt, `[epoch:]upstream[-revision]`, as SemVer that sorts as dpkg and opkg sort them.
 *
 * The first three numbers of upstream stay what they are, so that `curl@^7.88` means what it says. SemVer has room for all
 * that follows in one place only: among prereleases. There are two gaps around `7.88.1`: what dpkg sorts before it
 * (`7.88.1~rc1`) becomes a prerelease of 7.88.1, and what it sorts after it (`7.88.1-10`, `7.88.1a`, `7.88.1.4`) one of
 * 7.88.2, between 7.88.1 and 7.88.2. So `>=7.88.1` takes 7.88.1-10 and `<7.88.2` does too.
 *
 *   7.88.1               7.88.1
 *   7.88.1-10            7.88.2-0.0r0.10.0e
 *   7.88.1-10+deb12u5    7.88.2-0.0r0.10.zbdeb0.12.u0.5.0e
 *   7.88.1~rc1-1         7.88.1--rc0.1.0r0.1.0e
 *
 * What comes after 7.88.1 and what comes before 7.88.2 meet in one gap: the first `0` sorts them, since numbers are less than
 * words there.
 *
 * dpkg compares by turns what is no digit and what is a number; so do the identifiers here. Of a word's characters dpkg
 * sorts `~` before the end of the word, then letters, then all others; SemVer sorts by ASCII. Hence the alphabet: `-` for
 * `~`, `0` for the end of a word, letters themselves but `za` for `z`, and `zb` and so on for the others. `0r` begins the
 * revision and `0e` ends the version, both sorted as ends.
 *
 * What is lost: the epoch, which says nothing about what a version can do, so that order holds within an epoch; the difference
 * between `1`, `1.0` and `1.0.0`; and where a word takes the place of one of the first three numbers (`1.a`), it sorts
 * before the numbers.
 */
import { LeonoreError } from '../errors.js';
import { limits } from '../limits.js';

/** A version of a distribution, mapped. */
export interface MappedVersion {
  /** SemVer 2.0. */
  readonly semver: string;
  /** 0 where none is written. */
  readonly epoch: number;
}

/** Up to the last hyphen is upstream's. */
const shape = /^(?:(\d{1,9}):)?([0-9A-Za-z][0-9A-Za-z.+~_-]*?)(?:-([0-9A-Za-z.+~_]*))?$/u;
/** Numbers that SemVer counts with exactly. */
const core = /^(\d{1,15})(?:\.(\d{1,15})(?:\.(\d{1,15}))?)?(?!\d)/u;
const exactDigits = 15;

/**
 * @param text as the distribution prints it
 * @throws LeonoreError MALFORMED_INPUT when it is no such version
 */
export function semverOf(text: string): MappedVersion {
  const [, epoch = '0', upstream, revision = ''] =
    text.length > limits.versionLength ? [] : (shape.exec(text) ?? []);
  if (upstream === undefined) throw noVersion(text);
  const [numbers = '', major = '0', minor = '0', patch = '0'] = core.exec(upstream) ?? [];
  const rest = upstream.slice(numbers.length);
  const release = (added: number): string => `${Number(major)}.${Number(minor)}.${Number(patch) + added}`;
  if (rest === '' && /^0*$/u.test(revision)) return { semver: release(0), epoch: Number(epoch) };
  const isBefore = rest === '' ? /^0*~/u.test(revision) : rest.startsWith('~');
  const revised = identifiersOf(revision === '' ? '0' : revision);
  const identifiers = [...(rest === '' ? [] : identifiersOf(rest)), `0r${revised.join('.')}`, '0e'];
  const semver = `${isBefore ? `${release(0)}-` : `${release(1)}-0.`}${identifiers.join('.')}`;
  if (semver.length > limits.versionLength) throw noVersion(text);
  return { semver, epoch: Number(epoch) };
}

/** Words and numbers by turns, beginning with a word and ending with a number. */
function identifiersOf(text: string): string[] {
  return [...text.matchAll(/([^0-9]*)([0-9]*)/gu)]
    .filter(([both]) => both !== '')
    .flatMap(([, word = '', digits = '']) => [wordOf(word), numberOf(digits)]);
}

function wordOf(word: string): string {
  return `${Array.from(word, symbolOf).join('')}0`;
}

function symbolOf(character: string): string {
  if (character === '~') return '-';
  const after = '+-._'.indexOf(character);
  if (after >= 0) return `z${'bcde'[after] ?? ''}`;
  return character === 'z' ? 'za' : character;
}

/** Longer numbers than SemVer counts with are words, which sort after all numbers: by their length, then as they are. */
function numberOf(digits: string): string {
  const number = digits.replace(/^0+(?=\d)/u, '') || '0';
  return number.length <= exactDigits ? number : `n${String(number.length).padStart(3, '0')}${number}`;
}

function noVersion(text: string): LeonoreError {
  return new LeonoreError(
    'MALFORMED_INPUT',
    `${JSON.stringify(text.slice(0, 100))} is not a version as Debian and OpenWrt write them, or too long for one`,
  );
}
