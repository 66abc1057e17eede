/**
 * The manifest of an artifact (artifact.yaml): what the package management stores and what the dependency
 * management reads (paper, section III-C 1 and 2). A catalog file of `leonore resolve` is a list of the same.
 */
import Type, { type Static } from 'typebox';
import { limits } from '../limits.js';
import { ControlSchema, DemandsSchema, HealthSchema } from './operation.js';
import { RecordOf, Text } from '../text.js';

export const artifactKinds = ['application', 'library', 'tool', 'hardware'] as const;

/** The file of an artifact's directory that holds its manifest. */
export const manifestName = 'artifact.yaml';

/** Lower case, so that names never differ by case only on a gateway's file system. */
export const namePattern = '^[a-z0-9][a-z0-9._+-]{0,99}$';
/** What can be asked for: also components and tools of a gateway, which their makers named. */
export const demandPattern = '^[A-Za-z0-9][A-Za-z0-9._+-]{0,99}$';
/** A relative path of plain segments; `..`, empty segments and control characters are caught by isSafePath. */
const strict = { additionalProperties: false } as const;

const Name = Type.String({ pattern: demandPattern });
const Version = Text(limits.versionLength, { minLength: 1 });
const Range = Text(limits.rangeLength);
const Path = Text(limits.pathLength, { minLength: 1 });

export const NamedRangeSchema = Type.Object({ name: Name, version: Type.Optional(Range) }, strict);
export const RequirementSchema = Type.Union([
  Type.Object({ name: Name, version: Type.Optional(Range), optional: Type.Optional(Type.Boolean()) }, strict),
  Type.Object(
    {
      anyOf: Type.Array(NamedRangeSchema, { minItems: 1, maxItems: limits.alternatives }),
      optional: Type.Optional(Type.Boolean()),
    },
    strict,
  ),
]);
export const ProvisionSchema = Type.Object({ name: Name, version: Version }, strict);

export const PlatformSchema = Type.Object(
  {
    arch: Type.Optional(Text(64, { minLength: 1 })),
    os: Type.Optional(Text(64, { minLength: 1 })),
    libc: Type.Optional(Text(64, { minLength: 1 })),
    /** Range over the gateway's kernel version. */
    kernel: Type.Optional(Range),
  },
  strict,
);

/** A build step: the script runs in the source directory and leaves its result in `$LEONORE_OUTPUT`. */
export const SourceSchema = Type.Object({ directory: Path, build: Path }, strict);

export const VariantSchema = Type.Object(
  {
    platform: Type.Optional(PlatformSchema),
    /** Bytes to download for this variant; filled in from the files when they are given. */
    size: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
    /** Bytes on the gateway's disk once installed; `size` when absent. */
    installedSize: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
    /** Memory that the variant needs while it runs, in bytes. */
    memory: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
    /** Directory of the artifact whose files are this variant's (pre-built binary). */
    directory: Type.Optional(Path),
    source: Type.Optional(SourceSchema),
  },
  strict,
);

/** Keys become names of files and, in capitals, of variables on the gateway. */
export const valueKeyPattern = '^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$';

/** A value that differs from gateway to gateway; it travels with the task, and is never in a package. */
export const DeclaredValueSchema = Type.Object(
  {
    key: Type.String({ pattern: valueKeyPattern }),
    description: Type.Optional(Text(1024)),
    /** For gateways that have none of their own; without it such a gateway's delivery fails. */
    default: Type.Optional(Text(limits.valueLength)),
  },
  strict,
);

/** A file rendered from a template at build time: `{{key}}` is replaced by the value. */
export const ConfigurationSchema = Type.Object(
  {
    path: Path,
    template: Text(limits.templateLength),
    values: Type.Optional(
      RecordOf('^[A-Za-z0-9_.-]{1,64}$', Text(4096), { maxProperties: limits.configurationValues }),
    ),
  },
  strict,
);

export const PoliciesSchema = Type.Object(
  {
    /** Selector over profile and labels: where the artifact may go. */
    select: Type.Optional(Text(limits.selectorLength)),
    /** Start after the installation (default true for applications). */
    start: Type.Optional(Type.Boolean()),
    /** Keep the data directory on uninstall (default false). */
    keepData: Type.Optional(Type.Boolean()),
    /** A prerelease may be chosen even when no range names one (default false). */
    prerelease: Type.Optional(Type.Boolean()),
    /** Never removed from a gateway to make room or to satisfy another request (default true). */
    removable: Type.Optional(Type.Boolean()),
  },
  strict,
);

export const ArtifactManifestSchema = Type.Object(
  {
    name: Name,
    version: Version,
    kind: Type.Enum([...artifactKinds]),
    description: Type.Optional(Text(4096)),
    requires: Type.Optional(Type.Array(RequirementSchema, { maxItems: limits.requirements })),
    provides: Type.Optional(Type.Array(ProvisionSchema, { maxItems: limits.requirements })),
    conflicts: Type.Optional(Type.Array(NamedRangeSchema, { maxItems: limits.requirements })),
    variants: Type.Optional(Type.Array(VariantSchema, { minItems: 1, maxItems: limits.variants })),
    configurations: Type.Optional(Type.Array(ConfigurationSchema, { maxItems: limits.configurations })),
    values: Type.Optional(Type.Array(DeclaredValueSchema, { maxItems: limits.declaredValues })),
    policies: Type.Optional(PoliciesSchema),
    control: Type.Optional(ControlSchema),
    health: Type.Optional(HealthSchema),
    ...DemandsSchema.properties,
  },
  strict,
);

export type NamedRange = Static<typeof NamedRangeSchema>;
export type Requirement = Static<typeof RequirementSchema>;
export type Platform = Static<typeof PlatformSchema>;
export type Variant = Static<typeof VariantSchema>;
export type Configuration = Static<typeof ConfigurationSchema>;
export type ArtifactManifest = Static<typeof ArtifactManifestSchema>;

/** `name@version`, the way an artifact is written everywhere. */
export function artifactKey(artifact: { name: string; version: string }): string {
  return `${artifact.name}@${artifact.version}`;
}
