/** What the test bed writes for people: phases with their time, progress bars on a terminal, plain lines elsewhere. */
import { Presets, SingleBar } from 'cli-progress';
import pc from 'picocolors';

/** Without a terminal a line is written when the progress has grown by this share. */
const lineEvery = 0.1;

/** One phase of a run: its name and how long it took. */
export interface PhaseTime {
  readonly name: string;
  readonly seconds: number;
}

export class Phases {
  private readonly times: PhaseTime[] = [];

  /** @param write where lines go; stderr for runs whose stdout is read by programs */
  constructor(private readonly write: (line: string) => void) {}

  /** Runs a phase, and writes its name and time. */
  async run<T>(name: string, work: () => Promise<T>): Promise<T> {
    const startedMs = performance.now();
    const result = await work();
    const seconds = (performance.now() - startedMs) / 1_000;
    this.times.push({ name, seconds });
    this.write(`${pc.green('✓')} ${name} ${pc.dim(`(${seconds.toFixed(1)} s)`)}`);
    return result;
  }

  note(line: string): void {
    this.write(`  ${pc.dim(line)}`);
  }

  all(): readonly PhaseTime[] {
    return this.times;
  }
}

/** The progress of something with a known end. */
export class ProgressLine {
  private readonly bar: SingleBar | null;
  private written = -1;

  constructor(
    private readonly label: string,
    private readonly total: number,
    private readonly stream: NodeJS.WriteStream = process.stdout,
  ) {
    this.bar = stream.isTTY
      ? new SingleBar(
          {
            format: `  {bar} {percentage}% {value}/{total} ${label} {detail}`,
            stream,
            hideCursor: true,
            barsize: 30,
            clearOnComplete: true,
          },
          Presets.shades_classic,
        )
      : null;
    this.bar?.start(total, 0, { detail: '' });
  }

  update(done: number, detail: string): void {
    if (this.bar !== null) {
      this.bar.update(done, { detail });
      return;
    }
    const tenth = Math.floor(done / Math.max(1, this.total) / lineEvery);
    if (tenth === this.written) return;
    this.written = tenth;
    this.stream.write(`  ${done}/${this.total} ${this.label} ${detail}\n`);
  }

  end(): void {
    this.bar?.stop();
  }
}
