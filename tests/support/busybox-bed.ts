/** BusyBox agents for tests: as a process of this machine's, or in a root directory with BusyBox and nothing else. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, symlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { AgentBed } from '../../agent/testing/test-agent.js';
import { enrolmentToken } from '../../agent/testing/device-server.js';
import { testTask, type TestPackage } from '../../agent/testing/test-package.js';
import type { Report, Task } from '../../domain/agent-protocol/messages.js';
import type { GatewayState } from '../../domain/gateway/profile.js';
import { busyBoxAgent, gatewayDirectory, makeBusyBoxRoot } from '../../testbed/busybox/busybox-root.js';
import { obtainBusyBox } from '../../testbed/busybox/obtain-busybox.js';

const found = await obtainBusyBox();

/** Path of a static BusyBox; empty where there is none, and then it has been said why. */
export const busybox = 'path' in found ? found.path : '';
if ('reason' in found) process.stderr.write(`skipped: BusyBox agent: ${found.reason}\n`);

/** What an agent process says, and how to end it. */
export class BusyBoxAgent {
  readonly lines: string[] = [];

  constructor(readonly process: ChildProcess) {
    if (process.stderr === null) throw new Error('no log');
    createInterface({ input: process.stderr }).on('line', (line) => this.lines.push(line));
  }

  get pid(): number {
    return this.process.pid ?? 0;
  }

  /** Resolves once a line of the log holds the text. */
  async said(text: string): Promise<void> {
    while (!this.lines.some((line) => line.includes(text))) await sleep(5);
  }

  /** @returns the exit code; null when a signal ended it */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    if (this.process.exitCode === null && this.process.signalCode === null) {
      const exit = once(this.process, 'exit');
      this.process.kill(signal);
      await exit;
    }
    return this.process.exitCode;
  }
}

/** A device server and a directory for one BusyBox agent at a time. */
export class BusyBoxBed {
  readonly #agents: BusyBoxAgent[] = [];

  private constructor(
    readonly bed: AgentBed,
    /** The container's directory, from outside. */
    readonly root: string,
    private readonly start_: (environment: Record<string, string>) => ChildProcess,
    private readonly inside: string,
  ) {}

  /**
   * With BusyBox's applets and nothing else on PATH.
   * @param base where its directory is made
   * @param agent which of the two
   * @param tools paths of what is on PATH, too
   */
  static async onPath(
    base?: string,
    agent: string = busyBoxAgent,
    tools: readonly string[] = [],
  ): Promise<BusyBoxBed> {
    const bed = await AgentBed.create(base);
    const applets = join(bed.directory, 'bin');
    await mkdir(applets);
    execFileSync(busybox, ['--install', '-s', applets]);
    for (const tool of tools) await symlink(tool, join(applets, basename(tool)));
    const start = (environment: Record<string, string>): ChildProcess =>
      spawn(busybox, ['sh', agent], {
        env: { PATH: applets, ...environment },
        stdio: ['ignore', 'ignore', 'pipe'],
      });
    return new BusyBoxBed(bed, bed.root, start, bed.root);
  }

  /** In a root directory of its own. */
  static async inRoot(): Promise<BusyBoxBed> {
    const bed = await AgentBed.create();
    const root = await makeBusyBoxRoot(join(bed.directory, 'root'), busybox);
    const start = (environment: Record<string, string>): ChildProcess =>
      spawn(root.command, [...root.args, '/leonore-agent.sh'], {
        env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', ...environment },
        stdio: ['ignore', 'ignore', 'pipe'],
      });
    return new BusyBoxBed(bed, join(root.directory, gatewayDirectory), start, `/${gatewayDirectory}`);
  }

  start(over: Record<string, string> = {}): BusyBoxAgent {
    this.bed.server.pollIntervalSeconds = 1;
    const agent = new BusyBoxAgent(
      this.start_({
        LEONORE_SERVER: this.bed.server.url,
        LEONORE_ROOT_DIR: this.inside,
        LEONORE_ENROLMENT_TOKEN: enrolmentToken,
        LEONORE_ID: 'gw-test',
        LEONORE_LABELS: 'building=b1',
        LEONORE_COMPONENTS: 'gpio=1.0.0',
        ...over,
      }),
    );
    this.#agents.push(agent);
    return agent;
  }

  /** Offers a package. @returns the delivery's last report */
  install(built: TestPackage, deliveryId: string, over: Partial<Task> = {}): Promise<Report> {
    this.bed.server.offer(built, testTask(deliveryId, built, over));
    return this.bed.server.ending(deliveryId);
  }

  /** The state that it tells when it is asked for its profile now. */
  async told(): Promise<GatewayState | undefined> {
    const { server } = this.bed;
    const seen = server.registrations.length;
    server.profileWanted = true;
    await server.until(() => server.registrations.length > seen);
    server.profileWanted = false;
    return server.registrations.at(-1)?.body.profile.state;
  }

  path(...segments: readonly string[]): string {
    return join(this.root, ...segments);
  }

  /** `name@version` of what lies in the store. */
  async store(): Promise<string[]> {
    const store = this.path('container', 'store');
    const names = await readdir(store);
    const keys = await Promise.all(
      names.map(async (name) =>
        (await readdir(join(store, name))).map((version) => `${name}@${version.slice(0, -13)}`),
      ),
    );
    return keys.flat().sort();
  }

  /** What a delivery that has ended must not leave behind; waits for its last strokes after the report. */
  async leftovers(): Promise<string[]> {
    while ((await readdir(this.path('agent'))).includes('journal')) await sleep(20);
    const found = (await readdir(this.path('agent', 'downloads'))).map((name) => `downloads/${name}`);
    for (const name of await readdir(this.path('agent'))) {
      if (['failure', 'data-before', 'touched'].includes(name) || name.endsWith('.new')) found.push(name);
    }
    for (const name of await readdir(this.path('container', 'staging'))) found.push(`staging/${name}`);
    const generations = await readdir(this.path('container', 'generations'));
    return generations.length === 1 ? found : [...found, ...generations];
  }

  /** Whether the process that the application called `app` names as its own is there. */
  async isAlive(): Promise<boolean> {
    const pid = Number(await readFile(this.path('container/data/app/pid'), 'utf8').catch(() => ''));
    return pid > 0 && existsSync(`/proc/${String(pid)}`);
  }

  /** Resolves once the application has said which process it is: a moment after it was started. */
  async running(): Promise<void> {
    while (!(await this.isAlive())) await sleep(20);
  }

  async close(): Promise<void> {
    for (const agent of this.#agents.splice(0)) await agent.end('SIGTERM');
    await this.bed.close();
  }
}
