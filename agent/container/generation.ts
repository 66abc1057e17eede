/** What a generation of the container holds: the file `generation.json` in its directory. */
import Type, { type Static } from 'typebox';
import { PackagedArtifactSchema } from '../../domain/package-format/package-manifest.js';
import type { Installed } from '../../domain/gateway/profile.js';

export const InstalledArtifactSchema = Type.Object({
  artifact: PackagedArtifactSchema,
  /** Directory of its files, relative to the container. */
  home: Type.String(),
  /** Package that brought it; its control scripts lie in packages/<id>/. */
  packageId: Type.String(),
  /** Archive of that package, to fetch it again when the artifact has to be restored. */
  archive: Type.Object({ digest: Type.String(), sizeBytes: Type.Integer() }),
  /** What it needs of others that are installed, when its task said so. */
  requires: Type.Optional(Type.Array(Type.Object({ name: Type.String(), range: Type.String() }))),
  /** Whether it is to run, when an order has said so; else its policy counts. */
  run: Type.Optional(Type.Boolean()),
});

export const GenerationSchema = Type.Object({
  /** In install order. */
  artifacts: Type.Array(InstalledArtifactSchema),
});

export type InstalledArtifact = Static<typeof InstalledArtifactSchema>;

export interface Generation {
  /** Name of its directory: a number that grows. */
  readonly name: string;
  readonly artifacts: readonly InstalledArtifact[];
}

/** Whether an artifact is an application that is to be up. */
export function isToRun({ artifact, run }: InstalledArtifact): boolean {
  return run ?? artifact.start;
}

/** Digest of an artifact's files as its package promised them. */
export function promisedTree(home: string): string {
  return home.slice(home.lastIndexOf('-') + 1);
}

/** Whether its manifest names something to look at, beside staying up. */
export function isChecked({ artifact: { health, limits } }: InstalledArtifact): boolean {
  const named = [health?.check, health?.tcp, health?.http, limits?.diskBytes];
  return named.some((one) => one !== undefined);
}

/** Between two looks at what an application with a share of the disk keeps, when its manifest names no period. */
const diskPeriodSeconds = 10;

/** How often what its manifest names is looked at for ever after; undefined: never again. */
export function checkPeriodSeconds({ artifact: { health, limits } }: InstalledArtifact): number | undefined {
  return health?.periodSeconds ?? (limits?.diskBytes === undefined ? undefined : diskPeriodSeconds);
}

/** What profile and reports say of an installed artifact. */
export function installedFacts({ artifact }: InstalledArtifact): Installed {
  const { name, version, installedSize, requested } = artifact;
  return { name, version, installedSize, requested };
}
