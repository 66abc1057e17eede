/** The agent as a real process, which can be killed at any instant. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { enrolmentToken } from './device-server.js';
import type { AgentBed } from './test-agent.js';

const entry = resolve(import.meta.dirname, '../../dist/agent/main.js');

export interface AgentLine {
  readonly message: string;
  readonly delivery?: string;
  readonly step?: string;
}

export class AgentProcess {
  readonly lines: AgentLine[] = [];
  /** Called for each line of the log, as soon as it is written. */
  onLine: (line: AgentLine) => void = () => undefined;

  private constructor(private readonly child: ChildProcess) {
    if (child.stderr === null) throw new Error('no log');
    createInterface({ input: child.stderr }).on('line', (text) => {
      if (!text.startsWith('{')) return;
      const line = JSON.parse(text) as AgentLine;
      this.lines.push(line);
      this.onLine(line);
    });
  }

  static start(bed: AgentBed, environment: Record<string, string> = {}, ...options: string[]): AgentProcess {
    if (!existsSync(entry)) throw new Error(`${entry} is not there: run npm run build`);
    const child = spawn(
      process.execPath,
      [entry, '--server', bed.server.url, '--root', bed.root, '--id', 'gw-test', '--json', ...options],
      {
        stdio: ['ignore', 'ignore', 'pipe'],
        env: { PATH: process.env['PATH'], LEONORE_ENROLMENT_TOKEN: enrolmentToken, ...environment },
      },
    );
    return new AgentProcess(child);
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  get exited(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** Resolves once a step has begun, of any delivery unless one is named. */
  async reached(step: string, delivery?: string): Promise<void> {
    const isIt = (line: AgentLine): boolean =>
      line.step === step && (delivery === undefined || line.delivery === delivery);
    if (this.lines.some(isIt)) return;
    await new Promise<void>((done) => {
      this.onLine = (line) => {
        if (isIt(line)) done();
      };
    });
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (this.exited) return;
    const exit = once(this.child, 'exit');
    this.child.kill(signal);
    await exit;
  }
}

/** Process ids of all that runs in a container, whoever started it. */
export async function processesOf(container: string): Promise<number[]> {
  const found: number[] = [];
  for (const pid of (await readdir('/proc')).map(Number).filter(Number.isInteger)) {
    const environment = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '');
    if (environment.split('\0').includes(`LEONORE_ROOT=${join(container)}`)) found.push(pid);
  }
  return found;
}

/** Kills all that runs in a container. */
export async function endProcessesOf(container: string): Promise<void> {
  for (const pid of await processesOf(container)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It was gone already.
    }
  }
}

/** Processes with a text in their command line, wherever they are. */
export async function processesWith(text: string): Promise<number[]> {
  const found: number[] = [];
  for (const pid of (await readdir('/proc')).map(Number).filter(Number.isInteger)) {
    const command = await readFile(`/proc/${String(pid)}/cmdline`, 'latin1').catch(() => '');
    if (command.includes(text)) found.push(pid);
  }
  return found;
}
