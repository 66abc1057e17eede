import type { Platform } from '../artifact/manifest.js';

/** What gateways report, by the names of Debian; OpenWrt's begin with the processor's family. */
const reported: Readonly<Record<string, string>> = {
  amd64: 'x86_64',
  arm64: 'aarch64',
  armel: 'armv5tel',
  armhf: 'armv7',
  i386: 'i686',
  mipsel: 'mips',
  mips64el: 'mips64',
  powerpc: 'ppc',
  ppc64el: 'ppc64le',
};

/** ARM cores of OpenWrt older than ARMv7, which all others of its 32-bit targets are. */
const olderCores: readonly (readonly [RegExp, string])[] = [
  [/^arm_(?:arm926ej-s|xscale|fa526)/u, 'armv5tel'],
  [/^arm_(?:arm1176|mpcore)/u, 'armv6'],
];

/**
 * The gateways that a package is for, by its field Architecture.
 * @returns undefined when it is for all of them
 */
export function platformOf(architecture: string): Platform | undefined {
  if (architecture === 'all' || architecture === 'noarch') return undefined;
  return { arch: archOf(architecture), os: 'linux' };
}

function archOf(architecture: string): string {
  const known = reported[architecture];
  if (known !== undefined) return known;
  const older = olderCores.find(([core]) => core.test(architecture));
  if (older !== undefined) return older[1];
  if (architecture.startsWith('x86_64')) return 'x86_64';
  const [family = architecture] = architecture.split('_', 1);
  return family === 'arm' ? 'armv7' : (reported[family] ?? family);
}
