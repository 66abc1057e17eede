import { Command } from 'commander';
import type { PlanAnswer } from '../../client/resources.js';
import { wholeNumber } from '../arguments.js';
import { badUsage } from '../bad-usage.js';
import type { Cli, VerbContext } from '../cli.js';
import { ExitCode } from '../exit-code.js';
import { bytesText, printable, type Output } from '../output.js';

/** Plans that a caller may ask for. */
const maxPlans = 50;

interface PlanOptions {
  readonly deployment?: string;
  readonly gateway?: string;
  readonly plans?: number;
}

/** `leonore plan`: dry run. Exits 3 when no gateway has a plan. */
export function planCommand(cli: Cli): Command {
  return cli.serverVerb(
    new Command('plan')
      .description('dry run: groups, plans, removals, and why not')
      .argument('<name[@range]...>', 'what to provision')
      .option('--deployment <name>', 'for all gateways of a deployment')
      .option('--gateway <id>', 'for one gateway')
      .option('--plans <n>', 'plans wanted for each group', wholeNumber(1, maxPlans)),
    plan,
  );
}

async function plan(
  { client, out, options }: VerbContext<PlanOptions>,
  requests: string[],
): Promise<ExitCode> {
  const { deployment, gateway, plans } = options;
  if ((deployment === undefined) === (gateway === undefined))
    throw badUsage('give either --deployment or --gateway');
  const answer = await client.plan({
    requests,
    ...(deployment === undefined ? {} : { deployment }),
    ...(gateway === undefined ? {} : { gatewayId: gateway }),
    ...(plans === undefined ? {} : { plans }),
  });
  out.result(answer, () => drawAnswer(out, answer));
  return answer.incompatible === answer.gateways ? ExitCode.Unsatisfiable : ExitCode.Done;
}

function drawAnswer(out: Output, { gateways, incompatible, groups }: PlanAnswer): void {
  out.line(`${gateways} gateways in ${groups.length} groups; ${incompatible} incompatible`);
  for (const group of groups) {
    const sample = group.sample.join(', ') + (group.gateways > group.sample.length ? ', …' : '');
    out.heading(`${group.gateways} × ${printable(sample)}`);
    if (group.explanation !== null)
      out.line(`  ${out.colors.yellow('no plan')}: ${printable(group.explanation)}`);
    group.plans.forEach((each, index) => {
      if (group.plans.length > 1) out.line(`  plan ${index + 1}`);
      drawPlan(out, each);
    });
  }
}

function drawPlan(out: Output, plan: PlanAnswer['groups'][number]['plans'][number]): void {
  const { install, remove, keep, downloadSize, peakDisk } = plan;
  drawNames(out, 'install', install);
  drawNames(out, 'remove ', remove);
  drawNames(out, 'keep   ', keep);
  out.line(
    `    ${out.colors.dim(`download ${bytesText(downloadSize)}, disk at its peak ${bytesText(peakDisk)}`)}`,
  );
}

function drawNames(out: Output, label: string, names: readonly string[]): void {
  if (names.length > 0) out.line(`    ${out.colors.dim(label)} ${names.join(' ')}`);
}
