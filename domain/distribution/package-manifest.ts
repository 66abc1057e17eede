import type { ArtifactManifest, NamedRange, Platform, Requirement } from '../artifact/manifest.js';
import { LeonoreError } from '../errors.js';
import { cleanText } from '../text.js';
import { platformOf } from './architecture.js';
import type { Paragraph } from './control-file.js';
import type { Loss } from './loss.js';
import { readRelations, type Relation } from './relation.js';
import { semverOf } from './semver-of.js';

/** Epochs in which versions of a name are known; undefined where nothing is known of it. */
type EpochsOf = (name: string) => ReadonlySet<number> | undefined;

/** A package of a distribution as an artifact without its files. */
export interface ImportedPackage {
  /** Without variants: what they are is for those to say who have the files, or their sizes. */
  readonly manifest: ArtifactManifest;
  /** The gateways that it is for; undefined: all. */
  readonly platform: Platform | undefined;
  readonly losses: readonly Loss[];
}

/** The lowest version there is: of what is provided without a version. No bound of a package takes it. */
const noVersion = '0.0.0-0';
const anyVersion = `>${noVersion}`;
const nothing = `<${noVersion}`;

/** Fields that say something of other packages for which a manifest has no word; `Alternatives` is OpenWrt's. */
const uncarried = ['recommends', 'suggests', 'enhances', 'replaces', 'alternatives'];
const longestSynopsis = 200;
const longestDescription = 1_000;

/**
 * Makes a manifest of a package's control paragraph. Relations within ranges of versions are those of dpkg; versions are
 * mapped by semverOf.
 * @param epochsOf tells bounds apart whose epoch is not that of what they are about
 * @throws LeonoreError MALFORMED_INPUT that names the field
 */
export function packageManifest(fields: Paragraph, epochsOf: EpochsOf = () => undefined): ImportedPackage {
  const name = required(fields, 'Package');
  const original = required(fields, 'Version');
  const architecture = required(fields, 'Architecture');
  const { semver: version, epoch } = inField('Version', () => semverOf(original));
  const reader = new RelationReader(fields, epochsOf);
  const requires = reader.eachGroup(['Pre-Depends', 'Depends'], (group) => [reader.requirement(group)]);
  const provides = reader.each(['Provides'], (relation) => [reader.provision(relation)]);
  const conflicts = reader.each(['Conflicts', 'Breaks'], (relation) => reader.conflict(relation));
  const losses: Loss[] = [...reader.losses];
  if (epoch > 0) losses.push({ kind: 'epoch', what: `Version: ${original}` });
  if (/^mips(64)?el/u.test(architecture))
    losses.push({ kind: 'byte-order', what: `Architecture: ${architecture}` });
  for (const field of uncarried) {
    const text = fields.get(field) ?? '';
    if (text !== '') losses.push({ kind: 'relation', what: `${titled(field)}: ${text}` });
  }
  const isEssential = fields.get('essential') === 'yes';
  const manifest: ArtifactManifest = {
    name,
    version,
    kind: isLibrary(name, fields.get('section')) ? 'library' : 'tool',
    description: descriptionOf(fields, original),
    ...(requires.length === 0 ? {} : { requires }),
    ...(provides.length === 0 ? {} : { provides }),
    ...(conflicts.length === 0 ? {} : { conflicts }),
    // Its versions are prereleases by their form alone.
    policies: { prerelease: true, ...(isEssential ? { removable: false } : {}) },
  };
  return { manifest, platform: platformOf(architecture), losses };
}

/** Epochs of what a package is and provides, by name. */
export function epochsIn(fields: Paragraph): [string, number][] {
  const own: [string, number] = [
    required(fields, 'Package'),
    inField('Version', () => semverOf(required(fields, 'Version'))).epoch,
  ];
  const provided = inField('Provides', () => readRelations(fields.get('provides') ?? ''))
    .flat()
    .flatMap(({ name, bound }): [string, number][] =>
      bound === undefined ? [] : [[name, inField('Provides', () => semverOf(bound.version)).epoch]],
    );
  return [own, ...provided];
}

class RelationReader {
  readonly losses: Loss[] = [];

