/**
 * Whether a package's manifest can be believed, before a single file of the package is looked at.
 * Whose manifest passes has a listing without hostile or clashing names, whose files all belong somewhere.
 */
import { Value } from 'typebox/value';
import { artifactKey } from '../artifact/manifest.js';
import { LeonoreError } from '../errors.js';
import { canonicalJson } from '../canonical-json.js';
import { limits } from '../limits.js';
import { controlScripts } from './control-scripts.js';
import { PackageManifestSchema, type PackageManifest } from './package-manifest.js';
import { findClash, pathProblem } from './package-path.js';
import {
  artifactTable,
  pathTable,
  placeArtifacts,
  type PlacedArtifact,
  type Sha256,
} from './package-tables.js';

export interface CheckedManifest {
  readonly manifest: PackageManifest;
  readonly placed: readonly PlacedArtifact[];
}

const encoder = new TextEncoder();

/**
 * Reads manifest.json and checks all that can be checked without the files.
 *
 * @throws LeonoreError MALFORMED_PACKAGE that names the first thing that is wrong
 */
export function checkManifest(json: string, sha256: Sha256): CheckedManifest {
  const manifest = parse(json);
  checkPaths(manifest);
  const placed = placeArtifacts(manifest.artifacts, manifest.files, sha256);
  checkBelonging(manifest, placed);
  checkTables(manifest, placed, sha256);
  return { manifest, placed };
}

/** Every refusal of a package has this one code; the message says what is wrong. */
export function malformedPackage(problem: string): LeonoreError {
  return new LeonoreError('MALFORMED_PACKAGE', problem);
}

function parse(json: string): PackageManifest {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw malformedPackage('manifest.json is not JSON.');
  }
  if (!Value.Check(PackageManifestSchema, value)) {
    const [first] = Value.Errors(PackageManifestSchema, value);
    throw malformedPackage(
      `manifest.json${first?.instancePath ?? ''}: ${first?.message ?? 'has a wrong shape'}.`,
    );
  }
  // One spelling only: otherwise two parsers could read two different manifests, by keys given twice for instance.
  if (canonicalJson(value) !== json) throw malformedPackage('manifest.json is not canonical.');
  return value;
}

function checkPaths(manifest: PackageManifest): void {
  let total = 0;
  for (const file of manifest.files) {
    const problem = pathProblem(file.path);
    if (problem !== null) throw malformedPackage(`The path ${JSON.stringify(file.path)} ${problem}.`);
    total += file.size;
  }
  const clash = findClash(['id', 'manifest.json', ...manifest.files.map((file) => file.path)]);
  if (clash !== null) {
    throw malformedPackage(
      `${JSON.stringify(clash.path)} cannot lie beside ${JSON.stringify(clash.other)} on every file system.`,
    );
  }
  if (total > limits.packageContentBytes) {
    throw malformedPackage(
      `The package declares ${total} bytes; at most ${limits.packageContentBytes} are allowed.`,
    );
  }
  if (total !== manifest.contentSize) throw malformedPackage('contentSize is not the sum of the sizes.');
}

/** Each file is one of the tables, one of the control scripts, or below the directory of an artifact. */
function checkBelonging(manifest: PackageManifest, placed: readonly PlacedArtifact[]): void {
  const expected = new Set(['path', 'control/artifacts']);
  for (const name of Object.keys(controlScripts)) expected.add(`control/${name}`);
  const present = new Set(manifest.files.map((file) => file.path));
  for (const path of expected) if (!present.has(path)) throw malformedPackage(`${path} is missing.`);

  const names = new Set<string>();
  const directories = new Set<string>();
  for (const { artifact, directory, files } of placed) {
    if (names.has(artifact.name) || directories.has(directory)) {
      throw malformedPackage(`${artifactKey(artifact)} is in the package twice.`);
    }
    names.add(artifact.name);
    directories.add(directory);
    for (const script of [...Object.values(artifact.control), artifact.health?.check]) {
      if (script !== undefined && !present.has(`${directory}/${script}`)) {
        throw malformedPackage(
          `${artifactKey(artifact)} names the script ${JSON.stringify(script)}, which is missing.`,
        );
      }
    }
    if (artifact.start && artifact.control.start === undefined) {
      throw malformedPackage(`${artifactKey(artifact)} is to be started but has no start script.`);
    }
    for (const file of files) expected.add(file.path);
  }
  for (const path of present) {
    if (!expected.has(path)) throw malformedPackage(`${JSON.stringify(path)} belongs to no artifact.`);
  }
}

/** The tables that the control scripts act on must say what the manifest says. */
function checkTables(manifest: PackageManifest, placed: readonly PlacedArtifact[], sha256: Sha256): void {
  const tables = { path: pathTable(placed), 'control/artifacts': artifactTable(placed) };
  for (const [path, content] of Object.entries(tables)) {
    const declared = manifest.files.find((file) => file.path === path);
    if (declared?.sha256 !== sha256(encoder.encode(content))) {
      throw malformedPackage(`The table ${path} is not the one that the manifest implies.`);
    }
  }
}
