import Table from 'cli-table3';
import pc from 'picocolors';
import { secondsText } from '../domain/units.js';

export { bytesText, counted, secondsText } from '../domain/units.js';

/** A stream that the CLI writes to; a terminal when it says so. */
export interface OutputStream {
  readonly isTTY?: boolean;
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

  /** Rows below a head; says `none` when there is nothing. */
  table(head: readonly string[], rows: readonly (readonly (string | number | null)[])[], none: string): void {
    if (rows.length === 0) {
      this.line(this.colors.dim(none));
      return;
    }
    const table = new Table({
      head: head.map((name) => this.colors.bold(name)),
      style: { head: [], border: [], compact: true, 'padding-left': 0, 'padding-right': 2 },
      chars: borderless,
    });
    for (const row of rows) table.push(row.map((cell) => printable(String(cell ?? ''))));
    for (const line of table.toString().split('\n')) this.line(line.trimEnd());
  }
}

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
