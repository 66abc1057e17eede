import { readFileSync } from 'node:fs';
import { chmod, readdir, rename } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { packageRoot } from '../../process/package-root.js';
import { type Progress, runInstaller } from './install.js';

const timeoutMs = 10 * 60_000;
/** A machine without access to the download is told from a slow one by nothing arriving at all. */
const stallMs = 15_000;

/** The version of the SDK, which decides what it downloads. */
export function sdkVersion(): string {
  const entry = createRequire(import.meta.url).resolve('@temporalio/client');
  const manifest = join(dirname(entry), '..', 'package.json');
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
}

/**
 * Has the SDK download a server and puts it into `draft` as `name`.
 * @throws Error with the reason when the SDK cannot
 */
export async function downloadWithSdk(
  kind: 'dev-server' | 'time-skipping',
  draft: string,
  name: string,
  onProgress: Progress,
): Promise<void> {
  await runInstaller({
    command: process.execPath,
    args: [join(packageRoot(), 'dist', 'stack', 'temporal', 'sdk-download.js'), kind, draft],
    env: process.env,
    draft,
    timeoutMs,
    stallMs,
    onHeartbeat: (elapsedMs) => onProgress(`still downloading (${Math.round(elapsedMs / 1000)} s)`),
  });
  const [downloaded] = await readdir(draft);
  if (downloaded === undefined) throw new Error('the SDK downloaded nothing');
  const path = join(draft, name);
  await rename(join(draft, downloaded), path);
  await chmod(path, 0o755);
}
