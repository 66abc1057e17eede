/**
 * Sends one gateway's reports, in one of the ways of options.ts.
 *
 * INVARIANTS
 * - Reports leave in the order in which they were added, and one request at a time.
 * - What could not be sent is forgotten when `flush` has thrown: the gateway then meets its task again and tells
 *   the end of the delivery anew.
 */
import { defaultTimes } from '../../agent/options.js';
import type { Report } from '../../domain/agent-protocol/messages.js';
import type { ReportMode } from './options.js';

export class ReportOutbox {
  private waiting: Report[] = [];
  private sending: Promise<void> | null = null;
  private gathering: NodeJS.Timeout | null = null;
  private failure: { readonly error: unknown } | null = null;

  constructor(
    private readonly mode: ReportMode,
    private readonly send: (reports: readonly Report[]) => Promise<void>,
  ) {}

  /** Takes a report; in the mode `each` it has been sent when this resolves. */
  async add(report: Report): Promise<void> {
    this.waiting.push(report);
    if (this.mode === 'each') await this.flush();
    if (this.mode === 'queued') this.gathering ??= setTimeout(() => this.begin(), defaultTimes.gatherMs);
  }

  /** Resolves when nothing waits any more. @throws what the sending threw */
  async flush(): Promise<void> {
    this.begin();
    await this.sending;
    const { failure } = this;
    this.failure = null;
    if (failure !== null) throw failure.error;
  }

  private begin(): void {
    if (this.gathering !== null) clearTimeout(this.gathering);
    this.gathering = null;
    if (this.waiting.length > 0) this.sending ??= this.sendAll();
  }

  private async sendAll(): Promise<void> {
    try {
      while (this.waiting.length > 0) {
        const reports = this.waiting;
        this.waiting = [];
        await this.send(reports);
      }
    } catch (error) {
      this.waiting = [];
      this.failure ??= { error };
    } finally {
      this.sending = null;
    }
  }
}
