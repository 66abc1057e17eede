import type { CampaignAction, Decision } from '../domain/campaign/decide.js';
import type { PhaseFacts } from '../domain/campaign/facts.js';
import { summaryText, type CampaignInput } from '../domain/orchestration.js';
import type { CampaignLook } from './activity-types.js';
import { counted } from '../domain/units.js';

/** Phases that are shown one by one. */
const shownPhases = 50;

/** The state of a campaign as Markdown, for the "current details" of the Temporal UI. */
export function campaignDetails(
  input: CampaignInput,
  { status, facts }: CampaignLook,
  decision: Decision | null,
): string {
  const { state, reason } = decision?.status ?? status;
  const next = decision === null ? null : nextText(decision.action);
  return [
    `**${input.artifacts.slice(0, 2_000)}** to **${input.deployment}**, in phases`,
    '',
    `**${state}**${reason === null ? '' : `: ${reason}`}${next === null ? '' : ` — ${next}`}`,
    '',
    '| phase | not begun | at work | succeeded | failed | left | |',
    '|---|---|---|---|---|---|---|',
    ...facts.phases.slice(0, shownPhases).map(phaseRow),
    ...(facts.rollback === null ? [] : ['', `Way back: ${counted(facts.rollback.open, 'gateway')} still`]),
  ].join('\n');
}

/** What is carried out, as the Temporal UI shows it beside the activity. */
export function decisionSummary({ action, status: { state } }: Decision): string {
  const next = action.do === 'wait' ? null : nextText(action);
  return summaryText(next === null ? `It is ${state}` : `It ${next}`);
}

function phaseRow(phase: PhaseFacts): string {
  const failed = phase.failed.reduce((sum, { members }) => sum + members, 0);
  const classes = [...new Set(phase.failed.map(({ errorClass }) => errorClass))].join(', ');
  const unwell = phase.unhealthy === 0 ? '' : `${phase.unhealthy} not well`;
  const notes = [classes, unwell].filter((note) => note !== '').join('; ');
  return `| ${phase.name} | ${phase.notBegun} | ${phase.open} | ${phase.succeeded} | ${failed} | ${phase.left} | ${notes} |`;
}

function nextText(action: CampaignAction): string | null {
  switch (action.do) {
    case 'start-slice':
      return `gives work to phase ${action.phase + 1}`;
    case 'start-retry':
      return `tries again in phase ${action.phase + 1}: ${action.errorClass}`;
    case 'retry-failed':
      return 'tries again what failed';
    case 'withdraw':
      return 'withdraws what has not begun';
    case 'roll-back':
      return 'brings back what was';
    case 'ask-approval':
      return `asks for approval of phase ${action.phase + 1} by ${action.role}`;
    case 'wait':
      return action.untilMs === null ? null : `until ${new Date(action.untilMs).toISOString()} at the latest`;
    case 'end':
      return null;
  }
}
