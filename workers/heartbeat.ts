import type { Logger } from 'pino';
import { LeonoreError } from '../domain/errors.js';
import type { NodeRepository } from '../repositories/node-repository.js';

export interface NodeHeartbeatOptions {
  readonly nodes: NodeRepository;
  readonly nodeId: string;
  readonly incarnation: string;
  readonly intervalMs: number;
  readonly logger: Logger;
  /** Called once when the node is no longer this process's. */
  deposed(): void;
}

/** Says again and again that the node is alive, with what it uses. While PostgreSQL is away it just goes on. */
export class NodeHeartbeat {
  private readonly timer: NodeJS.Timeout;
  private busy = false;

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
      const { user, system } = process.cpuUsage();
      const stats = {
        pid: process.pid,
        cpuSeconds: (user + system) / 1e6,
        rssBytes: process.memoryUsage.rss(),
      };
      if (await nodes.heartbeat(nodeId, incarnation, stats)) return;
      this.stop();
      this.options.deposed();
    } catch (error) {
      if (!(error instanceof LeonoreError)) throw error;
      logger.warn({ code: error.code }, 'heartbeat not stored');
    } finally {
      this.busy = false;
    }
  }
}
