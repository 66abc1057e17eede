import { WriteStream } from 'node:tty';
import { Presets, SingleBar } from 'cli-progress';
import type { RolloutProgress } from '../client/resources.js';
import { isEnded, type DeliveryState } from '../domain/delivery/state.js';
import type { VerbContext } from './cli.js';
import { countsText } from './counts-text.js';
import { ExitCode } from './exit-code.js';
import type { OutputStream } from './output.js';

/**
 * Follows a rollout until it has ended: a progress bar on a terminal, lines elsewhere, with --json one JSON document a
 * line whenever something changed.
 * @returns 0 only when it succeeded
 */
export async function followRollout(
  { client, out, progress }: VerbContext<object>,
  id: string,
): Promise<ExitCode> {
  const display = out.asJson ? null : createDisplay(progress);
  let last: RolloutProgress | null = null;
  let said = '';
  try {
    for await (const next of client.watchRollout(id)) {
      last = next;
      display?.show(next);
      // The end is told twice: as the last progress, and as the end.
      if (out.asJson && said !== (said = JSON.stringify(next))) out.jsonLine(next);
    }
  } finally {
    display?.end();
  }
  const state = last?.state ?? 'failed';
  if (!out.asJson && last !== null) {
    const color = state === 'succeeded' ? out.colors.green : out.colors.red;
    out.line(`${color(state)}: ${countsText(last.counts)}`);
  }
  return state === 'succeeded' ? ExitCode.Done : ExitCode.Failed;
}

interface Display {
  show(progress: RolloutProgress): void;
  end(): void;
}

function createDisplay(stream: OutputStream): Display {
  return stream instanceof WriteStream ? new BarDisplay(stream) : new LineDisplay(stream);
}

class BarDisplay implements Display {
  private readonly bar: SingleBar;

  constructor(stream: WriteStream) {
    const format = '{bar} {value}/{total}  {step}  {counts}';
    this.bar = new SingleBar({ format, stream, hideCursor: true, barsize: 30 }, Presets.shades_classic);
    this.bar.start(0, 0, { step: '', counts: '' });
  }

  show(progress: RolloutProgress): void {
    const { ended, total } = amountsOf(progress);
    this.bar.setTotal(total);
    this.bar.update(ended, { step: currentStep(progress), counts: countsText(progress.counts) });
  }

  end(): void {
    this.bar.stop();
  }
}

class LineDisplay implements Display {
  private said = '';

  constructor(private readonly stream: OutputStream) {}

  show(progress: RolloutProgress): void {
    const { ended, total } = amountsOf(progress);
    const line = `${ended}/${total}  ${currentStep(progress)}  ${countsText(progress.counts)}`;
    if (line !== this.said) this.stream.write(`${line}\n`);
    this.said = line;
  }

  end(): void {
    this.said = '';
  }
}

function amountsOf({ counts }: RolloutProgress): { ended: number; total: number } {
  let ended = 0;
  let total = 0;
  for (const [state, count] of Object.entries(counts)) {
    total += count;
    if (isEnded(state as DeliveryState)) ended += count;
  }
  return { ended, total };
}

/** The step that began last and has not ended. */
function currentStep({ state, steps }: RolloutProgress): string {
  const current = steps.findLast(({ endedAt }) => endedAt === null);
  return current === undefined ? state : `(${current.step}) ${current.name}`;
}
