import { Command } from 'commander';
import type { PlanAnswer } from '../../client/resources.js';
import { wholeNumber } from '../arguments.js';
import type { Cli, VerbContext } from '../cli.js';
import { ExitCode } from '../exit-code.js';
import type { Plan } from '../../domain/plan/plan.js';
import { bytesText, counted, printable, type Output } from '../output.js';
import { addTargetOptions, targetOf, type TargetOptions } from '../target-options.js';
import { budgetSeconds } from '../time-budget.js';

/** Plans that a caller may ask for. */
const maxPlans = 50;

interface PlanOptions extends TargetOptions {
  readonly plans?: number;
  readonly allowRemove?: true;
  /** Seconds. */
  readonly budget?: number;
  readonly allowDowngrade?: true;
}

/** `leonore plan`: dry run. Exits 3 when no gateway has a plan, 4 when for some of them nobody knows. */
export function planCommand(cli: Cli): Command {
  return cli.serverVerb(
    addTargetOptions(
      new Command('plan')
        .description('dry run: groups, plans, removals, risks, and why not')
        .argument('<name[@range]...>', 'what to provision'),
    )
      .option('--plans <n>', 'plans wanted for each group', wholeNumber(1, maxPlans))
      .option('--allow-remove', 'newer versions may take away what was asked for before')
      .option(
        '--budget <time>',
        'how long to compute at most for gateways with the same facts',
        budgetSeconds,
      )
      .option('--allow-downgrade', 'what is asked for may be older than what a gateway has'),
    plan,
  );
}

async function plan(
  { client, out, options }: VerbContext<PlanOptions>,
  requests: string[],
): Promise<ExitCode> {
  const { plans, allowRemove, allowDowngrade, budget } = options;
  const answer = await client.plan({
    requests,
    ...targetOf(options),
    ...(plans === undefined ? {} : { plans }),
    ...(allowRemove === undefined ? {} : { allowRemove }),
    ...(budget === undefined ? {} : { budgetSeconds: budget }),
    ...(allowDowngrade === undefined ? {} : { allowDowngrade }),
  });
  // Only now: the help needs none of it.
  const { planLines } = await import('../plan-tree.js');
  out.result(answer, () => drawAnswer(out, answer, planLines));
  if (answer.incompatible + answer.undecided < answer.gateways) return ExitCode.Done;
  return answer.undecided > 0 ? ExitCode.Undecided : ExitCode.Unsatisfiable;
}

function drawAnswer(out: Output, answer: PlanAnswer, planLines: (plan: Plan) => string[]): void {
  const { gateways, incompatible, undecided, lackingValues, downloadBytes, groups } = answer;
  const there = packagesOf(groups.filter((group) => group.package?.there === true));
  const toBuild = packagesOf(groups.filter((group) => group.package?.there === false));
  out.line(
    `${counted(gateways, 'gateway')} in ${counted(groups.length, 'group')}: ` +
      `${counted(toBuild, 'package')} to build, ${there} there already, ${bytesText(downloadBytes)} to fetch; ` +
      `${incompatible} incompatible` +
      (undecided === 0 ? '' : `, ${undecided} undecided`) +
      (lackingValues === 0 ? '' : `, ${lackingValues} without a value`),
  );
  for (const group of groups) {
    out.heading(someText(group));
    if (group.explanation !== null) drawExplanation(out, group.explanation);
    if (group.configured.gateways > 0)
      out.line(`  configured anew, without a package: ${someText(group.configured)}`);
    for (const { keys, ...some } of group.lacking)
      out.line(`  ${out.colors.yellow('without a value')} for ${printable(keys)}: ${someText(some)}`);
    for (const { kind, what, ...some } of group.risks)
      out.line(`  ${out.colors.yellow(`risk, ${kind}`)}: ${printable(what)}: ${someText(some)}`);
    group.plans.forEach((plan, index) => {
      if (group.plans.length > 1) out.line(out.colors.dim(index === 0 ? '  plan' : `  fallback ${index}`));
      for (const line of planLines(plan as Plan)) out.line(`    ${printable(line)}`);
    });
  }
}

/** Groups that differ in what they remove only share a package. */
function packagesOf(groups: PlanAnswer['groups']): number {
  const contents = groups.flatMap(({ plans: [first] }) => (first === undefined ? [] : [contentOf(first)]));
  return new Set(contents).size;
}

function someText({ gateways, sample }: { readonly gateways: number; readonly sample: string[] }): string {
  return `${gateways} × ${printable(sample.join(', ') + (gateways > sample.length ? ', …' : ''))}`;
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
