import Table from 'cli-table3';
import pc from 'picocolors';

/** One measured value and how it stands to its goal. */
export interface Figure {
  readonly name: string;
  readonly value: number | string;
  readonly unit: string;
  /** Largest value that is still good; null where there is nothing to reach. */
  readonly goal: number | null;
  readonly met: boolean | null;
  /** How the value was obtained. */
  readonly how: string;
}

/** A figure without a goal. */
export function fact(name: string, value: number | string, unit: string, how: string): Figure {
  return { name, value, unit, goal: null, met: null, how };
}

/** A figure that must not exceed `goal`. */
export function atMost(goal: number, name: string, value: number, unit: string, how: string): Figure {
  return { name, value, unit, goal, met: value <= goal, how };
}

export function toJsonLine(figure: Figure): string {
  return JSON.stringify({ ...figure, value: rounded(figure.value) });
}

/** A table for people. */
export function toTable(figures: readonly Figure[]): string {
  const table = new Table({
    head: ['figure', 'value', 'unit', 'goal', '', 'how'],
    style: { head: [], border: [], compact: true },
    colAligns: ['left', 'right', 'left', 'right', 'left', 'left'],
  });
  for (const { name, value, unit, goal, met, how } of figures) {
    const sign = met === null ? '' : met ? pc.green('met') : pc.red('NOT MET');
    table.push([name, String(rounded(value)), unit, goal === null ? '' : `≤ ${goal}`, sign, how]);
  }
  return table.toString();
}

/** Four significant digits: more would claim a precision that a shared machine does not have. */
function rounded(value: number | string): number | string {
  if (typeof value === 'string' || Number.isInteger(value)) return value;
  return Number(value.toPrecision(4));
}
