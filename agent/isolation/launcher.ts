/**
 * Starts everything that is not the agent's own: applications, control scripts and checks, each as a unit that is kept
 * from the system as far as the kernel allows, is limited, and can be ended whole.
 *
 * INVARIANTS
 *  - What `level` says was tried, not guessed: a probe ran at it, and could not do what it must not.
 *  - After `end` no process of the unit is left, however it was started, as far as docs/gateway.md says for the level.
 */
import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync } from 'node:fs';
import { chmod, lchown, mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '../state/bounded-log.js';
import { isMissing } from '../state/atomic-file.js';
import type { ControlGroups, UnitLimits } from './control-groups.js';
import { isolationLevels, type IsolationLevel } from '../../domain/gateway/isolation.js';
import { openPrivateView } from './private-view.js';
import { capabilities, grant, grantArguments, type UnitNeeds } from './unit-needs.js';
import { containerVariable, killProcesses, unitVariable } from './unit-processes.js';

export interface LauncherOptions {
  /** Directory of the container, and the agent's own beside it. */
  readonly container: string;
  readonly own: string;
  readonly mark: string;
  /** Null where the kernel gives none. */
  readonly groups: ControlGroups | null;
  /** The most that is tried; less is taken where the kernel gives less. */
  readonly most: IsolationLevel;
  /** Number of the user and group that applications are; default: one made from the container's path. */
  readonly user?: number | undefined;
  /** For units that bring no limits of their own. */
  readonly limits: UnitLimits;
  readonly log: Log;
}

export interface Launch {
  readonly unit: string;
  readonly script: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly limits?: UnitLimits | undefined;
  readonly needs?: UnitNeeds | undefined;
  readonly stdio: StdioOptions;
}

const ulimitBlockBytes = 512;

/** Users that no distribution gives to anybody. */
const firstUser = 61_184;
const users = 4_000;
/** Everybody may make an entry, and remove those that are his own. */
const shared = 0o1777;
const writable = ['data', 'store', 'staging', 'tmp'] as const;

/** Joins the groups named before `--`, then becomes the rest. A group that is gone must not keep it from starting. */
const join_ = 'while [ "$1" != -- ]; do echo $$ >"$1"; shift; done 2>/dev/null; shift; exec "$@"';
/** In blocks of 512 bytes: no file can grow beyond, so that one that is written to for ever fills no disk. */
const bound = 'ulimit -f "$1" && shift && exec "$@"';
const enter = 'cd "$1" && shift && exec "$@"';

export class Launcher {
  #level: IsolationLevel = 'none';
  #view: number | null = null;

  private constructor(
    private readonly options: LauncherOptions,
    private readonly user: number,
  ) {}

  /** Finds out what is possible here, and ends what an agent before this one has left running. */
  static async open(options: LauncherOptions): Promise<Launcher> {
    const launcher = new Launcher(options, options.user ?? userOf(options.container));
    await launcher.endAll();
    const isRoot = process.getuid?.() === 0;
    for (const level of isolationLevels.slice(isolationLevels.indexOf(options.most))) {
      if (level === 'none' || (isRoot && (await launcher.#reaches(level)))) break;
    }
    await launcher.#prepareContainer();
    options.log('info', 'applications are isolated', {
      level: launcher.level,
      limits: options.groups === null ? 'none' : 'control groups',
    });
    return launcher;
  }

  get level(): IsolationLevel {
    return this.#level;
  }

  /** Whether limits of memory, processes and processor hold. */
  get limits(): boolean {
    return this.options.groups !== null;
  }

  async spawn(launch: Launch): Promise<ChildProcess> {
    const { unit, script, args, cwd, environment, needs = {}, stdio } = launch;
    const files = (await this.options.groups?.make(unit, { ...this.options.limits, ...launch.limits })) ?? [];
    const { diskBytes } = launch.limits ?? {};
    const bounded =
      diskBytes === undefined
        ? []
        : ['sh', '-c', bound, 'sh', String(Math.ceil(diskBytes / ulimitBlockBytes))];
    const [command, rest] = await this.#wrapped(files, cwd, needs, [...bounded, 'sh', script, ...args]);
    return spawn(command, rest, {
      cwd,
      env: { ...environment, [containerVariable]: this.options.mark, [unitVariable]: unit },
      detached: true,
      stdio,
    });
  }

  /** Ends all that a unit ever started. */
  async end(unit: string): Promise<void> {
    if (this.options.groups !== null) return this.options.groups.end(unit);
    await killProcesses({ mark: this.options.mark, unit, user: this.#ownUser });
  }

  async endAll(): Promise<number> {
    const { mark } = this.options;
    for (const unit of (await this.options.groups?.units()) ?? []) await this.options.groups?.end(unit);
    return killProcesses({ mark, user: this.#ownUser });
  }

  async close(): Promise<void> {
    await this.endAll();
    await this.options.groups?.close();
    if (this.#view !== null) closeSync(this.#view);
    this.#view = null;
  }

  /** Gives a tree to the applications' user: its scripts are about to write there. */
  async give(path: string): Promise<void> {
    if (this.#level !== 'none') await changeOwner(path, this.user);
  }

  /** Takes a tree back: from now on it can be read only. */
  async take(path: string): Promise<void> {
    if (this.#level !== 'none') await changeOwner(path, 0);
  }

  /** Makes the directory of an artifact's versions, where the applications' user puts what it unpacks. */
  async makeShared(path: string): Promise<void> {
    await mkdir(path, { recursive: true });
    await chmod(path, this.#level === 'none' ? 0o755 : shared);
  }

  get #ownUser(): number | undefined {
    return this.#level === 'none' ? undefined : this.user;
  }

  /** The program to start and its arguments. */
  async #wrapped(
    groupFiles: readonly string[],
    cwd: string,
    needs: UnitNeeds,
    command: readonly string[],
  ): Promise<readonly [string, string[]]> {
    const [program = '', ...args] = [...(await this.#wrappers(groupFiles, cwd, needs)), ...command];
    return [program, args];
  }

  async #wrappers(groupFiles: readonly string[], cwd: string, needs: UnitNeeds): Promise<string[]> {
    const user = String(this.user);
    const joined = groupFiles.length === 0 ? [] : ['sh', '-c', join_, 'sh', ...groupFiles, '--'];
    const kept = capabilities(needs).map((name) => `+${name}`);
    const unprivileged = [
      ...['setpriv', '--reuid', user, '--regid', user, '--clear-groups', '--no-new-privs'],
      ...[`--inh-caps=${['-all', ...kept].join(',')}`, `--bounding-set=${['-all', ...kept].join(',')}`],
      ...(kept.length === 0 ? [] : [`--ambient-caps=${kept.join(',')}`]),
    ];
    if (this.#level === 'none') return joined;
    if (this.#view === null) return [...joined, ...unprivileged];
    // Entering a view leads to its root directory.
    const file = `/proc/${String(process.pid)}/fd/${String(this.#view)}`;
    const inView = [...joined, 'nsenter', `--mount=${file}`];
    if (needs.devices === undefined && needs.paths === undefined) {
      return [...inView, 'sh', '-c', enter, 'sh', cwd, ...unprivileged];
    }
    const granted = await grantArguments(needs, [this.options.own]);
    return [...inView, 'unshare', '--mount', 'sh', '-c', grant, 'sh', user, cwd, ...granted, ...unprivileged];
  }

  async #reaches(level: 'full' | 'user'): Promise<boolean> {
    const { container, own } = this.options;
    this.#level = level;
    for (const name of writable) await this.makeShared(join(container, name));
    this.#view = level === 'full' ? await openPrivateView(container, own) : null;
    if ((level === 'user' || this.#view !== null) && (await this.#probe())) return true;
    if (this.#view !== null) closeSync(this.#view);
    this.#view = null;
    this.#level = 'none';
    return false;
  }

  /** Runs at the level, and does not get through what it must not. */
  async #probe(): Promise<boolean> {
    const { container, own } = this.options;
    const mayNot = [`ls "${own}/reports"`, `touch "${container}/probe"`];
    if (this.#level === 'full') mayNot.push('touch /tmp/leonore-probe', 'touch /var/tmp/leonore-probe');
    const script = [
      'set -u',
      `[ "$(id -u)" = ${String(this.user)} ] || exit 1`,
      `grep -q "^NoNewPrivs:.1" /proc/self/status || exit 1`,
      'grep -q "^CapEff:.0*$" /proc/self/status || exit 1',
      `touch "${container}/tmp/probe" && rm "${container}/tmp/probe" || exit 1`,
      ...mayNot.map((what) => `! ${what} || exit 1`),
    ].join('\n');
    const [command, args] = await this.#wrapped([], '/', {}, ['sh', '-c', script]);
    const child = spawn(command, args, { stdio: 'ignore', cwd: '/', env: { PATH: process.env['PATH'] } });
    return new Promise((resolve) => {
      child.once('error', () => resolve(false));
      child.once('exit', (status) => resolve(status === 0));
    });
  }

  /** What the user of applications may write is his, whoever it belonged to when the agent ran at another level. */
  async #prepareContainer(): Promise<void> {
    const { container } = this.options;
    for (const name of writable) await this.makeShared(join(container, name));
    if (this.#level === 'none') return;
    for (const name of await readdir(join(container, 'store')))
      await this.makeShared(join(container, 'store', name));
    for (const name of await readdir(join(container, 'data'))) {
      const path = join(container, 'data', name);
      if ((await stat(path)).uid !== this.user) await this.give(path);
    }
  }
}

/** Two containers on one machine have different users, as far as may be. */
function userOf(container: string): number {
  return firstUser + (createHash('sha256').update(container).digest().readUInt32BE() % users);
}

async function changeOwner(path: string, user: number): Promise<void> {
  try {
    // Links are not followed: they may lead anywhere.
    await lchown(path, user, user);
    for (const entry of await readdir(path, { withFileTypes: true, recursive: true })) {
      await lchown(join(entry.parentPath, entry.name), user, user);
    }
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}
