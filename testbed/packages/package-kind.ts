/** The two application packages of the paper's evaluation (section IV), as artifacts with their dependencies. */
import type { PopulationName } from '../virtual-gateways/population.js';
import { writeJvmArtifacts, writeJvmApplication } from './jvm-artifacts.js';
import { writeSvmApplication, writeSvmArtifacts } from './svm-artifacts.js';

export const packageNames = ['svm', 'jvm'] as const;
export type PackageName = (typeof packageNames)[number];

/** What the artifacts of a package are made of. */
export interface WrittenArtifacts {
  /** Directories of the artifacts that the application needs, dependencies first. */
  readonly directories: readonly string[];
  /** Says what is real in it and what stands in for something. */
  readonly contents: string;
}

/** A package that is to be provisioned again and again: each version of the application makes another package. */
export interface PackageKind {
  readonly name: PackageName;
  readonly application: string;
  /** Gateways that it fits on. */
  readonly population: PopulationName;
  /** Writes what the application needs, once. @param directory of its own */
  writeDependencies(directory: string): Promise<WrittenArtifacts>;
  /** Writes a version of the application. @returns its directory */
  writeApplication(directory: string, version: string): Promise<string>;
}

export const packageKinds: Readonly<Record<PackageName, PackageKind>> = {
  svm: {
    name: 'svm',
    application: 'svm-thermometer',
    population: 'uniform',
    writeDependencies: writeSvmArtifacts,
    writeApplication: writeSvmApplication,
  },
  jvm: {
    name: 'jvm',
    application: 'jvm-thermometer',
    population: 'controllers',
    writeDependencies: writeJvmArtifacts,
    writeApplication: writeJvmApplication,
  },
};
