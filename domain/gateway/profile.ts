/** What the profiler of a gateway reports (paper, section III-B 1): static and dynamic facts. */
import Type, { type Static } from 'typebox';
import { namePattern, variantFormats } from '../artifact/manifest.js';
import { limits } from '../limits.js';
import { gatewayIdPattern, macPattern } from './gateway-id.js';
import { isolationLevels } from './isolation.js';
import { RecordOf, Text } from '../text.js';

const strict = { additionalProperties: false } as const;
const Bytes = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const Fact = Text(256);

/** A hardware component or a tool: a fixed node of the dependency graph. */
export const ComponentSchema = Type.Object(
  {
    name: Text(100, { minLength: 1 }),
    version: Text(256, { minLength: 1 }),
  },
  strict,
);

export const InstalledSchema = Type.Object(
  {
    name: Text(100, { minLength: 1 }),
    version: Text(256, { minLength: 1 }),
    installedSize: Type.Optional(Bytes),
    /** True when an operator asked for it; false when it came as a dependency. */
    requested: Type.Optional(Type.Boolean()),
  },
  strict,
);

export const HardwareSchema = Type.Object(
  {
    arch: Fact,
    cpus: Type.Optional(Type.Integer({ minimum: 0, maximum: 4096 })),
    memoryTotal: Type.Optional(Bytes),
    memoryFree: Type.Optional(Bytes),
    diskTotal: Type.Optional(Bytes),
    diskFree: Type.Optional(Bytes),
    load: Type.Optional(Type.Number({ minimum: 0 })),
    uptimeSeconds: Type.Optional(Type.Number({ minimum: 0 })),
    components: Type.Optional(Type.Array(ComponentSchema, { maxItems: limits.components })),
    /** What the processor can do beyond its instruction set, as its kernel names it: `neon`, `sse4_2`. */
    cpuFeatures: Type.Optional(Type.Array(Text(64, { minLength: 1 }), { maxItems: limits.cpuFeatures })),
  },
  strict,
);

export const SoftwareSchema = Type.Object(
  {
    os: Fact,
    kernel: Type.Optional(Fact),
    /** Name, and version where it is known: `musl`, `glibc 2.36`. */
    libc: Type.Optional(Fact),
    /** Formats that the device takes in place of packages, having a client of its own; absent: it takes packages. */
    formats: Type.Optional(Type.Array(Type.Enum([...variantFormats]), { maxItems: variantFormats.length })),
    tools: Type.Optional(Type.Array(ComponentSchema, { maxItems: limits.tools })),
  },
  strict,
);

export const labelNamePattern = '^[A-Za-z0-9][A-Za-z0-9._/-]{0,62}$';

export const LabelsSchema = RecordOf(labelNamePattern, Fact, {
  maxProperties: limits.labels,
});

/** What became of what is installed: measured, not remembered. */
export const GatewayStateSchema = Type.Object(
  {
    /** How far applications are kept from the system and the agent; tried, not guessed. */
    isolation: Type.Enum([...isolationLevels]),
    /** Whether limits of memory, processes and processor hold. */
    limits: Type.Boolean(),
    /** Names what is installed with its values; opaque. A task may name it as the state that it starts from. */
    digest: Text(limits.stateDigestLength),
    applications: Type.Array(
      Type.Object(
        {
          name: Text(100, { minLength: 1 }),
          up: Type.Boolean(),
          restarts: Type.Integer({ minimum: 0 }),
          /** How it ended last. */
          lastExit: Type.Optional(Fact),
          /** What its last check said; absent when that passed, or there is none. */
          check: Type.Optional(Fact),
          /** Up or down for so long. */
          sinceSeconds: Type.Optional(Type.Integer({ minimum: 0 })),
        },
        strict,
      ),
      { maxItems: limits.installed },
    ),
    /** Names of artifacts whose files are not what their package brought, and cannot be had again for now. */
    damaged: Type.Array(Text(100), { maxItems: limits.installed }),
    /** Of each artifact the digest of its files as they were found last: the end of its directory's name when whole. */
    trees: Type.Optional(
      RecordOf(namePattern, Type.String({ pattern: '^[0-9a-f]{12}$' }), { maxProperties: limits.installed }),
    ),
    /** Why the agent had to put its state together from what was left. */
    rescued: Type.Optional(Fact),
  },
  strict,
);

export const GatewayProfileSchema = Type.Object(
  {
    id: Type.String({ pattern: gatewayIdPattern }),
    name: Type.Optional(Fact),
    mac: Type.Optional(Type.String({ pattern: macPattern })),
    hardware: HardwareSchema,
    software: SoftwareSchema,
    strategies: Type.Optional(Type.Array(Text(32), { maxItems: 8 })),
    protocols: Type.Optional(Type.Array(Text(32), { maxItems: 16 })),
    labels: Type.Optional(LabelsSchema),
    installed: Type.Optional(Type.Array(InstalledSchema, { maxItems: limits.installed })),
    state: Type.Optional(GatewayStateSchema),
  },
  strict,
);

export type Component = Static<typeof ComponentSchema>;
export type Installed = Static<typeof InstalledSchema>;
export type GatewayState = Static<typeof GatewayStateSchema>;
export type GatewayProfile = Static<typeof GatewayProfileSchema>;
/**
 * A profile as selectors read it: `labels` are those that the gateway is known by, `reported` those that it says of itself;
 * absent where nobody tells the two apart.
 */
export type SelectableProfile = GatewayProfile & { readonly reported?: Readonly<Record<string, string>> };
