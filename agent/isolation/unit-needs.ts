/** What an artifact's manifest asks for beyond its own directories, and how a unit is given it. */
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';

export interface UnitNeeds {
  /** Device files. */
  readonly devices?: readonly string[] | undefined;
  /** Files and directories that are to be written where their permissions let the applications' user. */
  readonly paths?: readonly string[] | undefined;
  /** Ports that it listens on. */
  readonly ports?: readonly number[] | undefined;
}

/** Ports below are for those who may bind them. */
const firstFreePort = 1_024;

/** Device files that every unit has, by name in /dev: kind, major and minor number. */
const plainDevices = ['null 1 3', 'zero 1 5', 'full 1 7', 'random 1 8', 'urandom 1 9', 'tty 5 0'];

/** Makes a /dev of its own of plain devices. To be run with the rights of root, in a mount namespace. */
export const makeDevices = `mount -t tmpfs -o size=64k,mode=0755 tmpfs /dev
for device in ${plainDevices.map((device) => `'${device}'`).join(' ')}; do
  set -- $device "$@"
  mknod -m 666 "/dev/$1" c "$2" "$3"
  shift 3
done
ln -s /proc/self/fd /dev/fd
for name in stdin:0 stdout:1 stderr:2; do ln -s "/proc/self/fd/\${name#*:}" "/dev/\${name%:*}"; done`;

/**
 * In a mount namespace of the unit's own: $1 the user, $2 the working directory, then `PATH KIND MAJOR MINOR` of each
 * device, `--`, each path, `--`, and the command that it becomes.
 */
export const grant = `set -eu
user=$1 cwd=$2
shift 2
${makeDevices}
while [ "$1" != -- ]; do
  mkdir -p "\${1%/*}"
  mknod -m 600 "$1" "$2" "$3" "$4"
  chown "$user" "$1"
  shift 4
done
shift
mount -o remount,bind,ro /dev
while [ "$1" != -- ]; do
  mount --bind "$1" "$1"
  mount -o remount,bind,rw "$1"
  shift
done
shift
cd "$cwd"
exec "$@"`;

/**
 * The arguments of `grant` that name devices and paths.
 *
 * @param hidden directories that no unit may be given, nor anything that holds them
 * @throws Error that names what cannot be given
 */
export async function grantArguments(needs: UnitNeeds, hidden: readonly string[]): Promise<string[]> {
  const devices: string[] = [];
  for (const device of needs.devices ?? []) devices.push(device, ...(await deviceNumbers(device)));
  const paths = (needs.paths ?? []).map((path) => resolve(path));
  for (const path of paths) {
    if (hidden.some((own) => own === path || own.startsWith(path === '/' ? path : `${path}/`))) {
      throw new Error(`needs ${path}, which holds the agent's own directory`);
    }
    await stat(path).catch(() => {
      throw new Error(`needs ${path}, which is not there`);
    });
  }
  return [...devices, '--', ...paths, '--'];
}

/** Capabilities that a unit keeps: to bind the ports that it declares, where not everybody may. */
export function capabilities({ ports = [] }: UnitNeeds): readonly string[] {
  return ports.some((port) => port < firstFreePort) ? ['net_bind_service'] : [];
}

async function deviceNumbers(device: string): Promise<[string, string, string]> {
  const found = await stat(device).catch(() => null);
  if (found === null || !(found.isCharacterDevice() || found.isBlockDevice())) {
    throw new Error(`needs the device ${device}, which is not there`);
  }
  // As the kernel packs them: 12 bits of the major number between the halves of 20 of the minor one.
  const { rdev } = found;
  const major = (rdev >>> 8) & 0xfff;
  const minor = (rdev & 0xff) | ((rdev >>> 12) & 0xfff00);
  return [found.isBlockDevice() ? 'b' : 'c', String(major), String(minor)];
}
