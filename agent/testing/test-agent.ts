/** Agents in a directory of their own, against a server of their own, with short times. */
import { access, chmod, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AgentOptions, AgentTimes } from '../options.js';
import { startAgent, type RunningAgent } from '../start-agent.js';
import { processesOf } from './agent-process.js';
import { DeviceServer, enrolmentToken } from './device-server.js';
import type { TestArtifact } from './test-package.js';

export const shortTimes: AgentTimes = {
  scriptTimeoutMs: 5_000,
  checkWithinMs: 3_000,
  staysUpMs: 100,
  graceMs: 1_000,
  requestTimeoutMs: 2_000,
  firstRetryMs: 10,
  mostRetryMs: 50,
  gatherMs: 0,
};

export class AgentBed {
  readonly #agents: RunningAgent[] = [];

  private constructor(
    readonly server: DeviceServer,
    readonly directory: string,
    readonly root: string,
  ) {}

  static async create(base = tmpdir()): Promise<AgentBed> {
    const directory = await mkdtemp(join(base, 'leonore-agent-'));
    // As the places are where gateways are kept: applications of another user have to get through.
    await chmod(directory, 0o755);
    return new AgentBed(await DeviceServer.start(), directory, join(directory, 'gateway'));
  }

  async start(over: Partial<AgentOptions> = {}): Promise<RunningAgent> {
    const agent = await startAgent({
      server: this.server.url,
      root: this.root,
      enrolmentToken,
      id: 'gw-test',
      times: shortTimes,
      ...over,
    });
    this.#agents.push(agent);
    return agent;
  }

  async close(): Promise<void> {
    await Promise.all(this.#agents.map((agent) => agent.close().catch(() => undefined)));
    await this.server.close();
    await rm(this.directory, { recursive: true });
  }

  path(...segments: readonly string[]): string {
    return join(this.root, ...segments);
  }

  async text(...segments: readonly string[]): Promise<string> {
    return readFile(this.path(...segments), 'utf8');
  }

  /** Everything that may be left behind by a delivery that has ended. */
  async leftovers(): Promise<string[]> {
    const found: string[] = [];
    for (const directory of ['agent/downloads', 'agent/backup', 'container/staging', 'container/tmp']) {
      for (const name of await readdir(this.path(directory))) found.push(`${directory}/${name}`);
    }
    if (await exists(this.path('agent', 'journal.json'))) found.push('journal.json');
    return found;
  }

  /** Resolves once nothing of a delivery is left: the journal is cleared a moment after its last report was sent. */
  async settled(): Promise<void> {
    while ((await this.leftovers()).length > 0) await sleep(20);
  }

  /**
   * Resolves once the application runs, and nothing else of the container does: it was started, but may not have come
   * to say so yet.
   */
  async running(): Promise<void> {
    for (;;) {
      const pids = await processesOf(this.path('container'));
      const told = Number(await this.text('container/data/app/pid').catch(() => ''));
      if (pids.length === 1 && pids[0] === told) return;
      await sleep(20);
    }
  }

  /** `name/version-content` of what lies in the store, and the number of generations and packages. */
  async store(): Promise<string[]> {
    const names = await readdir(this.path('container', 'store'));
    const versions = await Promise.all(
      names.map(async (name) =>
        (await readdir(this.path('container', 'store', name))).map(
          (version) => `${name}@${version.slice(0, -13)}`,
        ),
      ),
    );
    return versions.flat().sort();
  }
}

export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Of an application that crashes: however long that takes on a busy machine, it has not stayed up. */
export const toStayUp = { health: { staysUpSeconds: 60 } };

/** An application that says in its data directory which version is running, and how often it was started. */
export function application(version: string, over: Partial<TestArtifact> = {}): TestArtifact {
  return {
    name: 'app',
    version,
    ...over,
    files: {
      'start.sh': `echo "$LEONORE_VERSION" >>"$LEONORE_DATA/started"; echo $$ >"$LEONORE_DATA/pid"; exec sleep 1000\n`,
      ...over.files,
    },
  };
}
