import { WriteStream } from 'node:tty';
import { MultiBar, Presets } from 'cli-progress';
import type { Campaign } from '../client/resources.js';
import { isCampaignEnded } from '../domain/campaign/state.js';
import type { VerbContext } from './cli.js';
import { ExitCode } from './exit-code.js';
import { guardTerminal } from './guard-terminal.js';
import { looks } from './look-until.js';

/** Milliseconds between two looks: what a campaign does takes longer. */
const lookMs = 1_000;

/**
 * Follows a campaign until it has ended: a bar for each phase on a terminal, lines elsewhere, with --json one JSON document a
 * line whenever something changed. What is away is waited for.
 * @param isSilent whether nothing is told but the end
 * @returns 0 only when it succeeded
 */
export async function followCampaign(
  { client, out, progress }: VerbContext<object>,
  id: string,
  isSilent = false,
): Promise<ExitCode> {
  const display =
    out.asJson || isSilent
      ? null
      : progress instanceof WriteStream
        ? new BarDisplay(progress)
        : new LineDisplay(progress);
  let said = '';
  let last: Campaign | null = null;
  try {
    const onAway = (what: string): void => display?.waiting(what);
    for await (const campaign of looks(() => client.campaign(id), { everyMs: lookMs, onAway })) {
      display?.show(campaign);
      if (out.asJson && !isSilent && said !== (said = JSON.stringify(campaign))) out.jsonLine(campaign);
      last = campaign;
      if (isCampaignEnded(campaign.state)) break;
    }
  } finally {
    display?.end();
  }
  if (out.asJson && isSilent && last !== null) out.jsonLine(last);
  const { state, reason } = last ?? { state: 'failed', reason: null };
  const color = state === 'succeeded' ? out.colors.green : out.colors.red;
  if (!out.asJson) out.line(`${color(state)}${reason === null ? '' : `: ${reason}`}`);
  return state === 'succeeded' ? ExitCode.Done : ExitCode.Failed;
}

/** A bar for each phase that has gateways. */
class BarDisplay {
  private readonly bars: MultiBar;
  private readonly phases = new Map<number, ReturnType<MultiBar['create']>>();
  private readonly release: () => void;

  constructor(stream: WriteStream) {
    this.release = guardTerminal(stream);
    const format = '{name} {bar} {value}/{total}  {note}';
    this.bars = new MultiBar({ format, stream, hideCursor: true, barsize: 30 }, Presets.shades_classic);
  }

  show({ phases, state, reason }: Campaign): void {
    for (const phase of phases) {
      const bar = this.phases.get(phase.phase) ?? this.bars.create(phase.gateways, 0, { name: '', note: '' });
      this.phases.set(phase.phase, bar);
      const isCurrent =
        phase.startedAt !== null &&
        !phases.some((next) => next.phase > phase.phase && next.startedAt !== null);
      const about = [noteOf(phase), isCurrent ? (reason ?? state) : ''].filter((part) => part !== '');
      bar.update(endedOf(phase), { name: `${phase.phase} ${phase.name}`.padEnd(14), note: about.join('; ') });
    }
  }

  waiting(): void {
    // The bars stay as they are.
  }

  end(): void {
    this.bars.stop();
    this.release();
  }
}

class LineDisplay {
  private said = '';

  constructor(private readonly stream: { write(text: string): unknown }) {}

  show({ phases, state, reason }: Campaign): void {
    const begun = phases.filter(({ startedAt }) => startedAt !== null);
    const counts = begun.map((phase) => {
      const note = noteOf(phase);
      return `${phase.name} ${endedOf(phase)}/${phase.gateways}${note === '' ? '' : ` (${note})`}`;
    });
    this.say([`${state}${reason === null ? '' : `: ${reason}`}`, ...counts].join('  '));
  }

  waiting(what: string): void {
    this.say(`waiting for ${what}`);
  }

  end(): void {
    this.said = '';
  }

  private say(line: string): void {
    if (line !== this.said) this.stream.write(`${line}\n`);
    this.said = line;
  }
}

type Phase = Campaign['phases'][number];

function endedOf({ gateways, notBegun, open }: Phase): number {
  return gateways - notBegun - open;
}

function noteOf({ failed, left, unwell }: Phase): string {
  const classes = Object.entries(failed).map(([name, count]) => `${count} ${name}`);
  return [
    ...classes,
    ...(unwell > 0 ? [`${unwell} not well`] : []),
    ...(left > 0 ? [`${left} left`] : []),
  ].join(', ');
}
