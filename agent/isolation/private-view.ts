/**
 * A mount namespace in which the container is the only place that can be written, and the agent's own directory is
 * empty. It is made once, by a process that ends at once; an open file of the agent's keeps it.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { makeDevices } from './unit-needs.js';

/** $1 the container, $2 the agent's directory. Whatever cannot be made read-only makes all of it fail. */
const setUp = `set -eu
mount --bind "$1" "$1"
mount -t tmpfs -o size=4k,mode=0555 tmpfs "$2"
mounts=$(cat /proc/self/mounts)
printf '%s\\n' "$mounts" | while read -r _device point _type options _rest; do
  point=$(printf %b "$point")
  [ "$point" != "$1" ] || continue
  flags=
  for flag in nosuid nodev noexec; do
    case ,$options, in *",$flag,"*) flags=$flags,$flag ;; esac
  done
  mount -o "remount,bind,ro$flags" "$point"
done
${makeDevices}
mount -o remount,bind,ro /dev
# Of several mounts at one place the last can be seen, and it alone.
awk -v container="$1" '
  { options[$2] = "," $4 "," }
  END { for (point in options) if (point != container && options[point] !~ /,ro,/) exit 1 }
' /proc/self/mounts
echo ready
read -r _end`;

const setUpMs = 10_000;

/** @returns the open file that holds the namespace, or null where the kernel gives none */
export async function openPrivateView(container: string, own: string): Promise<number | null> {
  const child = spawn('unshare', ['--mount', 'sh', '-c', setUp, 'sh', container, own], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const gone = once(child, 'close').catch(() => undefined);
  const timer = setTimeout(() => child.kill('SIGKILL'), setUpMs);
  try {
    const ready = await Promise.race([once(child.stdout, 'data').then(() => true), gone.then(() => false)]);
    if (!ready || child.pid === undefined) return null;
    return openSync(`/proc/${String(child.pid)}/ns/mnt`, 'r');
  } catch {
    return null;
  } finally {
    clearTimeout(timer);
    child.stdin.on('error', () => undefined);
    child.stdin.end('\n');
    await gone;
  }
}
