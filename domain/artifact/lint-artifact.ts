import type { PlacePath } from './json-places.js';
import type { ArtifactManifest } from './manifest.js';
import { shellLints } from './shell-lints.js';

/** Something that LEONORE takes, but that its author hardly meant. */
export interface ArtifactLint {
  readonly rule: 'arch-unknown' | 'no-stop-script' | 'build-metadata' | 'not-posix-sh';
  readonly message: string;
  /** What of the manifest it is about. */
  readonly path?: PlacePath;
  /** The script that it is about, and its line, from 1. */
  readonly script?: { readonly file: string; readonly line: number };
}

/** A file that is run with sh. */
export interface ScriptFile {
  /** Inside the artifact. */
  readonly file: string;
  readonly text: string;
}

/** Architectures as agents report them: what Linux calls them, with the names that agents take for one. */
const architectures: ReadonlySet<string> = new Set([
  ...['armv5tel', 'armv6', 'armv7', 'armv8', 'aarch64', 'i686', 'x86_64', 'ia64', 'loongarch64', 'm68k'],
  ...['mips', 'mips64', 'ppc', 'ppc64', 'ppc64le', 'riscv32', 'riscv64', 's390x', 'sparc', 'sparc64'],
]);

/** What others call them. */
const otherNames: Readonly<Record<string, string>> = {
  amd64: 'x86_64',
  x64: 'x86_64',
  'x86-64': 'x86_64',
  x86: 'i686',
  i386: 'i686',
  i486: 'i686',
  i586: 'i686',
  ia32: 'i686',
  arm64: 'aarch64',
  armv8l: 'armv8',
  arm: 'armv7',
  armhf: 'armv7',
  armv7l: 'armv7',
  armv7a: 'armv7',
  armv6l: 'armv6',
  armel: 'armv5tel',
  mipsel: 'mips',
  mips64el: 'mips64',
  mips64le: 'mips64',
  ppc64el: 'ppc64le',
  powerpc: 'ppc',
};

/** What is suspicious of an artifact that passed every check. */
export function lintArtifact(manifest: ArtifactManifest, scripts: readonly ScriptFile[]): ArtifactLint[] {
  return [
    ...versionLints(manifest),
    ...architectureLints(manifest),
    ...stopLints(manifest),
    ...scripts.flatMap(({ file, text }) =>
      shellLints(text).map(({ line, message }): ArtifactLint => ({
        rule: 'not-posix-sh',
        message,
        script: { file, line },
      })),
    ),
  ];
}

function versionLints({ version }: ArtifactManifest): ArtifactLint[] {
  const [precedence = '', metadata] = version.split('+');
  if (metadata === undefined) return [];
  const message = `what follows the + makes no other version: by SemVer this is as new as ${precedence} and as any other ${precedence}+...`;
  return [{ rule: 'build-metadata', path: ['version'], message }];
}

function architectureLints({ variants = [] }: ArtifactManifest): ArtifactLint[] {
  return variants.flatMap(({ platform }, index): ArtifactLint[] => {
    const arch = platform?.arch;
    if (arch === undefined || architectures.has(arch)) return [];
    const meant =
      otherNames[arch.toLowerCase()] ?? [...architectures].find((one) => one === arch.toLowerCase());
    const hint = meant === undefined ? '' : `; gateways report ${JSON.stringify(meant)}`;
    const message = `no gateway reports the architecture ${JSON.stringify(arch)}${hint}`;
    return [{ rule: 'arch-unknown', path: ['variants', index, 'platform', 'arch'], message }];
  });
}

function stopLints({ kind, control }: ArtifactManifest): ArtifactLint[] {
  if (kind !== 'application' || control?.start === undefined || control.stop !== undefined) return [];
  const message = 'there is no stop script: its processes are ended by signals alone, TERM and then KILL';
  return [{ rule: 'no-stop-script', path: ['control'], message }];
}
