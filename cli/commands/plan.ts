import { Command } from 'commander';
import type { PlanAnswer } from '../../client/resources.js';
import { wholeNumber } from '../arguments.js';
import { badUsage } from '../bad-usage.js';
import type { Cli, VerbContext } from '../cli.js';
import { ExitCode } from '../exit-code.js';
import type { Plan } from '../../domain/plan/plan.js';
import { printable, type Output } from '../output.js';
import { planLines } from '../plan-tree.js';

/** Plans that a caller may ask for. */
const maxPlans = 50;

interface PlanOptions {
  readonly deployment?: string;
  readonly gateway?: string;
  readonly plans?: number;
  readonly allowRemove?: true;
}

/** `leonore plan`: dry run. Exits 3 when no gateway has a plan, 4 when for some of them nobody knows. */
export function planCommand(cli: Cli): Command {
  return cli.serverVerb(
    new Command('plan')
      .description('dry run: groups, plans, removals, and why not')
      .argument('<name[@range]...>', 'what to provision')
      .option('--deployment <name>', 'for all gateways of a deployment')
      .option('--gateway <id>', 'for one gateway')
      .option('--plans <n>', 'plans wanted for each group', wholeNumber(1, maxPlans))
      .option('--allow-remove', 'newer versions may take away what was asked for before'),
    plan,
  );
}

async function plan(
  { client, out, options }: VerbContext<PlanOptions>,
  requests: string[],
): Promise<ExitCode> {
  const { deployment, gateway, plans, allowRemove } = options;
  if ((deployment === undefined) === (gateway === undefined))
    throw badUsage('give either --deployment or --gateway');
  const answer = await client.plan({
    requests,
    ...(deployment === undefined ? {} : { deployment }),
    ...(gateway === undefined ? {} : { gatewayId: gateway }),
    ...(plans === undefined ? {} : { plans }),
    ...(allowRemove === undefined ? {} : { allowRemove }),
  });
  out.result(answer, () => drawAnswer(out, answer));
  if (answer.incompatible + answer.undecided < answer.gateways) return ExitCode.Done;
  return answer.undecided > 0 ? ExitCode.Undecided : ExitCode.Unsatisfiable;
}

function drawAnswer(out: Output, { gateways, incompatible, undecided, groups }: PlanAnswer): void {
  // Groups that differ in what they remove only share a package.
  const contents = groups.flatMap(({ plans: [first] }) =>
    first === undefined || first.install.length === 0 ? [] : [contentOf(first)],
  );
  const packages = new Set(contents).size;
  out.line(
    `${counted(gateways, 'gateway')} in ${counted(groups.length, 'group')}: ` +
      `${counted(packages, 'package')} to build, unless they are there already; ${incompatible} incompatible` +
      (undecided === 0 ? '' : `, ${undecided} undecided`),
  );
  for (const group of groups) {
    const sample = group.sample.join(', ') + (group.gateways > group.sample.length ? ', …' : '');
    out.heading(`${group.gateways} × ${printable(sample)}`);
    if (group.explanation !== null) drawExplanation(out, group.explanation);
    group.plans.forEach((plan, index) => {
      if (group.plans.length > 1) out.line(out.colors.dim(index === 0 ? '  plan' : `  fallback ${index}`));
      for (const line of planLines(plan as Plan)) out.line(`    ${printable(line)}`);
    });
  }
}

function contentOf({ install, artifacts }: PlanAnswer['groups'][number]['plans'][number]): string {
  const variants = artifacts.map(({ name, version, variantIndex }) => [name, version, variantIndex]);
  return JSON.stringify([install, variants.filter(([, , variant]) => variant !== null)]);
}

function drawExplanation(out: Output, explanation: string): void {
  const [head = '', ...lines] = printable(explanation).split('\n');
  out.line(`  ${out.colors.yellow(head)}`);
  for (const line of lines) out.line(`  ${line}`);
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
