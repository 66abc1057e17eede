/**
 * Debian's mender-client as a device has it: its daemon in a root directory of its own, since its paths are built into it,
 * and artifacts that it takes.
 */
import { execFile } from 'node:child_process';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ClientCommand } from './client-process.js';
import { obtainPackages, type UnpackedPackages } from './debian-packages.js';

const run = promisify(execFile);

const packages = ['mender-client', 'mender-artifact', 'libglib2.0-0', 'liblzma5', 'libssl3', 'libpcre2-8-0'];
/** Where the packages lie inside of the root directory. */
const inside = '/opt/mender';

/**
 * The machine's programs and libraries are mounted where only the client and its children see them, so that nothing stays
 * mounted when they have ended, however they ended.
 */
const enter = `
set -eu
root=$1 packages=$2 libraries=$3
shift 3
for directory in bin sbin lib lib64 usr/bin usr/sbin usr/lib usr/lib64 dev proc; do
  if [ ! -d "/$directory" ]; then continue; fi
  mkdir -p "$root/$directory"
  mount --rbind "/$directory" "$root/$directory"
done
mkdir -p "$root${inside}"
mount --bind "$packages" "$root${inside}"
exec chroot "$root" /usr/bin/env -i PATH=/usr/bin:/usr/sbin:/bin:/sbin LD_LIBRARY_PATH="$libraries" "$@"
`;

/** @returns null where it is not to be had, or may not have a root directory of its own */
export async function obtainMenderClient(): Promise<UnpackedPackages | null> {
  const unpacked = await obtainPackages('mender', packages);
  if (unpacked === null) return null;
  const root = join(unpacked.root, 'probe');
  try {
    await mkdir(root, { recursive: true });
    const { command, args, env } = inRoot(unpacked, root, ['mender', '--version']);
    await run(command, args, { env });
    await runArtifactTool(unpacked, ['--version']);
    return unpacked;
  } catch {
    return null;
  }
}

function inRoot(
  { root: packagesRoot, libraries }: UnpackedPackages,
  root: string,
  [program = '', ...words]: readonly string[],
): ClientCommand {
  const isRoot = process.getuid?.() === 0;
  return {
    command: 'unshare',
    args: [
      ...(isRoot ? ['--mount'] : ['--mount', '--map-root-user']),
      ...['sh', '-c', enter, 'enter', root, packagesRoot, libraries.replaceAll(packagesRoot, inside)],
      ...[`${inside}/usr/bin/${program}`, ...words],
    ],
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
  };
}

export interface MenderDeviceOptions {
  /** Of the device API. */
  readonly url: string;
  readonly mac: string;
  /** What lets it in the first time. */
  readonly tenantToken: string;
  /** What it says of itself beside what its package's scripts find out. */
  readonly attributes: Readonly<Record<string, string>>;
}

/**
 * How a device runs it. Makes its root directory; what is there already stays, its key among it.
 * @param root the device's root directory; what is installed below `/data` lies in `data` of it
 */
export async function menderCommand(
  unpacked: UnpackedPackages,
  root: string,
  { url, mac, tenantToken, attributes }: MenderDeviceOptions,
): Promise<ClientCommand> {
  for (const name of ['etc/mender', 'var/lib/mender', 'usr/share', 'tmp', 'data'])
    await mkdir(join(root, name), { recursive: true });
  const scripts = join(root, 'usr', 'share', 'mender');
  await cp(join(unpacked.root, 'usr', 'share', 'mender'), scripts, { recursive: true });
  // Debian leaves it to the device which of its scripts it has: one asks a service in the Internet where it is, and one says a
  // sentence for `os`, which with the attribute of that name would be a list of both.
  const examples = join(unpacked.root, 'usr', 'share', 'doc', 'mender-client', 'examples');
  for (const name of ['hostinfo', 'update-modules'])
    await cp(
      join(examples, `mender-inventory-${name}`),
      join(scripts, 'inventory', `mender-inventory-${name}`),
    );
  await writeScript(join(scripts, 'identity', 'mender-device-identity'), [`mac=${mac}`]);
  const own = Object.entries(attributes).map(([name, value]) => `${name}=${value}`);
  await writeScript(join(scripts, 'inventory', 'mender-inventory-own'), own);
  await writeFile(join(root, 'etc', 'mender', 'artifact_info'), 'artifact_name=factory\n');
  await writeFile(join(root, 'var', 'lib', 'mender', 'device_type'), `device_type=${deviceType}\n`);
  const configuration = {
    ...{ ServerURL: url, TenantToken: tenantToken },
    ...{ UpdatePollIntervalSeconds: 1, InventoryPollIntervalSeconds: 1, RetryPollIntervalSeconds: 1 },
    ...{ DeviceTypeFile: '/var/lib/mender/device_type', DBus: { Enabled: false } },
  };
  await writeFile(join(root, 'etc', 'mender', 'mender.conf'), JSON.stringify(configuration));
  return inRoot(unpacked, root, ['mender', '--no-syslog', 'daemon']);
}

/** A script that prints lines. */
async function writeScript(path: string, lines: readonly string[]): Promise<void> {
  await writeFile(path, `#!/bin/sh\ncat <<'END'\n${lines.join('\n')}\nEND\n`, { mode: 0o755 });
}

/** What the artifacts are made for. */
const deviceType = 'board';

/**
 * An artifact that puts one file in its place, by the update module that comes with the client.
 * @param directory for what is needed to make it
 * @param failing its installation fails, and says so
 */
export async function makeMenderArtifact(
  unpacked: UnpackedPackages,
  directory: string,
  file: {
    readonly name: string;
    readonly fileName: string;
    readonly content: string;
    readonly failing?: boolean;
  },
): Promise<string> {
  const place = join(directory, file.name);
  await mkdir(place, { recursive: true });
  const written = {
    ...{ dest_dir: '/data', filename: file.fileName, permissions: '644', [file.fileName]: file.content },
  };
  for (const [name, text] of Object.entries(written)) await writeFile(join(place, name), text);
  const script = join(place, 'ArtifactInstall_Enter_00');
  if (file.failing === true)
    await writeFile(script, '#!/bin/sh\necho "there is no room for it" >&2\nexit 1\n', { mode: 0o755 });
  const made = join(directory, `${file.name}.mender`);
  await runArtifactTool(unpacked, [
    ...['write', 'module-image', '-T', 'single-file', '-t', deviceType, '-n', file.name, '-o', made],
    ...Object.keys(written).flatMap((name) => ['-f', join(place, name)]),
    ...(file.failing === true ? ['-s', script] : []),
  ]);
  return made;
}

async function runArtifactTool(
  { root, libraries }: UnpackedPackages,
  words: readonly string[],
): Promise<void> {
  const env = { PATH: process.env['PATH'], LD_LIBRARY_PATH: libraries };
  await run(join(root, 'usr', 'bin', 'mender-artifact'), words, { env });
}
