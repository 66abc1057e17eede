/**
 * The manifest of an artifact (artifact.yaml): what the package management stores and what the dependency
 * management reads (paper, section III-C 1 and 2). A catalog file of `leonore resolve` is a list of the same.
 */
import Type, { type Static } from 'typebox';
import { limits } from '../limits.js';
import { ControlSchema, DemandsSchema, HealthSchema } from './operation.js';
import { RecordOf, Text } from '../text.js';

export const artifactKinds = ['application', 'library', 'tool', 'hardware'] as const;

/**
 * What devices take that have a client of their own and no container of ours: images for SWUpdate, RAUC and Mender, and files
 * that their client makes sense of by itself. Each is one file, delivered as it is.
 */
export const variantFormats = ['swu', 'rauc', 'mender', 'raw'] as const;
export type VariantFormat = (typeof variantFormats)[number];

/** The file of an artifact's directory that holds its manifest. */
export const manifestName = 'artifact.yaml';

/** Lower case, so that names never differ by case only on a gateway's file system. */
export const namePattern = '^[a-z0-9][a-z0-9._+-]{0,99}$';
/** What can be asked for: also components and tools of a gateway, which their makers named. */
export const demandPattern = '^[A-Za-z0-9][A-Za-z0-9._+-]{0,99}$';
const strict = { additionalProperties: false } as const;

const Name = (description: string) => Type.String({ pattern: demandPattern, description });
const Version = (description: string) => Text(limits.versionLength, { minLength: 1, description });
const Range = (description: string) => Text(limits.rangeLength, { description });
/** Relative, of plain segments; `..`, empty segments and control characters are caught by isSafePath. */
const Path = (description: string) => Text(limits.pathLength, { minLength: 1, description });
const Word = (description: string) => Text(64, { minLength: 1, description });
const Bytes = (description: string) =>
  Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description });

const wantedName =
  'Name of an artifact, of something that artifacts provide, or of a tool or component of the gateway.';
const wantedRange = 'Versions that will do, such as `^1.2` or `>=1 <3`; any when absent.';

export const NamedRangeSchema = Type.Object(
  { name: Name(wantedName), version: Type.Optional(Range(wantedRange)) },
  strict,
);

const OptionalNeed = Type.Boolean({
  description: 'It is brought along where that is possible, and left out where it is not.',
});

export const RequirementSchema = Type.Union([
  Type.Object(
    {
      name: Name(wantedName),
      version: Type.Optional(Range(wantedRange)),
      optional: Type.Optional(OptionalNeed),
    },
    strict,
  ),
  Type.Object(
    {
      anyOf: Type.Array(NamedRangeSchema, {
        minItems: 1,
        maxItems: limits.alternatives,
        description: 'Alternatives, the best first; one of them must be there.',
      }),
      optional: Type.Optional(OptionalNeed),
    },
    strict,
  ),
]);
export const ProvisionSchema = Type.Object(
  {
    name: Name('What others may require instead of the name of this artifact.'),
    version: Version('Version of what is provided, by SemVer 2.0; it need not be that of the artifact.'),
  },
  strict,
);

export const PlatformSchema = Type.Object(
  {
    arch: Type.Optional(
      Word(
        'Architecture as gateways report it: `armv7`, `aarch64`, `x86_64`, `i686`, `mips`, `riscv64`, ...',
      ),
    ),
    os: Type.Optional(Word('Operating system: `linux`.')),
    libc: Type.Optional(
      Word(
        'C library: `glibc` or `musl`, with a range if need be (`glibc >=2.31`); for programs that are linked with it.',
      ),
    ),
    kernel: Type.Optional(Range("Range over the gateway's kernel version, such as `>=5.4`.")),
  },
  { ...strict, description: 'The gateways that this variant is for: all that is named must fit.' },
);

export const SourceSchema = Type.Object(
  {
    directory: Path('Directory of the artifact that the script is run in.'),
    build: Path('Script inside that directory; POSIX sh. It leaves its result in `$LEONORE_OUTPUT`.'),
  },
  { ...strict, description: 'Built from source on a node, once for all gateways that need it.' },
);

