import { WriteStream } from 'node:tty';
import { Presets, SingleBar } from 'cli-progress';
import type { ClientError } from '../client/client-error.js';
import type { RolloutProgress } from '../client/resources.js';
import { isEnded, type DeliveryState } from '../domain/delivery/state.js';
import { awaitedBy } from '../domain/error-kinds.js';
import type { VerbContext } from './cli.js';
import { countsText } from './counts-text.js';
import { ExitCode } from './exit-code.js';
import { guardTerminal } from './guard-terminal.js';
import type { OutputStream } from './output.js';

/**
 * Follows a rollout until it has ended: a progress bar on a terminal, lines elsewhere, with --json one JSON document a
 * line whenever something changed. What is away is waited for, and named.
 * @param isSilent whether nothing is told but the end
 * @returns 0 only when it succeeded
 */
export async function followRollout(
  { client, out, progress }: VerbContext<object>,
  id: string,
  isSilent = false,
): Promise<ExitCode> {
  const display = out.asJson || isSilent ? null : createDisplay(progress);
  let last: RolloutProgress | null = null;
  let said = '';
  const tell = (next: RolloutProgress): void => {
    display?.show(next);
    // The end is told twice: as the last progress, and as the end.
    if (out.asJson && !isSilent && said !== (said = JSON.stringify(next))) out.jsonLine(next);
  };
  const onAway = ({ code }: ClientError): void => {
    const waitingFor = awaitedBy(code) ?? 'an answer of the API';
    if (last === null) display?.waiting(waitingFor);
    else tell({ ...last, waitingFor });
  };
  try {
    for await (const next of client.watchRollout(id, { onAway })) {
      last = next;
      tell(next);
    }
  } finally {
    display?.end();
  }
  if (out.asJson && isSilent && last !== null) out.jsonLine(last);
  const state = last?.state ?? 'failed';
  if (!out.asJson && last !== null) {
    const color = state === 'succeeded' ? out.colors.green : out.colors.red;
    out.line(`${color(state)}: ${countsText(last.counts)}`);
  }
  return state === 'succeeded' ? ExitCode.Done : ExitCode.Failed;
}

interface Display {
  show(progress: RolloutProgress): void;
  /** Something is away, and nothing is known of the rollout yet. */
  waiting(what: string): void;
  end(): void;
}

function createDisplay(stream: OutputStream): Display {
  return stream instanceof WriteStream ? new BarDisplay(stream) : new LineDisplay(stream);
}

class BarDisplay implements Display {
  private readonly bar: SingleBar;
  private readonly release: () => void;

  constructor(stream: WriteStream) {
    this.release = guardTerminal(stream);
    const format = '{bar} {value}/{total}  {step}  {counts}';
    this.bar = new SingleBar({ format, stream, hideCursor: true, barsize: 30 }, Presets.shades_classic);
    this.bar.start(0, 0, { step: '', counts: '' });
  }

  show(progress: RolloutProgress): void {
    const { ended, total } = amountsOf(progress);
    this.bar.setTotal(total);
    this.bar.update(ended, { step: currentStep(progress), counts: countsText(progress.counts) });
  }

  waiting(what: string): void {
    this.bar.update(0, { step: waitingText(what), counts: '' });
  }

  end(): void {
    this.bar.stop();
    this.release();
  }
}

class LineDisplay implements Display {
  private said = '';

  constructor(private readonly stream: OutputStream) {}

  show(progress: RolloutProgress): void {
    const { ended, total } = amountsOf(progress);
    this.say(`${ended}/${total}  ${currentStep(progress)}  ${countsText(progress.counts)}`);
  }

  waiting(what: string): void {
    this.say(waitingText(what));
  }

  end(): void {
    this.said = '';
  }

  private say(line: string): void {
    if (line !== this.said) this.stream.write(`${line}\n`);
    this.said = line;
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

/** The step that began last and has not ended, and what it waits for. */
function currentStep({ state, steps, waitingFor }: RolloutProgress): string {
  const current = steps.findLast(({ endedAt }) => endedAt === null);
  const step = current === undefined ? state : `(${current.step}) ${current.name}`;
  return waitingFor === null ? step : `${step}, ${waitingText(waitingFor)}`;
}

function waitingText(what: string): string {
  return `waiting for ${what}`;
}
