/**
 * What runs inside a sandbox, as POSIX sh. From there no other process of the machine is to be seen, and no file but
 * the system's programs and the build's own directory.
 */

/** The build's directory as the script sees it: always the same, or its name would get into what is built. */
export const buildRoot = '/build';

/** Of the machine's files these may be read: programs, libraries and what the linker needs to find them. */
const systemDirectories = ['usr', 'bin', 'sbin', 'lib', 'lib32', 'lib64', 'libx32'];
const systemFiles = ['etc/alternatives', 'etc/ld.so.cache', 'etc/ld.so.conf', 'etc/ld.so.conf.d'];
const devices = ['null', 'zero', 'full', 'random', 'urandom'];

/** Arguments of bubblewrap that show the same as {@link namespaceScript} does. */
export function bubblewrapView(work: string): string[] {
  const readOnly = [...systemDirectories, ...systemFiles].flatMap((path) => [
    ...['--ro-bind-try', `/${path}`, `/${path}`],
  ]);
  return [
    ...readOnly,
    ...['--proc', '/proc', '--dev', '/dev', '--bind', work, buildRoot, '--bind', `${work}/tmp`, '/tmp'],
    // Both are in memory, and nobody would count what is written there.
    ...['--remount-ro', '/dev', '--remount-ro', '/'],
  ];
}

/**
 * First process of fresh namespaces (pid, mount, network, ipc, uts): makes a root of its own, steps into it and runs
 * the rest of its arguments there. It stays until that has ended, and it ends with `unshare`; then the kernel ends
 * every process of the namespace.
 *
 * $1 an empty directory to become the root, $2 the build's directory, then a command.
 */
export const namespaceScript = `set -eu
root=$1 work=$2
shift 2
mount --make-rprivate /
mount -t tmpfs -o size=4m,mode=0755,nosuid,nodev none "$root"
for name in ${systemDirectories.join(' ')}; do
  if [ -L "/$name" ]; then
    ln -s "$(readlink "/$name")" "$root/$name"
  elif [ -d "/$name" ]; then
    mkdir "$root/$name"
    mount --rbind "/$name" "$root/$name"
    mount -o remount,bind,ro,nosuid "$root/$name"
  fi
done
mkdir "$root/etc" "$root/proc" "$root/dev" "$root/tmp" "$root${buildRoot}"
for name in ${systemFiles.join(' ')}; do
  if [ -d "/$name" ]; then
    mkdir "$root/$name"
  elif [ -f "/$name" ]; then
    : >"$root/$name"
  else
    continue
  fi
  mount --bind "/$name" "$root/$name"
  mount -o remount,bind,ro,nosuid "$root/$name"
done
for name in ${devices.join(' ')}; do
  : >"$root/dev/$name"
  mount --bind "/dev/$name" "$root/dev/$name"
done
mount -t proc -o nosuid,nodev,noexec none "$root/proc"
mount --bind "$work" "$root${buildRoot}"
mount --bind "$work/tmp" "$root/tmp"
mount -o remount,ro,nosuid,nodev "$root"
cd "$root"
chroot . "$@"
`;

/**
 * Becomes the build script. First it tells on descriptor 3 in which pid namespace it is, so that its processes can be
 * found and counted from outside; then it limits itself. Shells differ in what their ulimit knows, so the number of
 * processes is prlimit's business.
 *
 * $1 memory in KiB, $2 file size in blocks of 512 bytes, $3 seconds of processor time, $4 processes, $5 open files,
 * $6 directory of the sources, $7 the script.
 */
export const limitScript = `readlink /proc/self/ns/pid >&3 2>/dev/null
exec 3>&-
set -e
ulimit -c 0
ulimit -d "$1"
ulimit -f "$2"
ulimit -t "$3"
ulimit -n "$5"
prlimit --pid $$ --nproc="$4:$4" 2>/dev/null || echo 'the number of processes is not limited: there is no prlimit'
umask 022
cd "$6"
exec sh "./$7"
`;
