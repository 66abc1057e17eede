import { Compile } from 'typebox/compile';
import { findSchemaProblem } from '../artifact/schema-problem.js';
import { formatPath } from '../artifact/source-document.js';
import { limits } from '../limits.js';
import { cleanText } from '../text.js';
import { ReportSchema, stepLength, type Report } from './messages.js';

/** A report that is none, with what can be told of it. */
export interface RefusedReport {
  /** As the gateway wrote it, if it did; else empty. */
  readonly deliveryId: string;
  /** As the gateway wrote it, if it did; else 0. */
  readonly sequence: number;
  readonly reason: string;
}

const validator = Compile(ReportSchema);

/**
 * Reads one report of a request. What programs on the gateway printed is cleaned and cut to size: the end of a delivery is
 * worth more than the bytes of a message. Everything else must be as the schema says.
 */
export function readReport(value: unknown): Report | RefusedReport {
  const report = withCleanOutput(value);
  const problem = findSchemaProblem(validator, report);
  if (problem === null) return report as Report;
  const { deliveryId, sequence } = isRecord(value) ? value : {};
  const place = problem.path.length === 0 ? '' : `${formatPath(problem.path)}: `;
  return {
    deliveryId: typeof deliveryId === 'string' ? deliveryId : '',
    sequence: typeof sequence === 'number' ? sequence : 0,
    reason: `${place}${problem.message}`,
  };
}

export function isRefused(report: Report | RefusedReport): report is RefusedReport {
  return 'reason' in report;
}

function withCleanOutput(value: unknown): unknown {
  if (!isRecord(value)) return value;
  const report = cleaned(value, 'detail', limits.reportDetailBytes);
  const { error } = report;
  if (!isRecord(error)) return report;
  return {
    ...report,
    error: cleaned(cleaned(error, 'message', limits.reportDetailBytes), 'step', stepLength),
  };
}

function cleaned(record: Record<string, unknown>, field: string, maxLength: number): Record<string, unknown> {
  const text = record[field];
  return typeof text === 'string' ? { ...record, [field]: cleanText(text, maxLength) } : record;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