export const VariantSchema = Type.Object(
  {
    platform: Type.Optional(PlatformSchema),
    format: Type.Optional(
      Type.Enum([...variantFormats], {
        description:
          'For devices with a client of their own: the one file of this variant is delivered as it is. Absent: for gateways with an agent.',
      }),
    ),
    size: Type.Optional(
      Bytes('Bytes to download for this variant; filled in from the files when they are given.'),
    ),
    installedSize: Type.Optional(
      Bytes("Bytes on the gateway's disk once installed; filled in from the files, else `size`."),
    ),
    memory: Type.Optional(Bytes('Memory that the variant needs while it runs, in bytes.')),
    directory: Type.Optional(
      Path("Directory of the artifact whose files are this variant's (pre-built binary)."),
    ),
    source: Type.Optional(SourceSchema),
  },
  strict,
);

/** Keys become names of files and, in capitals, of variables on the gateway. */
export const valueKeyPattern = '^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$';

/** A value that differs from gateway to gateway; it travels with the task, and is never in a package. */
export const DeclaredValueSchema = Type.Object(
  {
    key: Type.String({
      pattern: valueKeyPattern,
      description:
        'Name of its file in `$LEONORE_VALUES` and, in capitals, of its variable `LEONORE_VALUE_...`.',
    }),
    description: Type.Optional(Text(1024, { description: 'What it is for.' })),
    default: Type.Optional(
      Text(limits.valueLength, {
        description: "For gateways that have none of their own; without it such a gateway's delivery fails.",
      }),
    ),
  },
  strict,
);

export const ConfigurationSchema = Type.Object(
  {
    path: Path('File that is made, inside the artifact.'),
    template: Text(limits.templateLength, { description: 'Its text; `{{key}}` is replaced by the value.' }),
    values: Type.Optional(
      RecordOf('^[A-Za-z0-9_.-]{1,64}$', Text(4096), {
        maxProperties: limits.configurationValues,
        description: 'Values of the template by key, the same on every gateway.',
      }),
    ),
  },
  strict,
);

const Policy = (description: string) => Type.Optional(Type.Boolean({ description }));

export const PoliciesSchema = Type.Object(
  {
    select: Type.Optional(
      Text(limits.selectorLength, {
        description: 'Selector over profile and labels: where the artifact may go.',
      }),
    ),
    start: Policy('Start after the installation (default true for applications).'),
    keepData: Policy('Keep the data directory on uninstall (default false).'),
    prerelease: Policy('A prerelease may be chosen even when no range names one (default false).'),
    removable: Policy(
      'False: never removed from a gateway to make room or to satisfy another request (default true).',
    ),
  },
  { ...strict, description: 'What LEONORE may do with it.' },
);

export const ArtifactManifestSchema = Type.Object(
  {
    name: Name('Name of the artifact, in lower case.'),
    version: Version('Version by SemVer 2.0, such as `1.4.0`; once added it never takes other content.'),
    kind: Type.Enum([...artifactKinds], {
      description:
        'What it is: an `application` is run, a `library` is used by others, a `tool` is called, `hardware` stands for a component.',
    }),
    description: Type.Optional(Text(4096, { description: 'For people, who choose by it.' })),
    requires: Type.Optional(
      Type.Array(RequirementSchema, {
        maxItems: limits.requirements,
        description: 'What must be on the gateway; what is not there is brought along.',
      }),
    ),
    provides: Type.Optional(
      Type.Array(ProvisionSchema, {
        maxItems: limits.requirements,
        description: 'Other names under which it can be required.',
      }),
    ),
    conflicts: Type.Optional(
      Type.Array(NamedRangeSchema, {
        maxItems: limits.requirements,
        description: 'What must not be on the gateway beside it.',
      }),
    ),
    variants: Type.Optional(
      Type.Array(VariantSchema, {
        minItems: 1,
        maxItems: limits.variants,
        description: 'One for each platform; without any, all files go to every gateway.',
      }),
    ),
    configurations: Type.Optional(
      Type.Array(ConfigurationSchema, {
        maxItems: limits.configurations,
        description: 'Files rendered from templates when the package is built.',
      }),
    ),
    values: Type.Optional(
      Type.Array(DeclaredValueSchema, {
        maxItems: limits.declaredValues,
        description: 'Values that differ from gateway to gateway, secrets among them.',
      }),
    ),
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
