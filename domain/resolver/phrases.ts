/** How things are written for people in explanations. */
import { formatRequest } from '../plan/request.js';
import { counted } from '../units.js';
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
  if (what === 'memory') return `${numberOf(version)} MiB of memory`;
  if (what === 'libc') return version === null ? name : `${name} ${version}`;
  if (what === 'cpus') return counted(Number(numberOf(version)), 'processor');
  const called = what === name ? name : `${what} ${name}`;
  return version === null ? called : `${called} ${version}`;
}

function numberOf(version: string | null): string {
  return version?.split('.', 1)[0] ?? '';
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
  const { os, libc, formats } = profile.software;
  const parts = [arch, os, libc].filter((part) => part !== undefined && part !== '').join('-');
  const platform = parts === '' ? 'the gateway, which does not report its platform' : parts;
  return formats === undefined
    ? platform
    : `${platform}, which takes ${formats.join(' or ') || 'nothing'} alone`;
}

/** The kernel matters where a variant asks for one. */
function kernelText({ profile }: GatewayFacts, variants: readonly string[]): string {
  const kernel = profile?.software.kernel;
  const matters = variants.some((label) => label.includes('kernel '));
  return kernel === undefined || !matters ? '' : ` with kernel ${kernel}`;
}

function withKernel(label: string): string {
  return label.replace(/-kernel /u, ' with kernel ');
}

/** The first few: `a`, `a and b`, `a, b, c and 4 more`. */
export function listText(items: readonly string[], most = 3, joint: 'and' | 'or' = 'and'): string {
  const shown = items.length > most + 1 ? [...items.slice(0, most), `${items.length - most} more`] : items;
  return shown.length < 2
    ? shown.join('')
    : `${shown.slice(0, -1).join(', ')} ${joint} ${shown.at(-1) ?? ''}`;
}

/** Statements that something follows from, each once. */
export function premisesText(premises: readonly string[]): string {
  const different = [...new Set(premises)];
  if (different.length < 2) return different.join('');
  return `${different.slice(0, -1).join(', ')}${different.length > 2 ? ',' : ''} and ${different.at(-1) ?? ''}`;
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
      return `${have} no variant for ${platformText(facts)}${kernelText(facts, rejection.only)}, only for ${listText(rejection.only.map(withKernel))}`;
    case 'policy':
      return `may not go onto this gateway (policy: ${rejection.select})`;
    case 'conflict':
      return `${plural ? 'conflict' : 'conflicts'} with the gateway's ${factText(rejection.fact)}`;
    case 'downgrade':
      return `would take the place of the newer ${rejection.from} on the gateway: a downgrade, which --allow-downgrade (API: allowDowngrade) allows`;
  }
}
