/** The nodes of the dependency graph that a plan decides about. */
import { type ArtifactManifest, type NamedRange, type Requirement } from '../artifact/manifest.js';
import { artifactMeets, type InstalledPackage } from './gateway-facts.js';
import type { VariantChoice } from './platform.js';
import type { Literal } from './solver/literal.js';
import { meets } from './versions.js';

/** A version that the plan may install. */
export interface NewNode {
  readonly type: 'new';
  readonly manifest: ArtifactManifest;
  readonly selected: Literal;
  /** Number of newer versions of the name that the gateway could take. */
  readonly age: number;
  /** Never empty, preferred first. */
  readonly choices: readonly VariantChoice[];
  /** One literal a choice; null when there is nothing to choose. */
  readonly choiceLiterals: readonly Literal[] | null;
  /** Hardware taken for granted when there is no gateway; it is not installed. */
  readonly assumed: boolean;
}

/** A package on the gateway. */
export interface KeptNode {
  readonly type: 'kept';
  readonly package: InstalledPackage;
  /** It stays. */
  readonly stays: Literal;
  /** It stays, and something that the plan installs or was asked for relies on it. */
  readonly needed: Literal;
}

export type Node = NewNode | KeptNode;

/** The options of a requirement: one, or those of `anyOf`. */
export function optionsOf(requirement: Requirement): readonly NamedRange[] {
  return 'anyOf' in requirement ? requirement.anyOf : [requirement];
}

export function nameOf(node: Node): string {
  return node.type === 'new' ? node.manifest.name : node.package.name;
}

/** The literal that says a node is on the gateway after the plan. */
export function presence(node: Node): Literal {
  return node.type === 'new' ? node.selected : node.stays;
}

/** Tells whether an installed package meets a demand; of one that the catalog lacks only the name is known. */
export function keptMeets(pack: InstalledPackage, name: string, range: string | undefined): boolean {
  return pack.manifest === null
    ? pack.name === name && meets(pack.version, range)
    : artifactMeets(pack.manifest, name, range);
}

/** Tells whether a node meets a demand on a name, by its own name or by what it provides. */
export function bears(node: Node, name: string, range: string | undefined): boolean {
  return node.type === 'new'
    ? artifactMeets(node.manifest, name, range)
    : keptMeets(node.package, name, range);
}

/** The version of a node. */
export function versionOf(node: Node): string {
  return node.type === 'new' ? node.manifest.version : node.package.version;
}
