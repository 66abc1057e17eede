/** An agent of any make, started as a command with nothing but the environment to tell it what to do. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Report, Task } from '../../domain/agent-protocol/messages.js';
import type { GatewayProfile, GatewayState } from '../../domain/gateway/profile.js';
import { DeviceServer, enrolmentToken } from '../../agent/testing/device-server.js';
import { testTask, type TestPackage } from '../../agent/testing/test-package.js';

/** From asking it to end until it is killed. */
const graceMs = 60_000;

export class AgentUnderTest {
  private constructor(
    readonly server: DeviceServer,
    private readonly directory: string,
    private readonly process: ChildProcess,
  ) {}

  /**
   * Starts the command in a shell, as the leader of a process group of its own. It finds LEONORE_SERVER,
   * LEONORE_ENROLMENT_TOKEN, LEONORE_ID, LEONORE_INTERVAL (seconds) and LEONORE_ROOT_DIR (an empty directory) in its
   * environment, and PATH.
   */
  static async start(command: string): Promise<AgentUnderTest> {
    const directory = await mkdtemp(join(tmpdir(), 'leonore-conformance-'));
    await chmod(directory, 0o755);
    const server = await DeviceServer.start();
    server.pollIntervalSeconds = 1;
    const child = spawn('sh', ['-c', `exec ${command}`], {
      stdio: 'ignore',
      detached: true,
      env: {
        PATH: process.env['PATH'],
        LEONORE_SERVER: server.url,
        LEONORE_ROOT_DIR: join(directory, 'gateway'),
        LEONORE_ENROLMENT_TOKEN: enrolmentToken,
        LEONORE_ID: 'gw-conformance',
        LEONORE_INTERVAL: '1',
      },
    });
    return new AgentUnderTest(server, directory, child);
  }

  get hasEnded(): boolean {
    return this.process.exitCode !== null || this.process.signalCode !== null;
  }

  /** Offers a package. @returns the delivery's last report */
  async deliver(built: TestPackage, deliveryId: string, over: Partial<Task> = {}): Promise<Report> {
    this.server.offer(built, testTask(deliveryId, built, over));
    return this.server.ending(deliveryId);
  }

  /** Asks for profiles until one tells a state that is as wanted. @returns null when it tells none at all */
  async state(isWanted: (state: GatewayState) => boolean): Promise<GatewayState | null> {
    const { server } = this;
    const count = (): number => server.profiles.length + server.registrations.length;
    const last = (): GatewayProfile | undefined =>
      server.profiles.at(-1) ?? server.registrations.at(-1)?.body.profile;
    const first = count();
    let seen = first;
    const isTold = (): boolean => {
      // Whoever has just sent one is left alone once: then he is asked anew.
      server.profileWanted = count() === seen;
      seen = count();
      if (seen === first) return false;
      const state = last()?.state;
      return state === undefined || isWanted(state);
    };
    await server.until(isTold);
    server.profileWanted = false;
    return last()?.state ?? null;
  }

  /** Resolves once it has asked for tasks so many times more. */
  async polls(more: number): Promise<void> {
    const { server } = this;
    const seen = server.countOf('GET', '/device/v1/tasks');
    await server.until(() => server.countOf('GET', '/device/v1/tasks') >= seen + more);
  }

  async close(): Promise<void> {
    if (!this.hasEnded) {
      const ended = once(this.process, 'exit');
      const timer = setTimeout(() => this.process.kill('SIGKILL'), graceMs);
      this.process.kill('SIGTERM');
      await ended;
      clearTimeout(timer);
    }
    await this.server.close();
    await rm(this.directory, { recursive: true, force: true });
  }
}
