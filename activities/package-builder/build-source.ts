import { spawn } from 'node:child_process';
import { constants, createReadStream, createWriteStream } from 'node:fs';
import { access, chmod, mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { isSafePath } from '../../domain/artifact/safe-path.js';
import type { ArtifactFile } from '../../domain/artifact/variant-files.js';
import { LeonoreError } from '../../domain/errors.js';
import { limits } from '../../domain/limits.js';
import type { BlobStore } from '../../repositories/blob-store.js';

/** What a build script may use. A script that needs more is broken or hostile. */
const buildLimits = {
  timeMs: 10 * 60_000,
  memoryKiB: 2 * 1024 * 1024,
  /** Tail of the output that is kept. */
  logBytes: 64 * 1024,
} as const;

export interface SourceBuild {
  /** Files that the script left in `$LEONORE_OUTPUT`, now in the blob store. */
  readonly files: readonly ArtifactFile[];
  readonly log: string;
}

/**
 * Runs the build script of a source variant in a work directory of its own: a clean environment, limits of time,
 * memory and output, and no network where the machine allows that. The log says what held.
 * @throws LeonoreError BUILD_FAILED with the tail of the output
 */
export async function buildSource(
  sources: readonly ArtifactFile[],
  script: string,
  blobs: BlobStore,
  signal: AbortSignal,
): Promise<SourceBuild> {
  const work = await mkdtemp(join(tmpdir(), 'leonore-build-'));
  try {
    const source = join(work, 'source');
    const output = join(work, 'output');
    await mkdir(output);
    for (const file of sources) await checkOut(file, join(source, file.path), blobs);
    const isolation = await findIsolation(work);
    const log = await runScript(script, source, output, isolation, signal);
    return { files: await collect(output, blobs), log };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function checkOut(file: ArtifactFile, target: string, blobs: BlobStore): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  await pipeline(await blobs.open(file.sha256), createWriteStream(target));
  await chmod(target, Number.parseInt(file.mode, 8));
}

interface Isolation {
  /** What the shell is run under. */
  readonly command: string;
  readonly args: readonly string[];
  readonly description: string;
}

/** The strongest isolation that this machine offers. */
async function findIsolation(work: string): Promise<Isolation> {
  const bubblewrap = await firstExecutable(['/usr/bin/bwrap', '/usr/local/bin/bwrap']);
  if (bubblewrap !== null) {
    const binds = ['/usr', '/bin', '/lib', '/lib64', '/etc/alternatives'].flatMap((path) => [
      '--ro-bind-try',
      path,
      path,
    ]);
    const args = [
      '--unshare-all',
      '--die-with-parent',
      ...binds,
      '--proc',
      '/proc',
      '--dev',
      '/dev',
      '--tmpfs',
      '/tmp',
      '--bind',
      work,
      work,
    ];
    if (await works(bubblewrap, args))
      return {
        command: bubblewrap,
        args,
        description: 'bubblewrap: no network, only the work directory is writable',
      };
  }
  const unshare = await firstExecutable(['/usr/bin/unshare', '/bin/unshare']);
  if (unshare !== null) {
    const args = ['--net', '--pid', '--fork', '--kill-child'];
    if (await works(unshare, args))
      return { command: unshare, args, description: 'namespaces: no network, own processes' };
  }
  return {
    command: '/usr/bin/env',
    args: [],
    description: 'none: this machine allows neither bubblewrap nor namespaces',
  };
}

async function works(command: string, args: readonly string[]): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = spawn(command, [...args, '/bin/sh', '-c', 'exit 0'], { stdio: 'ignore' });
    probe.on('error', () => resolve(false));
    probe.on('exit', (code) => resolve(code === 0));
  });
}

async function firstExecutable(paths: readonly string[]): Promise<string | null> {
  for (const path of paths) {
    const usable = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (usable) return path;
  }
  return null;
}

async function runScript(
  script: string,
  source: string,
  output: string,
  isolation: Isolation,
  signal: AbortSignal,
): Promise<string> {
  const shell = `ulimit -v ${buildLimits.memoryKiB} -t ${Math.ceil(buildLimits.timeMs / 1000)}; cd "$LEONORE_SOURCE" && exec sh "./$LEONORE_SCRIPT"`;
  const child = spawn(isolation.command, [...isolation.args, '/bin/sh', '-c', shell], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    env: {
      PATH: '/usr/local/bin:/usr/bin:/bin',
      LANG: 'C',
      TZ: 'UTC',
      SOURCE_DATE_EPOCH: '0',
      HOME: source,
      LEONORE_SOURCE: source,
      LEONORE_OUTPUT: output,
      LEONORE_SCRIPT: script,
    },
  });
  let log = `isolation: ${isolation.description}\n`;
  const keep = (chunk: Buffer) => (log = (log + chunk.toString('utf8')).slice(-buildLimits.logBytes));
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const fate = { timedOut: false };
  const kill = () => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
  };
  const timer = setTimeout(() => {
    fate.timedOut = true;
    kill();
  }, buildLimits.timeMs);
  signal.addEventListener('abort', kill, { once: true });
  try {
    const ended = await new Promise<string | null>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code, killedBy) =>
        resolve(code === 0 ? null : killedBy === null ? `exit code ${code}` : `killed by ${killedBy}`),
      );
    });
    signal.throwIfAborted();
    if (ended !== null) {
      const why = fate.timedOut ? `took longer than ${buildLimits.timeMs / 1000} s` : ended;
      throw new LeonoreError('BUILD_FAILED', `the build script ${script} failed: ${why}`, { log });
    }
    return log;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', kill);
  }
}

async function collect(output: string, blobs: BlobStore): Promise<ArtifactFile[]> {
  const entries = await readdir(output, { recursive: true, withFileTypes: true });
  const files: ArtifactFile[] = [];
  for (const entry of entries.filter((candidate) => !candidate.isDirectory())) {
    const file = join(entry.parentPath, entry.name);
    const path = relative(output, file).split(sep).join('/');
    if (!entry.isFile() || !isSafePath(path)) {
      throw new LeonoreError(
        'BUILD_FAILED',
        `the build left "${path}", which is no plain file with a safe path`,
      );
    }
    const staged = await blobs.stage(createReadStream(file), limits.artifactBytes);
    await staged.commit();
    const executable = ((await stat(file)).mode & 0o100) !== 0;
    files.push({
      path,
      sha256: staged.digest,
      sizeBytes: staged.sizeBytes,
      mode: executable ? '0755' : '0644',
    });
  }
  if (files.length === 0) throw new LeonoreError('BUILD_FAILED', 'the build left nothing in $LEONORE_OUTPUT');
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}
