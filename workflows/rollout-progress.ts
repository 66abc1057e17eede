import type { RolloutInput, RolloutResult } from '../domain/orchestration.js';
import { stepNames, type Step } from '../domain/rollout/steps.js';
import { counted } from '../domain/units.js';

/** Shares that are named one by one. */
const namedShares = 50;

/** The state of a rollout as Markdown, for the "current details" of the Temporal UI: shown whenever it changes. */
export class RolloutProgress {
  private count: number | null = null;
  private artifacts: string;
  private present: Step | null = null;
  private away: string | null = null;
  private isCancelling = false;
  private result: RolloutResult | null = null;
  private readonly shares = new Map<string, number>();

  constructor(
    private readonly input: RolloutInput,
    private readonly show: (details: string) => void,
  ) {
    this.artifacts = input.artifacts;
  }

  set gateways(count: number) {
    this.count = count;
    this.tell();
  }

  selected(artifacts: string): void {
    this.artifacts = artifacts;
    this.tell();
  }

  delegated(shares: readonly { nodeId: string; gateways: number }[]): void {
    for (const share of shares) this.shares.set(share.nodeId, share.gateways);
    this.tell();
  }

  /** The step that it is at. */
  at(step: Step): void {
    this.present = step;
    this.tell();
  }

  /** What it waits for besides gateways; null when that is back. */
  waitFor(what: string | null): void {
    this.away = what;
    this.tell();
  }

  cancelling(): void {
    this.isCancelling = true;
    this.tell();
  }

  ended(result: RolloutResult): void {
    this.result = result;
    this.tell();
  }

  private tell(): void {
    const count = this.count === null ? '' : ` (${counted(this.count, 'gateway')})`;
    const title = `**${this.artifacts.slice(0, 2_000)}** to **${this.input.deployment}**${count}`;
    const body = this.result === null ? this.steps() : outcome(this.result);
    this.show([title, '', ...body, ...this.sharesText()].join('\n'));
  }

  /** The eight steps, the present one marked. */
  private steps(): string[] {
    const notes = [
      ...(this.away === null ? [] : [`waiting for ${this.away}`]),
      ...(this.isCancelling ? ['cancelling'] : []),
    ];
    const marked = notes.length === 0 ? '' : ` — ${notes.join(', ')}`;
    return Object.entries(stepNames).map(([step, name]) => {
      const text = `(${step}) ${name}`;
      return step === this.present ? `- **▶ ${text}**${marked}` : `- ${text}`;
    });
  }

  private sharesText(): string[] {
    const named = [...this.shares]
      .slice(0, namedShares)
      .map(([nodeId, gateways]) => `${nodeId}: ${gateways}`);
    const more = this.shares.size - named.length;
    if (named.length === 0) return [];
    return ['', `Shares: ${named.join(', ')}${more > 0 ? ` and ${more} more nodes` : ''}`];
  }
}

function outcome({ state, counts }: RolloutResult): string[] {
  const rows = Object.entries(counts).filter(([, count]) => count > 0);
  return [
    `**${state}**`,
    '',
    '| deliveries | |',
    '|---|---|',
    ...rows.map(([name, count]) => `| ${name} | ${count} |`),
  ];
}
