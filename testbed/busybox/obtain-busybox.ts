/**
 * Obtaining a BusyBox that runs in a root directory with nothing else in it, so a static one: that of the machine,
 * one fetched earlier, or Debian's package, which is unpacked into the cache and not installed.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  findOnPath,
  installOnce,
  isPresent,
  runInstaller,
  type Progress,
} from '../../stack/temporal/install.js';
import { cacheDirectory } from '../../stack/xdg.js';

export interface ObtainBusyBoxOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly onProgress?: Progress;
}

/** A program that may be run as the only one in a root directory and what it calls itself, or why there is none. */
export type BusyBox = { readonly path: string; readonly version: string } | { readonly reason: string };

const fetchTimeoutMs = 60_000;
const probeTimeoutMs = 5_000;

/**
 * Downloads Debian's package with package lists of its own, when the machine's do not know it, and leaves the program
 * alone in the folder.
 */
const fetchScript = `
set -eu
cd "$1"
apt() {
  apt-get -qq -o APT::Sandbox::User=root -o Debug::NoLocking=1 -o Acquire::Retries=0 -o Acquire::http::Timeout=15 "$@"
}
mkdir -p lists/partial cache/archives/partial
apt download busybox-static || {
  apt -o Dir::State::Lists="$1/lists" -o Dir::Cache="$1/cache" update
  apt -o Dir::State::Lists="$1/lists" -o Dir::Cache="$1/cache" download busybox-static
}
dpkg-deb -x busybox-static_*.deb unpacked
mv "$(find unpacked -type f -path '*bin/busybox')" busybox
rm -rf unpacked lists cache busybox-static_*.deb
`;

/** Finds or fetches a static BusyBox. Never throws: where it cannot be had, what it is for is left out. */
export async function obtainBusyBox(options: ObtainBusyBoxOptions = {}): Promise<BusyBox> {
  const env = options.env ?? process.env;
  const onProgress = options.onProgress ?? (() => undefined);
  if (process.getuid?.() !== 0) return { reason: 'a root directory of its own needs the rights of root' };
  const onPath = await findOnPath('busybox', env);
  const own = onPath === undefined ? null : versionAlone(onPath);
  if (onPath !== undefined && own !== null) return { path: onPath, version: own };
  const folder = join(cacheDirectory(env), `busybox-static-${process.arch}`);
  const path = join(folder, 'busybox');
  if (!(await isPresent(path))) {
    for (const program of ['apt-get', 'dpkg-deb']) {
      if ((await findOnPath(program, env)) !== undefined) continue;
      return { reason: `there is no static busybox on PATH, and no ${program} to fetch it with` };
    }
    onProgress("BusyBox: fetching Debian's package busybox-static into the cache");
    try {
      await installOnce(folder, (draft) => fetchInto(draft, env));
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      return { reason: `busybox-static cannot be fetched: ${message.split('\n')[0] ?? ''}` };
    }
  }
  const version = versionAlone(path);
  return version !== null
    ? { path, version }
    : { reason: `${path} does not run in a root directory of its own; may chroot be used here?` };
}

async function fetchInto(draft: string, env: NodeJS.ProcessEnv): Promise<void> {
  await runInstaller({
    command: '/bin/sh',
    args: ['-c', fetchScript, 'fetch', draft],
    env,
    draft,
    timeoutMs: fetchTimeoutMs,
    onHeartbeat: () => undefined,
  });
}

/**
 * What a program calls itself as the only one in a root directory; null when it does not run there. Tried rather than
 * read from its headers: this is what it is wanted for.
 */
function versionAlone(program: string): string | null {
  const root = mkdtempSync(join(tmpdir(), 'leonore-busybox-'));
  try {
    copyFileSync(program, join(root, 'busybox'));
    const run = spawnSync('chroot', [root, '/busybox'], { timeout: probeTimeoutMs, encoding: 'utf8' });
    return run.status === 0 ? (/^BusyBox v\S+/.exec(run.stdout)?.[0] ?? null) : null;
  } finally {
    rmSync(root, { recursive: true });
  }
}