  constructor(
    private readonly fields: Paragraph,
    private readonly epochsOf: EpochsOf,
  ) {}

  eachGroup<T>(fields: readonly string[], read: (group: readonly Relation[]) => T[]): T[] {
    return fields.flatMap((field) =>
      inField(field, () =>
        readRelations(this.fields.get(field.toLowerCase()) ?? '').flatMap((group) => {
          for (const relation of group) this.noteArchitecture(field, relation);
          return read(group);
        }),
      ),
    );
  }

  /** Of fields without alternatives. */
  each<T>(fields: readonly string[], read: (relation: Relation) => T[]): T[] {
    return this.eachGroup(fields, ([only, ...others]) => {
      if (only === undefined || others.length > 0)
        throw new LeonoreError('MALFORMED_INPUT', 'there may be no alternatives');
      return read(only);
    });
  }

  requirement(group: readonly Relation[]): Requirement {
    const options = group.map((relation) => this.range(relation));
    const possible = options.filter(({ version }) => version !== nothing);
    const [only, ...others] = possible.length === 0 ? options : possible;
    if (only === undefined) throw new LeonoreError('MALFORMED_INPUT', 'a requirement names no package');
    return others.length === 0 ? only : { anyOf: [only, ...others] };
  }

  provision({ name, bound }: Relation): { name: string; version: string } {
    return { name, version: bound === undefined ? noVersion : semverOf(bound.version).semver };
  }

  conflict(relation: Relation): NamedRange[] {
    const range = this.range(relation);
    return range.version === nothing ? [] : [range];
  }

  private noteArchitecture(field: string, { name, architecture }: Relation): void {
    if (architecture === undefined || architecture === 'any' || architecture === 'native') return;
    this.losses.push({ kind: 'architecture', what: `${field}: ${name}:${architecture}` });
  }

  private range({ name, bound }: Relation): NamedRange {
    if (bound === undefined) return { name };
    const { semver, epoch } = semverOf(bound.version);
    const known = [...(this.epochsOf(name) ?? [])];
    // Where all versions there are have another epoch, that alone decides.
    const isOlder = known.length > 0 && known.every((other) => other > epoch);
    const isNewer = known.length > 0 && known.every((other) => other < epoch);
    if (isOlder) return { name, version: bound.operator.startsWith('>') ? anyVersion : nothing };
    if (isNewer) return { name, version: bound.operator.startsWith('<') ? anyVersion : nothing };
    if (known.some((other) => other !== epoch) || (known.length === 0 && epoch > 0))
      this.losses.push({ kind: 'epoch', what: `${name} ${bound.operator} ${bound.version}` });
    return { name, version: rangeTexts[bound.operator](semver) };
  }
}

/** No bound takes what is provided without a version, as with dpkg. */
const rangeTexts = {
  '<<': (version: string) => `${anyVersion} <${version}`,
  '<=': (version: string) => `${anyVersion} <=${version}`,
  '=': (version: string) => version,
  '>=': (version: string) => `>=${version}`,
  '>>': (version: string) => `>${version}`,
} as const;

function required(fields: Paragraph, field: string): string {
  const text = fields.get(field.toLowerCase()) ?? '';
  if (text === '') throw new LeonoreError('MALFORMED_INPUT', `the field ${field} is missing`);
  return text;
}

/** Says in which field something was wrong. */
function inField<T>(field: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof LeonoreError)) throw error;
    throw new LeonoreError(error.code, `${field}: ${error.message}`, error.details, { cause: error });
  }
}

function isLibrary(name: string, section = ''): boolean {
  return name.startsWith('lib') || /(?:^|\/)(?:libs|oldlibs|libdevel)$/u.test(section);
}

/** The first line of its description, and the version as the distribution prints it. */
function descriptionOf(fields: Paragraph, original: string): string {
  const [line = ''] = (fields.get('description') ?? '').split('\n', 1);
  const synopsis = line.slice(0, longestSynopsis);
  const text = `${synopsis} (${original} of its distribution)`.trim();
  return cleanText(text, longestDescription);
}

function titled(field: string): string {
  return `${field.slice(0, 1).toUpperCase()}${field.slice(1)}`;
}
