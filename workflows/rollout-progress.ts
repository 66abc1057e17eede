import type { RolloutInput, RolloutResult } from '../domain/orchestration.js';
import { stepNames, type Step } from '../domain/rollout/steps.js';

/** The state of a rollout as Markdown, for the "current details" of the Temporal UI. */
export class RolloutProgress {
  gateways: number | null = null;
  private artifacts: string;
  private readonly shares: string[] = [];

  constructor(private readonly input: RolloutInput) {
    this.artifacts = input.artifacts;
  }

  selected(artifacts: string): this {
    this.artifacts = artifacts;
    return this;
  }

  delegated(shares: readonly { nodeId: string; gateways: number }[]): this {
    for (const share of shares) this.shares.push(`${share.nodeId}: ${share.gateways}`);
    return this;
  }

  /** The eight steps, the present one marked. */
  at(present: Step): string {
    const steps = Object.entries(stepNames).map(([step, name]) => {
      const text = `(${step}) ${name}`;
      return step === present ? `- **▶ ${text}**` : `- ${text}`;
    });
    return [this.title(), '', ...steps, ...this.sharesText()].join('\n');
  }

  ended({ state, counts }: RolloutResult): string {
    const rows = Object.entries(counts).filter(([, count]) => count > 0);
    const table = ['| deliveries | |', '|---|---|', ...rows.map(([name, count]) => `| ${name} | ${count} |`)];
    return [this.title(), '', `**${state}**`, '', ...table, ...this.sharesText()].join('\n');
  }

  private title(): string {
    const count = this.gateways === null ? '' : ` (${this.gateways} gateways)`;
    return `**${this.artifacts}** to **${this.input.deployment}**${count}`;
  }

  private sharesText(): string[] {
    return this.shares.length === 0 ? [] : ['', `Shares: ${this.shares.join(', ')}`];
  }
}
