import { randomUUID } from 'node:crypto';
import { Command } from 'commander';
import type { Campaign, CampaignPreview } from '../../client/resources.js';
import { campaignVerbs, type CampaignVerb } from '../../domain/campaign/state.js';
import { limits } from '../../domain/limits.js';
import { wholeNumber } from '../arguments.js';
import type { Cli, VerbContext } from '../cli.js';
import { ExitCode } from '../exit-code.js';
import { followCampaign } from '../follow-campaign.js';
import { bytesText, counted, durationText, instantText, printable, type Output } from '../output.js';
import { addStrategyOptions, strategyOf, type StrategyOptions } from '../strategy-option.js';
import { addTargetOptions, targetOf, type TargetOptions } from '../target-options.js';

type Context = VerbContext<object>;
type PreviewedGroup = CampaignPreview['phases'][number]['groups'][number];

interface CampaignOptions extends TargetOptions, StrategyOptions {
  readonly allowRemove?: true;
  readonly allowDowngrade?: true;
}

interface StartOptions extends CampaignOptions {
  readonly id?: string;
  readonly reason?: string;
  readonly watch?: true;
  readonly wait?: true;
  readonly idempotencyKey?: string;
}

interface VerbOptions {
  readonly reason?: string;
  readonly phase?: number;
}

const verbDescriptions: Readonly<Record<CampaignVerb, string>> = {
  pause: 'nothing new begins until it is resumed',
  resume: 'go on; what has failed so far is accepted',
  stop: 'nothing new begins; what runs finishes, and the campaign ends',
  abort: 'likewise, and what has not switched is withdrawn',
  approve: 'approve a phase, so that the next one begins',
  rollback: 'bring back what was, on all gateways that it changed or those of a phase',
  retry: 'try again what failed',
};

/** Gateways named of each phase of a preview. */
const shownOfPhase = 3;
/** Lines named of each phase of a preview; `--json` has more. */
const shownSitesOfPhase = 5;
/** Gateways shown that the way back left as they are; `--json` has more. */
const shownLeft = 50;

/** `leonore campaign start | plan | list | show | watch`, and what people ask of one. */
export function campaignCommand(cli: Cli): Command {
  const command = new Command('campaign').description('new versions to many gateways, in phases');
  cli.serverVerb(
    withCampaignOptions(command.command('start').description('start a campaign'))
      .option('--id <id>', 'as `campaign plan` gave it: phases get the same gateways')
      .option('--reason <text>', 'why, for those who read it later')
      .option('--watch', 'follow it until it has ended; exit 0 only when it succeeded')
      .option('--wait', 'the same, and tell nothing but its end')
      .option('--idempotency-key <key>', 'the same key starts the same campaign'),
    start,
  );
  cli.serverVerb(
    withCampaignOptions(
      command
        .command('plan')
        .description(
          'dry run: phases with their gateways, plans, windows, times, bytes over each line, and risks',
        ),
    ),
    previewAsked,
  );
  cli.serverVerb(command.command('list').description('list all campaigns, newest first'), list);
  cli.serverVerb(
    command
      .command('show')
      .description('show a campaign: its phases, rollouts, and what happened')
      .argument('<id>'),
    show,
    ['campaign'],
  );
  cli.serverVerb(
    command
      .command('report')
      .description('what a campaign did, gateway by gateway, with the evidence: a line of JSON each')
      .argument('<id>'),
    report,
    ['campaign'],
  );
  cli.serverVerb(
    command
      .command('watch')
      .description('follow a campaign until it has ended; exit 0 only when it succeeded')
      .argument('<id>'),
    followCampaign,
    ['campaign'],
  );
  for (const verb of campaignVerbs) {
    const asked = command
      .command(verb)
      .description(verbDescriptions[verb])
      .argument('<id>')
      .option('--reason <text>', 'why, for those who read it later');
    if (verb === 'approve' || verb === 'rollback')
      asked.option(
        '--phase <number>',
        'the phase; the first is 1',
        wholeNumber(1, limits.campaignPhases + 1),
      );
    cli.serverVerb(asked, (context: VerbContext<VerbOptions>, id: string) => tell(context, verb, id), [
      'campaign',
    ]);
  }
  return command;
}

