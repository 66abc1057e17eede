/**
 * The application package (paper, section III-A) as LEONORE writes and reads it: a gzip tar with
 *
 *   id                                 the package's id: sha256 of manifest.json
 *   manifest.json                      this file's PackageManifest, canonical JSON
 *   path                               one line a file, in install order (see PathLine)
 *   control/{install,uninstall,start,stop}, control/artifacts (the table they read)
 *   binary/<name>-<version>/...        files of the requested artifacts
 *   dependencies/<name>-<version>/...  files of the resolved dependencies
 *
 * The same inputs give the same bytes. manifest.json lists every file but itself and `id`.
 */
import Type, { type Static } from 'typebox';
import { namePattern } from '../artifact/manifest.js';
import { ControlSchema, DemandsSchema, HealthSchema } from '../artifact/operation.js';
import { limits } from '../limits.js';

const strict = { additionalProperties: false } as const;
const Sha256 = Type.String({ pattern: '^[0-9a-f]{64}$' });
const Path = Type.String({ minLength: 1, maxLength: limits.pathLength });

export const packageFormatVersion = 1;

export const PackageFileSchema = Type.Object(
  {
    path: Path,
    sha256: Sha256,
    /** Permission bits in octal, `0644` or `0755`. */
    mode: Type.Enum(['0644', '0755']),
    size: Type.Integer({ minimum: 0 }),
  },
  strict,
);

export const PackagedArtifactSchema = Type.Object(
  {
    name: Type.String({ pattern: namePattern }),
    /** It becomes part of directory names, so nothing but SemVer's own characters. */
    version: Type.String({ maxLength: limits.versionLength, pattern: '^[0-9A-Za-z][0-9A-Za-z.+-]*$' }),
    kind: Type.Enum(['application', 'library', 'tool', 'hardware']),
    /** Digest of the artifact's content in the artifact repository. */
    digest: Sha256,
    /** True when it was asked for (its files are under binary/), false for a dependency. */
    requested: Type.Boolean(),
    installedSize: Type.Integer({ minimum: 0 }),
    /** Scripts of the artifact, relative to its directory. */
    control: ControlSchema,
    /** Started after the installation, by policy and kind. */
    start: Type.Boolean(),
    keepData: Type.Boolean(),
    health: Type.Optional(HealthSchema),
    ...DemandsSchema.properties,
  },
  strict,
);

export const PackageManifestSchema = Type.Object(
  {
    format: Type.Literal(packageFormatVersion),
    /** In install order: dependencies first. */
    artifacts: Type.Array(PackagedArtifactSchema, { maxItems: 1_000 }),
    /** The dependency tree of the plan, as far as the package brings it, for people. */
    tree: Type.Array(Type.Unknown()),
    /** Sum of the sizes of all files. */
    contentSize: Type.Integer({ minimum: 0 }),
    installedSize: Type.Integer({ minimum: 0 }),
    files: Type.Array(PackageFileSchema, { maxItems: limits.packageFiles }),
  },
  strict,
);

export type PackageFile = Static<typeof PackageFileSchema>;
export type PackagedArtifact = Static<typeof PackagedArtifactSchema>;
export type PackageManifest = Static<typeof PackageManifestSchema>;
