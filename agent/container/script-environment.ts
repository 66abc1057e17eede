/**
 * The environment of control scripts and applications: fixed, so that what works on one gateway works on another.
 * Nothing of the agent's own environment gets in (the enrolment token might be there), but for PATH and time zone.
 */
import { join } from 'node:path';
import type { Launcher } from '../isolation/launcher.js';
import type { Container } from './container.js';

export interface EnvironmentFacts {
  readonly container: Container;
  readonly launcher: Launcher;
  readonly gatewayId: string;
  readonly temporary: string;
}

/** Keys that can be file names and, in capitals, parts of variable names. */
const valueKeyPattern = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/;

/** @throws Error that names the key which can be neither */
export function checkValueKeys(values: Readonly<Record<string, string>>): void {
  for (const key of Object.keys(values)) {
    if (!valueKeyPattern.test(key)) throw new Error(`The value's key ${JSON.stringify(key)} is not allowed.`);
  }
}

/**
 * @param packageDirectory where the package's control scripts lie
 * @param values of the task for this gateway: files in LEONORE_VALUES, and variables LEONORE_VALUE_<KEY>
 */
export function scriptEnvironment(
  facts: EnvironmentFacts,
  packageDirectory: string,
  packageId: string,
  generation: string,
  values: Readonly<Record<string, string>>,
): Record<string, string> {
  const { container } = facts;
  const isCurrent = generation === container.current.name;
  const environment: Record<string, string> = {
    PATH: process.env['PATH'] ?? '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    LANG: 'C.UTF-8',
    HOME: container.path('data'),
    TMPDIR: facts.temporary,
    LEONORE_ROOT: container.root,
    LEONORE_PACKAGE: packageDirectory,
    // An application outlives generations, so it gets the path that follows them; a script of an installation
    // needs those artifacts that are about to become active.
    LEONORE_ACTIVE: isCurrent ? join(container.root, 'current', 'active') : container.activePath(generation),
    LEONORE_VALUES: isCurrent
      ? join(container.root, 'current', 'values', packageId)
      : container.valuesPath(generation, packageId),
    LEONORE_GATEWAY_ID: facts.gatewayId,
  };
  if (process.env['TZ'] !== undefined) environment['TZ'] = process.env['TZ'];
  for (const [key, value] of Object.entries(values)) {
    environment[`LEONORE_VALUE_${key.toUpperCase().replace(/[^A-Z0-9_]/g, '_')}`] = value;
  }
  return environment;
}

/** What the package's control scripts add for the scripts of one artifact; for those that the agent runs itself. */
export function artifactEnvironment(
  container: Container,
  artifact: { readonly name: string; readonly version: string },
  home: string,
): Record<string, string> {
  return {
    LEONORE_NAME: artifact.name,
    LEONORE_VERSION: artifact.version,
    LEONORE_HOME: container.path(home),
    LEONORE_DATA: container.path('data', artifact.name),
  };
}
