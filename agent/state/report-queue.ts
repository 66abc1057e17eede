/**
 * Reports that LEONORE has not acknowledged yet, one file each, in order.
 *
 * INVARIANTS
 *  - A report is on the disk before `add` returns, and until LEONORE has said that it is done with it. When the disk
 *    is full it is kept in memory: better a report that a power cut may lose than none.
 *  - (deliveryId, sequence) is in the queue once at most, so repeating a step after a crash repeats no report.
 *  - The queue is bounded by itself: tasks come from the node that takes the reports, a few reports each.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Value } from 'typebox/value';
import { ReportSchema, type Report } from '../../domain/agent-protocol/messages.js';
import { removeFile } from './atomic-file.js';
import { readStateFile, writeStateFile } from './state-file.js';

interface QueuedReport {
  readonly file: string;
  readonly report: Report;
}

export class ReportQueue {
  #reports: QueuedReport[] = [];
  #last = 0;

  private constructor(private readonly directory: string) {}

  static async open(directory: string): Promise<ReportQueue> {
    const queue = new ReportQueue(directory);
    const files = (await readdir(directory)).filter((file) => /^\d{12}\.json$/.test(file)).sort();
    for (const file of files) {
      queue.#last = Number.parseInt(file, 10);
      const report = await readStateFile(join(directory, file));
      if (Value.Check(ReportSchema, report)) queue.#reports.push({ file, report });
    }
    return queue;
  }

  async add(report: Report): Promise<void> {
    if (this.#reports.some((queued) => isSame(queued.report, report))) return;
    this.#last += 1;
    const file = `${String(this.#last).padStart(12, '0')}.json`;
    this.#reports.push({ file, report });
    await writeStateFile(join(this.directory, file), report, { copied: false }).catch(() => undefined);
  }

  /** The oldest reports, at most so many. */
  peek(most: number): Report[] {
    return this.#reports.slice(0, most).map(({ report }) => report);
  }

  get isEmpty(): boolean {
    return this.#reports.length === 0;
  }

  /** Drops reports that LEONORE is done with. */
  async acknowledge(
    done: readonly { readonly deliveryId: string; readonly sequence: number }[],
  ): Promise<void> {
    const acknowledged = this.#reports.filter(({ report }) => done.some((other) => isSame(report, other)));
    for (const { file } of acknowledged) await removeFile(join(this.directory, file));
    this.#reports = this.#reports.filter((queued) => !acknowledged.includes(queued));
  }
}

function isSame(
  left: { readonly deliveryId: string; readonly sequence: number },
  right: { readonly deliveryId: string; readonly sequence: number },
): boolean {
  return left.deliveryId === right.deliveryId && left.sequence === right.sequence;
}
