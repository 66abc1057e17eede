/**
 * Sends queued reports in order, in the background, for as long as it takes.
 *
 * INVARIANTS
 *  - Reports leave in the order in which they were queued, and the next only when those before are done with.
 *  - Progress waits a moment for what comes next, so that a quick delivery costs one request; an end is sent at once.
 *  - A report stays in the queue until LEONORE has named its outcome: an answer that was lost costs a duplicate.
 */
import type { Order, Report, ReportOutcome, Task } from '../../domain/agent-protocol/messages.js';
import { limits } from '../../domain/limits.js';
import { DeviceError } from '../connectivity/device-error.js';
import type { Connectivity } from '../connectivity/connectivity.js';
import type { NodeConnection } from '../connectivity/node-connection.js';
import type { Log } from '../state/bounded-log.js';
import type { EndedDeliveries } from '../state/ended-deliveries.js';
import type { JournalEntry } from '../state/journal.js';
import type { ReportQueue } from '../state/report-queue.js';
import type { Reporter } from './delivery-context.js';

export interface ReportSenderOptions {
  readonly queue: ReportQueue;
  readonly ended: EndedDeliveries;
  readonly connection: NodeConnection;
  readonly connectivity: Connectivity;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** How long a report of progress waits for what comes next. */
  readonly gatherMs: number;
}

/** Offsets to the last sequence that LEONORE has; the final report's is in deliver.ts. */
const sequenceOffsets = { downloading: 1, installing: 2 } as const;

/** How LEONORE says that none of the reports of a request was of use. */
const uselessOutcomes: Readonly<Record<string, ReportOutcome>> = {
  DELIVERY_ENDED: 'ended',
  DELIVERY_NOT_FOUND: 'unknown',
};

export class ReportSender implements Reporter {
  readonly #dropped = new Map<string, AbortController>();
  #wake: () => void = () => undefined;
  #most: number = limits.reports;

  constructor(private readonly options: ReportSenderOptions) {}

  async progress(task: Task | Order, state: 'downloading' | 'installing', detail?: string): Promise<void> {
    // The answer may come before anybody listens for it.
    this.dropped(task.deliveryId);
    await this.#add({
      deliveryId: task.deliveryId,
      sequence: task.lastSequence + sequenceOffsets[state],
      state,
      at: new Date().toISOString(),
      ...(detail === undefined ? {} : { detail }),
    });
  }

  async final(entry: JournalEntry): Promise<void> {
    this.#dropped.delete(entry.task.deliveryId);
    if (entry.report === undefined) return;
    await this.options.ended.add(entry.report);
    await this.#add(entry.report);
  }

  /** Answers a task that was carried out before: LEONORE does not know its end yet. */
  async repeat(report: Report, task: Task | Order): Promise<void> {
    await this.#add({ ...report, sequence: Math.max(report.sequence, task.lastSequence + 1) });
  }

  dropped(deliveryId: string): AbortSignal {
    let controller = this.#dropped.get(deliveryId);
    if (controller === undefined) {
      controller = new AbortController();
      this.#dropped.set(deliveryId, controller);
    }
    return controller.signal;
  }

  /** Waits for reports, and sends those that there are; returns when the signal is aborted, too. */
  async sendNext(): Promise<void> {
    if (this.options.queue.isEmpty) await this.#added();
    else if (await this.#gathered()) await this.#sendSome();
  }

  /** False when the agent is to end. */
  async #gathered(): Promise<boolean> {
    const { queue, signal, gatherMs } = this.options;
    const untilMs = performance.now() + gatherMs;
    while (!signal.aborted && !queue.peek(limits.reports).some(isEnd)) {
      const restMs = untilMs - performance.now();
      if (restMs <= 0) break;
      await this.#added(restMs);
    }
    return !signal.aborted;
  }

  async #add(report: Report): Promise<void> {
    await this.options.queue.add(report);
    this.#wake();
  }

  /** Resolves when a report is added, when the agent is to end, or after the time if one is given. */
  async #added(withinMs?: number): Promise<void> {
    const { signal, queue } = this.options;
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        signal.removeEventListener('abort', wake);
        clearTimeout(timer);
        resolve();
      };
      const timer = withinMs === undefined ? undefined : setTimeout(wake, withinMs);
      this.#wake = wake;
      signal.addEventListener('abort', wake);
      if (signal.aborted || (withinMs === undefined && !queue.isEmpty)) wake();
    });
  }

  async #sendSome(): Promise<void> {
    const { queue, connection, connectivity, log, signal } = this.options;
    const reports = queue.peek(this.#most);
    try {
      const { outcomes } = await connection.call((session) =>
        connectivity.sendReports(session, reports, signal),
      );
      for (const { deliveryId, outcome } of outcomes) this.#note(deliveryId, outcome);
      await queue.acknowledge(outcomes);
      // An answer that names none of them would be repeated for ever.
      if (outcomes.length === 0) await queue.acknowledge(reports.slice(0, 1));
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof DeviceError)) throw error;
      // Refused as a whole, and so it would be again. One by one shows which it is, and that one is dropped.
      if (reports.length > 1) {
        this.#most = 1;
        return;
      }
      this.#most = limits.reports;
      const delivery = reports[0]?.deliveryId ?? '';
      const outcome = uselessOutcomes[error.code ?? ''];
      if (outcome === undefined) log('error', 'a report was refused', { delivery, problem: error.message });
      else this.#note(delivery, outcome);
      await queue.acknowledge(reports.slice(0, 1));
    }
  }

  #note(deliveryId: string, outcome: ReportOutcome): void {
    if (outcome !== 'ended' && outcome !== 'unknown') return;
    this.options.log('warn', 'LEONORE has ended the delivery', { delivery: deliveryId, outcome });
    this.#dropped.get(deliveryId)?.abort();
  }
}

/** True for the report that ends a delivery. */
function isEnd({ state }: Report): boolean {
  return state === 'succeeded' || state === 'failed';
}
