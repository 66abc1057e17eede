import type { Component, GatewayProfile, SelectableProfile } from '../gateway/profile.js';
import { libcOf, type Libc } from '../gateway/reported-version.js';
import type { FactPath } from './syntax.js';

export type Labels = Readonly<Record<string, string>>;

/**
 * The value of a fact: versions compare by SemVer, what a gateway reports of itself without the build of its distribution,
 * other text by code unit; undefined is "not there".
 */
export type Fact =
  | { readonly type: 'text' | 'version' | 'reported'; readonly value: string }
  | { readonly type: 'number'; readonly value: number }
  | { readonly type: 'flag'; readonly value: boolean }
  | undefined;

type ReadSingle = (profile: GatewayProfile) => Fact;
type ReadKeyed = (key: string, profile: SelectableProfile, labels: Labels) => Fact;

const text = (value: string | undefined): Fact => (value === undefined ? undefined : { type: 'text', value });
const reported = (value: string | undefined): Fact =>
  value === undefined ? undefined : { type: 'reported', value };
const number = (value: number | undefined): Fact =>
  value === undefined ? undefined : { type: 'number', value };
const versionIn = (list: readonly Component[] | undefined, name: string): string | undefined =>
  list?.find((entry) => entry.name === name)?.version;
/** Versions of artifacts are SemVer, and no distribution has added to them. */
const installed = (key: string, profile: GatewayProfile): Fact => {
  const value = versionIn(profile.installed, key);
  return value === undefined ? undefined : { type: 'version', value };
};

function labelIn(labels: Labels, key: string): string | undefined {
  return Object.hasOwn(labels, key) ? labels[key] : undefined;
}

function libc({ software }: GatewayProfile): Libc | undefined {
  return software.libc === undefined ? undefined : libcOf(software.libc);
}

/** Facts that are one value. */
export const singleFacts: ReadonlyMap<string, ReadSingle> = new Map<string, ReadSingle>([
  ['id', (profile) => text(profile.id)],
  ['name', (profile) => text(profile.name)],
  ['mac', (profile) => text(profile.mac)],
  ['hardware.arch', (profile) => text(profile.hardware.arch)],
  ['hardware.cpus', (profile) => number(profile.hardware.cpus)],
  ['hardware.memoryTotal', (profile) => number(profile.hardware.memoryTotal)],
  ['hardware.memoryFree', (profile) => number(profile.hardware.memoryFree)],
  ['hardware.diskTotal', (profile) => number(profile.hardware.diskTotal)],
  ['hardware.diskFree', (profile) => number(profile.hardware.diskFree)],
  ['hardware.load', (profile) => number(profile.hardware.load)],
  ['hardware.uptimeSeconds', (profile) => number(profile.hardware.uptimeSeconds)],
  ['software.os', (profile) => text(profile.software.os)],
  ['software.kernel', (profile) => reported(profile.software.kernel)],
  ['software.libc', (profile) => text(libc(profile)?.name)],
  ['software.libcVersion', (profile) => reported(libc(profile)?.version)],
  ['state.isolation', (profile) => text(profile.state?.isolation)],
]);

/** Facts that are looked up by a key: `labels.KEY`, `reported.KEY` (labels as the device says them), `software.tools.NAME`, ... */
export const keyedFacts: ReadonlyMap<string, ReadKeyed> = new Map<string, ReadKeyed>([
  ['labels', (key, _profile, labels) => text(labelIn(labels, key))],
  ['reported', (key, profile) => text(labelIn(profile.reported ?? profile.labels ?? {}, key))],
  ['software.tools', (key, profile) => reported(versionIn(profile.software.tools, key))],
  ['hardware.components', (key, profile) => reported(versionIn(profile.hardware.components, key))],
  ['installed', installed],
  ['strategies', (key, profile) => ({ type: 'flag', value: profile.strategies?.includes(key) ?? false })],
  ['protocols', (key, profile) => ({ type: 'flag', value: profile.protocols?.includes(key) ?? false })],
]);

/** Reads a fact of a gateway. The labels given here win over those that the profile reports. */
export function factOf(path: FactPath, profile: SelectableProfile, labels: Labels): Fact {
  return path.key === null
    ? singleFacts.get(path.name)?.(profile)
    : keyedFacts.get(path.name)?.(path.key, profile, labels);
}
