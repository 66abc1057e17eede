/**
 * Runs a build script in a sandbox, within limits.
 *
 * INVARIANTS
 * - When this returns, no process of the build is left, so what it wrote does not change any more. (Without a sandbox
 *   a process that leaves its session can escape; the log says that nothing held.)
 * - Time, memory, disk and output are watched from outside: a script cannot switch that off.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Variant } from '../../../domain/artifact/manifest.js';
import { LeonoreError } from '../../../domain/errors.js';
import { fixedBuildLimits, type BuildLimits } from './build-limits.js';
import type { BuildGroup } from './build-group.js';
import type { BuildDirectory } from './build-directory.js';
import { limitScript } from './sandbox-scripts.js';
import { sandboxPath, type Sandbox } from './sandbox.js';
import { ScriptOutput } from './script-output.js';
import { diskUsageOf, memoryOf, processesOf, unnamedBytesOf, type Membership } from './usage.js';

export interface BuildScript {
  /** Names the script, by its path among the sources, and the platform that it builds for. */
  readonly variant: Variant;
  readonly directory: BuildDirectory;
  /** Holds its memory, where there is one. */
  readonly group: BuildGroup | null;
  readonly sandbox: Sandbox;
  readonly limits: BuildLimits;
  readonly signal: AbortSignal;
}

/**
 * Runs the script to its end.
 * @returns what it printed, and what held
 * @throws LeonoreError BUILD_FAILED with the same in its details; the signal's reason when it was aborted
 */
export async function runBuildScript(build: BuildScript): Promise<string> {
  const { sandbox, limits, directory, signal, variant } = build;
  signal.throwIfAborted();
  const child = start(build);
  const watched = new WatchedBuild(child, build);
  const stop = () => watched.kill('was given up');
  signal.addEventListener('abort', stop, { once: true });
  try {
    const ended = await watched.ended();
    signal.throwIfAborted();
    const log = `sandbox: ${sandbox.description}; ${heldBy(build)}\n${watched.output.text()}`;
    if (ended === null) return log;
    throw new LeonoreError('BUILD_FAILED', `the build script ${variant.source?.build ?? ''} ${ended}`, {
      log,
      limits: { ...limits },
      directory: sandbox.rootOf(directory),
    });
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** For the log: what bounds memory and disk. */
function heldBy({ group, directory }: BuildScript): string {
  const memory = group === null ? 'watched' : 'bounded';
  const disk = directory.isBounded ? 'bounded' : 'watched';
  return `memory is ${memory}, the disk is ${disk}`;
}

function start({ variant, directory, group, sandbox, limits }: BuildScript): ChildProcess {
  const root = sandbox.rootOf(directory);
  const { processes, openFiles } = fixedBuildLimits;
  const wrapped = sandbox.wrap(directory, [
    ...['/bin/sh', '-c', limitScript, 'build'],
    ...[limits.memoryBytes / 1024, limits.diskBytes / 512, Math.ceil(limits.timeMs / 1000)].map((limit) =>
      String(Math.ceil(limit)),
    ),
    ...[String(processes), String(openFiles), `${root}/source`, variant.source?.build ?? ''],
  ]);
  const [command = '', ...args] = group?.wrap(wrapped) ?? wrapped;
  return spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    detached: true,
    // Nothing of ours: there are passwords in our environment.
    env: {
      PATH: sandboxPath,
      LANG: 'C',
      TZ: 'UTC',
      SOURCE_DATE_EPOCH: '0',
      HOME: `${root}/home`,
      TMPDIR: `${root}/tmp`,
      LEONORE_SOURCE: `${root}/source`,
      LEONORE_OUTPUT: `${root}/output`,
      ...targetOf(variant),
    },
  });
}

/** What is built for, as far as the variant says: a cross compiler has to know. */
function targetOf({ platform }: Variant): Record<string, string> {
  const target = Object.entries({
    LEONORE_TARGET_ARCH: platform?.arch,
    LEONORE_TARGET_OS: platform?.os,
    LEONORE_TARGET_LIBC: platform?.libc,
  });
  return Object.fromEntries(target.filter((pair): pair is [string, string] => pair[1] !== undefined));
}

class WatchedBuild {
  readonly output = new ScriptOutput(fixedBuildLimits, () =>
    this.kill(`printed more than ${fixedBuildLimits.printedBytes} bytes`),
  );
  private membership: Membership;
  private killedBecause: string | null = null;
  private readonly exit: Promise<[number | null, NodeJS.Signals | null]>;
  private readonly spawned: Promise<unknown>;
  private readonly closed: Promise<unknown>;