async function start(context: VerbContext<StartOptions>, requests: string[]): Promise<ExitCode> {
  const { client, out, options } = context;
  const { id, reason, watch, wait, idempotencyKey = randomUUID() } = options;
  const campaign = await client.startCampaign(
    {
      ...(await askedFor(options, requests)),
      ...(id === undefined ? {} : { id }),
      ...(reason === undefined ? {} : { reason }),
    },
    idempotencyKey,
  );
  if (watch === true || wait === true) {
    if (!out.asJson) context.progress.write(`campaign ${campaign.id}\n`);
    return followCampaign(context, campaign.id, watch !== true);
  }
  out.result(campaign, () => {
    out.line(`${out.colors.green('started')} campaign ${campaign.id}`);
    out.line(out.colors.dim(`follow it with: leonore campaign watch ${campaign.id}`));
  });
  return ExitCode.Done;
}

async function previewAsked(
  { client, out, options }: VerbContext<CampaignOptions>,
  requests: string[],
): Promise<undefined> {
  const preview = await client.previewCampaign(await askedFor(options, requests));
  out.result(preview, () => drawPreview(out, preview));
}

/** What is asked for, as a preview and a start send it. */
async function askedFor(options: CampaignOptions, requests: string[]) {
  const { allowRemove, allowDowngrade } = options;
  return {
    requests,
    ...targetOf(options),
    strategy: await strategyOf(options),
    ...(allowRemove === undefined ? {} : { allowRemove }),
    ...(allowDowngrade === undefined ? {} : { allowDowngrade }),
  };
}

function withCampaignOptions(command: Command): Command {
  return addStrategyOptions(addTargetOptions(command.argument('<name[@range]...>', 'what to provision')))
    .option('--allow-remove', 'newer versions may take away what was asked for before')
    .option('--allow-downgrade', 'what was asked for may come in an older version');
}

async function list({ client, out }: Context): Promise<undefined> {
  const campaigns = await client.campaigns();
  out.result(campaigns, () =>
    out.table(
      ['ID', 'WHAT', 'TO', 'STATE', 'STARTED', 'TOOK'],
      campaigns.map(({ id, selected, deployment, state, createdAt, endedAt }) => [
        id,
        selected.join(' '),
        deployment,
        state,
        instantText(createdAt),
        durationText(createdAt, endedAt),
      ]),
      'no campaigns',
    ),
  );
}

async function report({ client, out }: VerbContext<object>, id: string): Promise<undefined> {
  for await (const evidence of client.campaignReport(id)) out.jsonLine(evidence);
}

async function show({ client, out }: Context, id: string): Promise<undefined> {
  const campaign = await client.campaign(id);
  out.result(campaign, () => drawCampaign(out, campaign));
}

async function tell(
  { client, out, options }: VerbContext<VerbOptions>,
  verb: CampaignVerb,
  id: string,
): Promise<undefined> {
  const campaign = await client.tellCampaign(id, verb, saidOf(options));
  out.result(campaign, () => out.line(`campaign ${campaign.id} is ${campaign.state}`));
}

function saidOf({ reason, phase }: VerbOptions): { reason?: string; phase?: number } {
  return { ...(reason === undefined ? {} : { reason }), ...(phase === undefined ? {} : { phase }) };
}

function drawPreview(out: Output, preview: CampaignPreview): void {
  const { id, selected, deployment, gateways, deliverySeconds, isMeasured, endsAt, phases, risks } = preview;
  const { siteLabel } = preview;
  out.line(
    `${selected.join(' ')} to ${printable(deployment)}: ${counted(gateways, 'gateway')} ` +
      `in ${counted(phases.length, 'phase')}, at its end ${instantText(endsAt)} if all goes well`,
  );
  const taken = isMeasured ? 'as the last ones took' : 'supposed: none was measured yet';
  out.line(out.colors.dim(`a delivery is taken to last ${Math.ceil(deliverySeconds)} s (${taken})`));
  out.table(
    ['', 'PHASE', 'GATEWAYS', '', 'BEGINS', 'ENDS', 'APPROVAL'],
    phases.map((phase) => [
      phase.phase,
      phase.name,
      phase.gateways,
      phase.gatewayIds.slice(0, shownOfPhase).join(', ') + (phase.gateways > shownOfPhase ? ', …' : ''),
      momentText(phase.beginsAt),
      momentText(phase.endsAt),
      phase.approval ?? '',
    ]),
    '',
  );
  for (const { name, zones } of phases)
    for (const { zone, gateways: count, opensAt, closesAt } of zones)
      out.line(
        `${printable(name)}: ${counted(count, 'gateway')} in ${zone}, next window ` +
          `${instantText(opensAt)} to ${instantText(closesAt)}`,
      );
  for (const phase of phases) drawPhaseWork(out, phase, siteLabel);
  for (const { kind, text, sample } of risks)
    out.line(`${out.colors.yellow(`risk, ${kind}`)}: ${printable(`${text}: ${sample.join(', ')}`)}`);
  out.line(out.colors.dim(`the same phases: --id ${id}`));
}

