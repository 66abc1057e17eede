import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { LeonoreError } from '../../domain/errors.js';
import { cacheDirectory } from '../xdg.js';
import { findOnPath, installOnce, isPresent, type Progress, runInstaller } from './install.js';
import { downloadWithSdk, sdkVersion } from './sdk-source.js';

/**
 * Obtaining the Temporal server (the `temporal` CLI holds it, with its web UI).
 *
 * What the user has comes first, then what an earlier run fetched, then the ways to fetch it: the SDK's download
 * (quick, but not reachable from everywhere), and building it with Go (two minutes, needs nothing but Go's module
 * proxy).
 */

const execute = promisify(execFile);

/** The newest version that `go install` accepts: later ones have a replace directive in their go.mod. */
const goVersion = '1.5.1';
const goModule = `github.com/temporalio/cli/cmd/temporal@v${goVersion}`;
const goTimeoutMs = 15 * 60_000;
const probeTimeoutMs = 15_000;

export interface ObtainOptions {
  readonly onProgress?: Progress;
  /** Environment that is looked at; default that of this process. */
  readonly env?: NodeJS.ProcessEnv;
  /** Leaves the SDK's download out, which tests must not depend on. */
  readonly withoutDownload?: boolean;
}

/**
 * Finds or fetches the `temporal` program.
 * @returns its path
 * @throws LeonoreError TEMPORAL_UNAVAILABLE that names all the ways to provide it
 */
export async function obtainTemporalCli(options: ObtainOptions = {}): Promise<string> {
  const env = options.env ?? process.env;
  const onProgress = options.onProgress ?? (() => undefined);
  return (
    (await configured(env, onProgress)) ??
    (await onPath(env, onProgress)) ??
    (await cached(env, onProgress)) ??
    (await fetched(env, onProgress, options.withoutDownload === true))
  );
}

async function configured(env: NodeJS.ProcessEnv, onProgress: Progress): Promise<string | undefined> {
  const path = env['TEMPORAL_CLI'];
  if (path === undefined || path === '') return undefined;
  const version = await probe(path);
  if (version === undefined) {
    // Going on with another one would hide the mistake.
    throw new LeonoreError(
      'TEMPORAL_UNAVAILABLE',
      `TEMPORAL_CLI names ${path}, which does not run as the Temporal CLI`,
    );
  }
  onProgress(`Temporal: ${path} from TEMPORAL_CLI (${version})`);
  return path;
}

async function onPath(env: NodeJS.ProcessEnv, onProgress: Progress): Promise<string | undefined> {
  const path = await findOnPath('temporal', env);
  if (path === undefined) return undefined;
  const version = await probe(path);
  onProgress(
    version === undefined
      ? `Temporal: ${path} does not run as the Temporal CLI, looking further`
      : `Temporal: ${path} from PATH (${version})`,
  );
  return version === undefined ? undefined : path;
}

/** One folder of the cache for each source and version. */
function cacheFolders(env: NodeJS.ProcessEnv): { sdk: string; go: string } {
  const root = join(cacheDirectory(env), 'temporal');
  return { sdk: join(root, `cli-sdk-${sdkVersion()}`), go: join(root, `cli-go-${goVersion}`) };
}

async function cached(env: NodeJS.ProcessEnv, onProgress: Progress): Promise<string | undefined> {
  const folders = cacheFolders(env);
  for (const folder of [folders.sdk, folders.go]) {
    const path = join(folder, 'temporal');
    if (!(await isPresent(path))) continue;
    onProgress(`Temporal: ${path} from the cache`);
    return path;
  }
  return undefined;
}

interface Source {
  readonly name: string;
  readonly folder: string;
  readonly install: (draft: string) => Promise<void>;
}

async function fetched(
  env: NodeJS.ProcessEnv,
  onProgress: Progress,
  withoutDownload: boolean,
): Promise<string> {
  const folders = cacheFolders(env);
  const reasons: string[] = [];
  const download: Source = {
    name: "the SDK's download",
    folder: folders.sdk,
    install: (draft) =>
      downloadWithSdk('dev-server', draft, 'temporal', (line) => onProgress(`Temporal: ${line}`)),
  };
  const build: Source = {
    name: 'go install (about two minutes)',
    folder: folders.go,
    install: (draft) => goInstall(draft, env, onProgress),
  };
  for (const { name, folder, install } of withoutDownload ? [build] : [download, build]) {
    onProgress(`Temporal: trying ${name}`);
    try {
      await installOnce(folder, install);
      onProgress(`Temporal: kept in ${folder} for the next time`);
      return join(folder, 'temporal');
    } catch (error) {
      const reason = firstLine(error);
      onProgress(`Temporal: ${name} did not work: ${reason}`);
      reasons.push(`${name}: ${reason}`);
    }
  }
  throw new LeonoreError(
    'TEMPORAL_UNAVAILABLE',
    [
      'no Temporal server could be obtained. Do one of these:',
      '- set TEMPORAL_ADDRESS to a Temporal server that runs already (host:port)',
      '- install the Temporal CLI, so that `temporal` is on PATH, or set TEMPORAL_CLI to it',
      "- allow this machine the Temporal SDK's download",
      '- install Go, so that `go install` can build the server',
      ...reasons.map((reason) => `(tried: ${reason})`),
    ].join('\n'),
  );
}

async function goInstall(draft: string, env: NodeJS.ProcessEnv, onProgress: Progress): Promise<void> {
  const go = await findOnPath('go', env);
  if (go === undefined) throw new Error('go is not on PATH');
  await runInstaller({
    command: go,
    // Without symbol tables: a third smaller, and nobody debugs it here.
    args: ['install', '-ldflags=-s -w', goModule],
    env: { ...env, GOBIN: draft },
    draft,
    timeoutMs: goTimeoutMs,
    onHeartbeat: (elapsedMs) => onProgress(`Temporal: still building (${Math.round(elapsedMs / 1000)} s)`),
  });
}

/** The version that a program calls itself, or undefined when it is no Temporal CLI. */
async function probe(path: string): Promise<string | undefined> {
  try {
    const { stdout } = await execute(path, ['--version'], { timeout: probeTimeoutMs });
    return /^temporal version .*/.exec(stdout)?.[0];
  } catch {
    return undefined;
  }
}

function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.split('\n').find((line) => line.trim() !== '') ?? 'unknown reason';
}
