import type { ArtifactManifest, Platform, Variant, VariantFormat } from '../artifact/manifest.js';
import type { GatewayProfile } from '../gateway/profile.js';
import { libcOf } from '../gateway/reported-version.js';
import { rangeOf, reportedMeets, versionOf } from './versions.js';

/** What of a variant says which gateways it is for. */
export interface VariantAim {
  readonly platform?: Platform | undefined;
  readonly format?: VariantFormat | undefined;
}

/** What a variant costs on a gateway. */
export interface VariantChoice {
  /** Position in the manifest's variants; null when the manifest lists none. */
  readonly index: number | null;
  readonly label: string;
  readonly downloadSize: number;
  readonly installedSize: number;
  readonly memory: number;
}

const anywhere: VariantChoice = {
  index: null,
  label: 'any',
  downloadSize: 0,
  installedSize: 0,
  memory: 0,
};

const onlyAnywhere: readonly VariantChoice[] = [anywhere];

/** Label of a variant for people and for plans: `armv7-linux-musl`, `any` when it asks for nothing; `armv7 (swu)`. */
export function variantLabel({ platform, format }: VariantAim): string {
  const label = platformLabel(platform);
  return format === undefined ? label : `${label} (${format})`;
}

function platformLabel(platform: Platform | undefined): string {
  if (platform === undefined) return 'any';
  const parts = [platform.arch, platform.os, platform.libc].filter((part) => part !== undefined);
  if (platform.kernel !== undefined) parts.push(`kernel ${platform.kernel}`);
  return parts.length === 0 ? 'any' : parts.join('-');
}

/** Tells whether a variant is one for a gateway: of a format that it takes, and for its platform. */
export function suits({ format, platform }: VariantAim, gateway: GatewayProfile): boolean {
  const { formats } = gateway.software;
  const isTaken = format === undefined ? formats === undefined : formats?.includes(format) === true;
  return isTaken && runsOn(platform, gateway);
}

/**
 * Tells whether a variant runs on a gateway. The suffix of a kernel version names the distribution's build
 * (`5.10.0-21-amd64`), not a prerelease, so only its numbers count. A fact that the gateway does not report does
 * not meet a demand.
 */
function runsOn(platform: Platform | undefined, gateway: GatewayProfile): boolean {
  if (platform === undefined) return true;
  const { hardware, software } = gateway;
  if (platform.arch !== undefined && platform.arch !== hardware.arch) return false;
  if (platform.os !== undefined && platform.os !== software.os) return false;
  if (platform.libc !== undefined && !isLibc(platform.libc, software.libc)) return false;
  if (platform.kernel === undefined) return true;
  const kernel = kernelVersion(software.kernel);
  return kernel !== null && (rangeOf(platform.kernel)?.test(kernel) ?? false);
}

/** A variant asks for a library (`musl`) or for some versions of one (`glibc >=2.31`). */
function isLibc(wanted: string, reported: string | undefined): boolean {
  if (reported === undefined) return false;
  if (wanted === reported) return true;
  const there = libcOf(reported);
  const [, name = wanted, range] = /^(\S+)\s+(\S.*)$/u.exec(wanted) ?? [];
  if (name !== there.name) return false;
  return range === undefined || (there.version !== undefined && reportedMeets(there.version, range));
}

/** Major, minor and patch of a kernel; null when unknown. */
export function kernelVersion(kernel: string | undefined): string | null {
  const version = kernel === undefined ? null : versionOf(kernel);
  return version === null ? null : `${version.major}.${version.minor}.${version.patch}`;
}

/**
 * The variants of an artifact among which a plan chooses, preferred first: the smallest download, then the one made
 * for more of the platform, then the first listed. Variants that another one beats in download, disk and memory
 * are left out. Empty when none runs on the gateway; without a gateway every variant runs.
 */
export function variantChoices(
  manifest: ArtifactManifest,
  gateway: GatewayProfile | null,
): readonly VariantChoice[] {
  const { variants } = manifest;
  // Without variants there is nothing that a device without an agent could be given.
  if (variants === undefined) return gateway?.software.formats === undefined ? onlyAnywhere : [];
  const choices: VariantChoice[] = [];
  variants.forEach((variant, index) => {
    if (gateway === null || suits(variant, gateway)) choices.push(choiceOf(variant, index));
  });
  if (choices.length < 2) return choices;
  const demandsOf = ({ index }: VariantChoice) => demands(variants[index ?? 0]);
  choices.sort((left, right) => left.downloadSize - right.downloadSize || demandsOf(right) - demandsOf(left));
  return choices.filter((choice, at) => !choices.some((other, index) => index < at && beats(other, choice)));
}

function choiceOf(variant: Variant, index: number): VariantChoice {
  const downloadSize = variant.size ?? 0;
  return {
    index,
    label: variantLabel(variant),
    downloadSize,
    installedSize: variant.installedSize ?? downloadSize,
    memory: variant.memory ?? 0,
  };
}

function demands(variant: Variant | undefined): number {
  return Object.keys(variant?.platform ?? {}).length;
}

function beats(left: VariantChoice, right: VariantChoice): boolean {
  return (
    left.downloadSize <= right.downloadSize &&
    left.installedSize <= right.installedSize &&
    left.memory <= right.memory
  );
}
