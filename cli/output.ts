import Table from 'cli-table3';
import pc from 'picocolors';
import { secondsText } from '../domain/units.js';
import { tableWidths } from './table-widths.js';

export { bytesText, counted, secondsText } from '../domain/units.js';

/** A stream that the CLI writes to; a terminal when it says so. */
export interface OutputStream {
  readonly isTTY?: boolean;
  /** Characters of a line, of a terminal. */
  readonly columns?: number;
  write(text: string): unknown;
}

type Colors = ReturnType<typeof pc.createColors>;

/** What a verb prints: a table or lines for people, one JSON document for scripts. */
export class Output {
  /** Colours on a terminal, plain text elsewhere and where NO_COLOR is set. */
  readonly colors: Colors;

  constructor(
    private readonly stream: OutputStream,
    readonly asJson: boolean,
    env: NodeJS.ProcessEnv,
  ) {
    this.colors = pc.createColors(stream.isTTY === true && (env['NO_COLOR'] ?? '') === '');
  }

  /** Prints a result: as JSON, or as the caller draws it. */
  result(value: unknown, draw: () => void): void {
    if (this.asJson) this.stream.write(`${JSON.stringify(value, null, 2)}\n`);
    else draw();
  }

  /** One JSON document on one line, for streams of them. */
  jsonLine(value: unknown): void {
    this.stream.write(`${JSON.stringify(value)}\n`);
  }

  line(text = ''): void {
    this.stream.write(`${text}\n`);
  }

  heading(text: string): void {
    this.line();
    this.line(this.colors.bold(text));
  }

  /** Facts as `name  value`; those without a value are left out. */
  facts(facts: Readonly<Record<string, string | number | null | undefined>>): void {
    const present = Object.entries(facts).filter(([, value]) => value !== null && value !== undefined);
    const width = Math.max(...present.map(([name]) => name.length));
    for (const [name, value] of present) {
      this.line(`${this.colors.dim(name.padEnd(width))}  ${printable(String(value))}`);
    }
  }

  /** Rows below a head, as wide as a terminal at most; says `none` when there is nothing. */
  table(head: readonly string[], rows: readonly (readonly (string | number | null)[])[], none: string): void {
    if (rows.length === 0) {
      this.line(this.colors.dim(none));
      return;
    }
    const cells = rows.map((row) => row.map((cell) => printable(String(cell ?? ''))));
    const table = new Table({
      ...this.columnsFor([head, ...cells]),
      head: head.map((name) => this.colors.bold(name)),
      style: { head: [], border: [], compact: true, 'padding-left': 0, 'padding-right': columnGap },
      chars: borderless,
    });
    table.push(...cells);
    for (const line of table.toString().split('\n')) this.line(line.trimEnd());
  }

  /** Nothing where all of them fit, or there is no terminal to fit. */
  private columnsFor(rows: readonly (readonly string[])[]): object {
    const { isTTY, columns } = this.stream;
    if (isTTY !== true || columns === undefined) return {};
    const natural = (rows[0] ?? []).map(
      (_head, at) => columnGap + Math.max(...rows.map((row) => widthOf(row[at] ?? ''))),
    );
    // Nothing follows the last column but the end of the line.
    const colWidths = tableWidths(natural, columns + columnGap);
    if (colWidths.every((width, at) => width === natural[at])) return {};
    // Between words, unless one is too long for its column: of that nothing is to be lost either.
    const wrapOnWordBoundary = rows.every((row) =>
      row.every((cell, at) => widthOf(cell.replace(/\s+/gu, '\n')) <= (colWidths[at] ?? 0) - columnGap),
    );
    return { colWidths, wordWrap: true, wrapOnWordBoundary };
  }
}

/** Characters of the widest of its lines. */
function widthOf(text: string): number {
  return Math.max(...text.split('\n').map((line) => Array.from(line).length));
}

const columnGap = 2;

const borderless = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '',
};

/** Text of gateways and artifacts must not steer the terminal: control characters become visible. */
export function printable(text: string): string {
  // eslint's no-control-regex has a point: the class is written by category instead.
  return text.replace(/(?!\n)\p{Cc}/gu, '\u{fffd}');
}

/** Time between two instants, as people say it. */
export function durationText(from: string, to: string | null): string {
  return secondsText(((to === null ? Date.now() : Date.parse(to)) - Date.parse(from)) / 1_000);
}

/** An instant without the parts that nobody reads. */
export function instantText(instant: string): string {
  return instant.replace('T', ' ').replace(/\.\d+Z$/, 'Z');
}
