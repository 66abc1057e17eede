import semver from 'semver';
import { LeonoreError } from '../errors.js';
import { parseSelector } from '../selector/selector.js';
import type { PlacePath } from './json-places.js';
import { namePattern, type ArtifactManifest, type NamedRange, type Variant } from './manifest.js';
import { templateKeys } from './render-configuration.js';
import { isSafePath } from './safe-path.js';

const storedName = new RegExp(namePattern, 'u');

/** Reports a problem at a path below the manifest; never returns. */
export type Fail = (path: PlacePath, message: string) => never;

/** SemVer 2.0 exactly: node-semver also takes `v1.2.3` and surrounding space. */
export function isSemVer(text: string): boolean {
  return /^[0-9][0-9A-Za-z.+-]*$/u.test(text) && semver.valid(text) !== null;
}

export interface ManifestRules {
  /**
   * Whether it is an entry of a catalog file, which plans are found from, or the manifest of files that will be
   * stored: these give the sizes, and go to gateways under the artifact's name.
   */
  readonly from: 'catalog' | 'files';
}

/**
 * Checks what the schema cannot say: versions, ranges, paths and selectors.
 * @param manifest one that ArtifactManifestSchema accepts
 */
export function checkManifest(manifest: ArtifactManifest, rules: ManifestRules, fail: Fail): void {
  if (!isSemVer(manifest.version)) {
    fail(['version'], `${JSON.stringify(manifest.version)} is not a SemVer 2.0 version`);
  }
  if (rules.from === 'files' && !storedName.test(manifest.name)) {
    fail(['name'], `must be in lower case, found ${JSON.stringify(manifest.name)}`);
  }
  manifest.requires?.forEach((requirement, index) => {
    const path = ['requires', index];
    if ('anyOf' in requirement) {
      requirement.anyOf.forEach((option, position) => checkRange(option, [...path, 'anyOf', position], fail));
    } else checkRange(requirement, path, fail);
  });
  manifest.provides?.forEach((provision, index) => {
    if (!isSemVer(provision.version)) {
      fail(
        ['provides', index, 'version'],
        `${JSON.stringify(provision.version)} is not a SemVer 2.0 version`,
      );
    }
  });
  manifest.conflicts?.forEach((conflict, index) => checkRange(conflict, ['conflicts', index], fail));
  manifest.variants?.forEach((variant, index) =>
    checkVariant(variant, rules, (path, message) => fail(['variants', index, ...path], message)),
  );
  checkPaths(manifest, fail);
  checkValues(manifest, fail);
  if (manifest.policies?.select !== undefined) checkSelector(manifest.policies.select, fail);
}

function checkRange(range: NamedRange, path: PlacePath, fail: Fail): void {
  if (range.version !== undefined && semver.validRange(range.version) === null) {
    fail([...path, 'version'], `${JSON.stringify(range.version.slice(0, 120))} is not a version range`);
  }
}

function checkVariant(variant: Variant, rules: ManifestRules, fail: Fail): void {
  if (variant.size === undefined && rules.from === 'catalog') fail([], 'the field "size" is missing');
  if (variant.directory !== undefined && variant.source !== undefined) {
    fail([], 'a variant is either pre-built ("directory") or built ("source"), not both');
  }
  if (variant.format !== undefined && variant.source !== undefined) {
    fail(['format'], 'what is delivered as it is is not built from source');
  }
  const kernel = variant.platform?.kernel;
  if (kernel !== undefined && semver.validRange(kernel) === null) {
    fail(['platform', 'kernel'], `${JSON.stringify(kernel)} is not a version range`);
  }
  const [, libcRange] = /^\S+\s+(\S.*)$/u.exec(variant.platform?.libc ?? '') ?? [];
  if (libcRange !== undefined && semver.validRange(libcRange) === null) {
    fail(['platform', 'libc'], `${JSON.stringify(libcRange)} is not a version range`);
  }
  checkPath(variant.directory, ['directory'], fail);
  checkPath(variant.source?.directory, ['source', 'directory'], fail);
  checkPath(variant.source?.build, ['source', 'build'], fail);
}

function checkPaths(manifest: ArtifactManifest, fail: Fail): void {
  const seen = new Set<string>();
  manifest.configurations?.forEach((configuration, index) => {
    const path = ['configurations', index, 'path'];
    checkPath(configuration.path, path, fail);
    if (seen.has(configuration.path)) fail(path, `${JSON.stringify(configuration.path)} appears twice`);
    seen.add(configuration.path);
  });
  for (const [action, script] of Object.entries(manifest.control ?? {})) {
    checkPath(script, ['control', action], fail);
  }
  checkPath(manifest.health?.check, ['health', 'check'], fail);
}

/** Values must not meet in the environment; templates name only what is the same on every gateway. */
function checkValues(manifest: ArtifactManifest, fail: Fail): void {
  const variables = new Set<string>();
  manifest.values?.forEach(({ key }, index) => {
    const variable = key.toUpperCase().replace(/[^A-Z0-9_]/gu, '_');
    if (variables.has(variable)) {
      fail(['values', index, 'key'], `${JSON.stringify(key)} would be the variable of another value as well`);
    }
    variables.add(variable);
  });
  const declared = new Set(manifest.values?.map(({ key }) => key));
  manifest.configurations?.forEach(({ template, values = {} }, index) => {
    for (const key of templateKeys(template)) {
      if (key in values) continue;
      const advice = declared.has(key)
        ? 'differs from gateway to gateway: the application reads it from $LEONORE_VALUES'
        : 'has no value';
      fail(
        ['configurations', index, 'template'],
        `the template names ${JSON.stringify(key)}, which ${advice}`,
      );
    }
  });
}

function checkPath(value: string | undefined, path: PlacePath, fail: Fail): void {
  if (value !== undefined && !isSafePath(value)) {
    fail(path, `${JSON.stringify(value)} is not a plain relative path`);
  }
}

function checkSelector(text: string, fail: Fail): void {
  try {
    parseSelector(text);
  } catch (error) {
    if (!(error instanceof LeonoreError)) throw error;
    fail(['policies', 'select'], error.message);
  }
}
