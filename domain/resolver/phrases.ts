/** How things are written for people in explanations. */
import { formatRequest } from '../plan/request.js';
import type { FixedFact, GatewayFacts } from './gateway-facts.js';
import type { Requirement } from '../artifact/manifest.js';
import { nameOf, optionsOf, versionOf, type Node } from './nodes.js';
import type { Rejection } from './eligibility.js';

export function demand({ name, version }: { name: string; version?: string | undefined }): string {
  return version === undefined || version.trim() === '' || version === '*' ? name : `${name} ${version}`;
}

export function requirementText(requirement: Requirement): string {
  return optionsOf(requirement).map(demand).join(' or ');
}

export function requestText(request: { name: string; range: string }): string {
  return formatRequest(request);
}

/** `lib 1.0.0`, `lib 1.0.0 and 1.1.0`, `lib 1.0.0 to 1.9.0 (10 versions)`. */
export function versionsText(name: string, versions: readonly string[]): string {
  const [newest = '', second] = versions;
  const oldest = versions.at(-1) ?? '';
  if (versions.length <= 1) return `${name} ${newest}`;
  if (versions.length === 2) return `${name} ${second ?? ''} and ${newest}`;
  return `${name} ${oldest} to ${newest} (${versions.length} versions)`;
}

export function nodeText(node: Node): string {
  return `${nameOf(node)} ${versionOf(node)}${node.type === 'kept' ? ' (installed)' : ''}`;
}

export function factText({ name, version, what }: FixedFact): string {
  const called = what === name ? name : `${what} ${name}`;
  return version === null ? called : `${called} ${version}`;
}

/** Bytes with one decimal at most: `3.5 MiB`. */
export function bytesText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB'] as const;
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  // Rounded up: as much as is said to be missing must do.
  return `${unit === 0 ? value : Math.ceil(value * 10) / 10} ${units[unit] ?? 'B'}`;
}

export function platformText({ profile }: GatewayFacts): string {
  if (profile === null) return 'any platform';
  const { arch } = profile.hardware;
  const { os, libc, kernel } = profile.software;
  const parts = [arch, os, libc].filter((part) => part !== undefined).join('-');
  return kernel === undefined ? parts : `${parts}, kernel ${kernel}`;
}

/** What is said of an artifact that can never be installed on the gateway. */
export function rejectionText(rejection: Rejection, facts: GatewayFacts, plural: boolean): string {
  const have = plural ? 'have' : 'has';
  switch (rejection.type) {
    case 'hardware':
      return `${plural ? 'are' : 'is'} hardware that the gateway does not have`;
    case 'fixed':
      return `cannot be installed beside the gateway's own ${factText(rejection.fact)}`;
    case 'platform':
      return `${have} no variant for ${platformText(facts)}`;
    case 'policy':
      return `may not go onto this gateway (policy: ${rejection.select})`;
    case 'conflict':
      return `${plural ? 'conflict' : 'conflicts'} with the gateway's ${factText(rejection.fact)}`;
  }
}