  constructor(
    private readonly child: ChildProcess,
    private readonly build: BuildScript,
  ) {
    const { uid } = build.directory;
    this.membership = uid === null ? { by: 'session', session: child.pid ?? -1 } : { by: 'user', uid };
    if (child.stdout !== null) this.output.take(child.stdout);
    if (child.stderr !== null) this.output.take(child.stderr);
    let told = '';
    child.stdio[3]?.on('data', (chunk: Buffer) => {
      told = (told + chunk.toString('latin1')).slice(0, 100);
      const pidNamespace = /^pid:\[\d+\]\n/.exec(told)?.[0].trim();
      const apart = ['bubblewrap', 'namespaces'].includes(build.sandbox.means);
      if (pidNamespace !== undefined && apart) this.membership = { by: 'namespace', pidNamespace };
    });
    this.exit = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
    this.exit.catch(() => undefined);
    this.closed = once(child, 'close').catch(() => undefined);
    this.spawned = once(child, 'spawn');
  }

  /** @returns null when the script did what it should, else what it did */
  async ended(): Promise<string | null> {
    await this.spawned;
    const over = new AbortController();
    const watching = this.watch(over.signal);
    const timer = setTimeout(
      () => this.kill(`took longer than ${this.build.limits.timeMs / 1000} s`),
      this.build.limits.timeMs,
    );
    try {
      const [code, killedBy] = await this.exit;
      await this.endRest();
      if ((await this.build.group?.isOutOfMemory()) === true) this.kill(this.tooMuchMemory);
      if (this.killedBecause !== null) return this.killedBecause;
      if (code === 0) return null;
      return code === null ? `was ended by ${killedBy ?? 'a signal'}` : `ended with exit code ${code}`;
    } finally {
      clearTimeout(timer);
      over.abort();
      await watching;
    }
  }

  kill(because: string): void {
    this.killedBecause ??= because;
    // The group of `unshare` or bubblewrap; with them all of the pid namespace goes.
    if (this.child.pid !== undefined) signalProcess(-this.child.pid, 'SIGKILL');
    if (this.membership.by !== 'namespace') this.killMembers();
  }

  /** Ends what the script left running, and waits until it is gone. */
  private async endRest(): Promise<void> {
    const deadline = performance.now() + fixedBuildLimits.goneWithinMs;
    while (this.killMembers() > 0 && performance.now() < deadline) await delay(20);
    // The last of the output may still be on its way; what nothing could end must not hold us.
    await Promise.race([this.closed, delay(1_000)]);
    for (const stream of this.child.stdio) stream?.destroy();
  }

  /** Stopped first, as a stopped process cannot fork: a fork bomb would outrun us otherwise. */
  private killMembers(): number {
    const stopped = new Set<number>();
    for (let round = 0; round < 100; round += 1) {
      const fresh = processesOf(this.membership).filter((pid) => !stopped.has(pid));
      if (fresh.length === 0) break;
      for (const pid of fresh) {
        stopped.add(pid);
        signalProcess(pid, 'SIGSTOP');
      }
    }
    for (const pid of stopped) signalProcess(pid, 'SIGKILL');
    return stopped.size;
  }

  private get tooMuchMemory(): string {
    return `used more than ${this.build.limits.memoryBytes} bytes of memory`;
  }

  private async watch(over: AbortSignal): Promise<void> {
    const { memoryBytes, diskBytes } = this.build.limits;
    const most = { bytes: diskBytes, entries: fixedBuildLimits.diskEntries };
    while (!over.aborted) {
      const processes = processesOf(this.membership);
      const unnamed = unnamedBytesOf(processes);
      if (memoryOf(processes) + unnamed.memory > memoryBytes) this.kill(this.tooMuchMemory);
      else if ((await this.build.group?.isOutOfMemory()) === true) this.kill(this.tooMuchMemory);
      const { bytes, entries } = await diskUsageOf(this.build.directory.work, most);
      if (bytes + unnamed.disk > most.bytes) this.kill(`left more than ${most.bytes} bytes on the disk`);
      if (entries > most.entries) this.kill(`left more than ${most.entries} files on the disk`);
      await delay(fixedBuildLimits.watchMs, undefined, { signal: over }).catch(() => undefined);
    }
  }
}

function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It is gone already.
  }
}
