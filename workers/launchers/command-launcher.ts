import { spawn } from 'node:child_process';
import type { LaunchedNode, NodeLauncher } from '../../activities/node-launcher.js';
import { formatLabels } from '../../domain/balancer/labels.js';
import { LeonoreError } from '../../domain/errors.js';

export interface CommandLauncherOptions {
  /**
   * Starts a node and returns, for instance `systemctl start "leonore-node@$LEONORE_NODE_ID"`. Run by /bin/sh with the
   * node's id and labels in LEONORE_NODE_ID and LEONORE_NODE_LABELS: what gateways say about themselves never becomes
   * part of a command.
   */
  readonly launch: string;
  /** Ends a node and returns; without it drained nodes are left for an operator. */
  readonly destroy: string | null;
  readonly timeoutMs?: number;
}

const defaultTimeoutMs = 60_000;
/** The end of what a command said, in characters. */
const keptOutput = 1_500;

/** Nodes that are started and ended by a command of the operator. */
export class CommandLauncher implements NodeLauncher {
  constructor(private readonly options: CommandLauncherOptions) {}

  launch({ id, labels }: LaunchedNode, signal: AbortSignal): Promise<void> {
    return this.run('launch', this.options.launch, id, formatLabels(labels), signal);
  }

  async destroy(nodeId: string, signal: AbortSignal): Promise<boolean> {
    if (this.options.destroy === null) return false;
    await this.run('destroy', this.options.destroy, nodeId, '', signal);
    return true;
  }

  private run(name: string, command: string, id: string, labels: string, signal: AbortSignal): Promise<void> {
    const timeoutMs = this.options.timeoutMs ?? defaultTimeoutMs;
    return new Promise((resolve, reject) => {
      const child = spawn('/bin/sh', ['-c', command], {
        env: { ...process.env, LEONORE_NODE_ID: id, LEONORE_NODE_LABELS: labels },
        stdio: ['ignore', 'pipe', 'pipe'],
        // A group of its own, so that a command that takes too long ends with all that it started.
        detached: true,
      });
      let output = '';
      for (const stream of [child.stdout, child.stderr]) {
        stream.on('data', (chunk: Buffer) => (output = (output + chunk.toString()).slice(-keptOutput)));
      }
      const fail = (reason: string): void =>
        reject(
          new LeonoreError(
            'LAUNCH_FAILED',
            `the ${name} command ${reason}${output === '' ? '' : `: ${output.trim()}`}`,
          ),
        );
      const end = (): void => {
        if (child.pid !== undefined) endGroup(child.pid);
      };
      const timer = setTimeout(() => {
        fail(`did not return within ${timeoutMs / 1_000} s; it must start the node and return`);
        end();
      }, timeoutMs);
      signal.addEventListener('abort', end, { once: true });
      child.once('error', (error) => fail(`cannot be run: ${error.message}`));
      // Not `close`: what the command started may hold its output open.
      child.once('exit', (code, killedBy) => {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        child.stdout.destroy();
        child.stderr.destroy();
        if (code === 0) resolve();
        else fail(killedBy === null ? `ended with exit code ${String(code)}` : `ended by ${killedBy}`);
      });
    });
  }
}

function endGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended since it was looked at.
  }
}