/** What the gateways of a phase would be given, and what goes over each line for it. */
function drawPhaseWork(out: Output, phase: CampaignPreview['phases'][number], siteLabel: string): void {
  const { name, groups, groupCount, packagesToBuild, packagesThere, downloadBytes, sites, siteCount } = phase;
  out.heading(printable(name));
  out.line(
    `${counted(packagesToBuild, 'package')} to build, ${packagesThere} there already, ${bytesText(downloadBytes)} to fetch`,
  );
  for (const group of groups)
    out.line(`  ${counted(group.gateways, 'gateway')}: ${printable(groupText(group))}`);
  if (groupCount > groups.length)
    out.line(out.colors.dim(`  and ${counted(groupCount - groups.length, 'more group')}`));
  if (sites.length === 0) return;
  const shown = sites.slice(0, shownSitesOfPhase);
  const lines = shown.map(({ site, bytes }) => `${site === '' ? '(none)' : site} ${bytesText(bytes)}`);
  const more = siteCount > shown.length ? `, and ${siteCount - shown.length} more` : '';
  out.line(`  over each line, by ${printable(siteLabel)}: ${printable(lines.join(', '))}${more}`);
}

function groupText({ install, remove, explanation, package: needed, lacking }: PreviewedGroup): string {
  if (explanation !== null) return `no plan: ${explanation.split('\n', 1)[0] ?? ''}`;
  if (install.length === 0 && remove.length === 0) return 'nothing to do';
  return [
    install.length === 0 ? [] : `install ${install.join(' ')}`,
    remove.length === 0 ? [] : `remove ${remove.join(' ')}`,
    needed === null ? [] : `${bytesText(needed.bytes)} each`,
    lacking === 0 ? [] : `${lacking} without values that it needs`,
  ]
    .flat()
    .join(', ');
}

function momentText(instant: string | null): string {
  return instant === null ? 'not before the deadline' : instantText(instant);
}

function drawCampaign(out: Output, campaign: Campaign): void {
  out.facts({
    id: campaign.id,
    what: campaign.selected.join(' '),
    to: campaign.deployment,
    state: campaign.state,
    because: campaign.reason,
    'waiting for': campaign.waitingFor,
    started: instantText(campaign.createdAt),
    took: durationText(campaign.createdAt, campaign.endedAt),
  });
  out.heading('Phases');
  out.table(
    ['', 'PHASE', 'GATEWAYS', 'NOT BEGUN', 'AT WORK', 'SUCCEEDED', 'FAILED', 'LEFT', ''],
    campaign.phases.map((phase) => [
      phase.phase,
      phase.name,
      phase.gateways,
      phase.notBegun,
      phase.open,
      phase.succeeded,
      failedText(phase.failed),
      phase.left,
      phase.unwell === 0 ? '' : `${phase.unwell} not well`,
    ]),
    'its gateways are not chosen yet',
  );
  out.heading('Work');
  out.table(
    ['PHASE', 'WHAT', '', 'STATE', 'TOOK', 'ROLLOUT OR ORDER'],
    campaign.rollouts.map(({ id, phase, work, action, requests, state, createdAt, endedAt }) => [
      phase,
      work,
      `${action} ${requests.join(' ')}`,
      state,
      durationText(createdAt, endedAt),
      id,
    ]),
    'none yet',
  );
  if (campaign.wayBack !== null) drawWayBack(out, campaign.wayBack);
  out.heading('What happened');
  out.table(
    ['WHEN', 'WHAT', 'WHO', 'WHY', ''],
    campaign.events.map(({ at, kind, who, why, detail }) => [
      instantText(at),
      kind,
      who ?? '',
      why ?? '',
      Object.entries(detail)
        .filter(([, value]) => value !== null)
        .map(([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`)
        .join(', '),
    ]),
    '',
  );
}

function drawWayBack(out: Output, { open, left }: NonNullable<Campaign['wayBack']>): void {
  out.heading('Way back');
  out.line(open === 0 ? 'at its end' : `still on their way: ${counted(open, 'gateway')}`);
  for (const { gatewayId, because } of left.slice(0, shownLeft))
    out.line(`${out.colors.yellow(printable(gatewayId))} is left as it is: ${printable(because)}`);
  const more = left.length - shownLeft;
  if (more > 0) out.line(out.colors.dim(`and ${more} more; --json has them`));
}

function failedText(failed: Readonly<Record<string, number>>): string {
  const present = Object.entries(failed).filter(([, count]) => count > 0);
  return present.map(([name, count]) => `${count} ${name}`).join(', ');
}
