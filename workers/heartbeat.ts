import { availableParallelism, totalmem } from 'node:os';
import type { Logger } from 'pino';
import { LeonoreError } from '../domain/errors.js';
import type { NodeRepository } from '../repositories/node-repository.js';

export interface NodeHeartbeatOptions {
  readonly nodes: NodeRepository;
  readonly nodeId: string;
  readonly incarnation: string;
  readonly intervalMs: number;
  readonly logger: Logger;
  /** What is known of the work in hand: requests that wait, activities under way. */
  work(): { readonly queue: number; readonly activities: number };
  /** Called once when the node is no longer this process's. */
  deposed(): void;
}

/** Says again and again that the node is alive, with what it uses. While PostgreSQL is away it just goes on. */
export class NodeHeartbeat {
  private readonly timer: NodeJS.Timeout;
  private busy = false;
  private before = { atMs: performance.now(), cpuSeconds: cpuSeconds() };

  constructor(private readonly options: NodeHeartbeatOptions) {
    this.timer = setInterval(() => void this.beat(), options.intervalMs);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private async beat(): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    const { nodes, nodeId, incarnation, logger } = this.options;
    try {
      if (await nodes.heartbeat(nodeId, incarnation, this.stats())) return;
      this.stop();
      this.options.deposed();
    } catch (error) {
      if (!(error instanceof LeonoreError)) throw error;
      logger.warn({ code: error.code }, 'heartbeat not stored');
    } finally {
      this.busy = false;
    }
  }

  private stats(): Record<string, number> {
    const now = { atMs: performance.now(), cpuSeconds: cpuSeconds() };
    const seconds = Math.max(0.001, (now.atMs - this.before.atMs) / 1_000);
    const cpuShare = (now.cpuSeconds - this.before.cpuSeconds) / seconds / availableParallelism();
    this.before = now;
    const rssBytes = process.memoryUsage.rss();
    return {
      pid: process.pid,
      cpuSeconds: now.cpuSeconds,
      cpuShare: Math.min(1, cpuShare),
      rssBytes,
      memoryShare: rssBytes / totalmem(),
      ...this.options.work(),
    };
  }
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
