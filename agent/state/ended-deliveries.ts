/**
 * Deliveries that this gateway has carried out, with their last report. LEONORE offers a task until it has that
 * report: a task that is offered again is answered, not carried out again.
 */
import Type from 'typebox';
import { Value } from 'typebox/value';
import { ReportSchema, type Report } from '../../domain/agent-protocol/messages.js';
import { readStateFile, writeStateFile } from './state-file.js';

/** At most eight tasks are offered at a time, so what is older than this is not offered any more. */
const remembered = 32;

const EndedSchema = Type.Array(ReportSchema);

export class EndedDeliveries {
  private constructor(
    private readonly path: string,
    private reports: readonly Report[],
  ) {}

  static async open(path: string): Promise<EndedDeliveries> {
    const value = await readStateFile(path);
    return new EndedDeliveries(path, Value.Check(EndedSchema, value) ? value : []);
  }

  lastReport(deliveryId: string): Report | undefined {
    return this.reports.find((report) => report.deliveryId === deliveryId);
  }

  async add(report: Report): Promise<void> {
    const others = this.reports.filter((other) => other.deliveryId !== report.deliveryId);
    this.reports = [...others, report].slice(-remembered);
    // On a full disk it is remembered for as long as the agent runs.
    await writeStateFile(this.path, this.reports, { copied: true }).catch(() => undefined);
  }
}
