import { randomUUID } from 'node:crypto';
import { Command, Option } from 'commander';
import { strategyNames, type StrategyName } from '../../domain/balancer/strategies.js';
import { duration } from '../arguments.js';
import type { Cli, VerbContext } from '../cli.js';
import { ExitCode } from '../exit-code.js';
import { followRollout } from '../follow-rollout.js';
import { addTargetOptions, targetOf, type TargetOptions } from '../target-options.js';

interface ProvisionOptions extends TargetOptions {
  readonly watch?: true;
  readonly wait?: true;
  readonly idempotencyKey?: string;
  readonly deadline?: number;
  readonly balancer?: StrategyName;
  readonly allowRemove?: true;
  readonly allowDowngrade?: true;
}

/** `leonore provision`: starts a rollout; with --watch exits 0 only when it succeeded. */
export function provisionCommand(cli: Cli): Command {
  return cli.serverVerb(
    addTargetOptions(
      new Command('provision')
        .description('start a rollout')
        .argument('<name[@range]...>', 'what to provision'),
    )
      .option('--watch', 'follow it until it has ended; exit 0 only when it succeeded')
      .option('--wait', 'the same, and tell nothing but its end')
      .option('--idempotency-key <key>', 'the same key starts the same rollout')
      .option('--deadline <time>', 'after which a silent gateway counts as lost: 90s, 15m, 6h, 2d', duration)
      .addOption(
        new Option('--balancer <strategy>', 'spread its gateways over all nodes first').choices(
          strategyNames,
        ),
      )
      .option('--allow-remove', 'newer versions may take away what was asked for before')
      .option('--allow-downgrade', 'what is asked for may be older than what a gateway has'),
    provision,
  );
}

async function provision(context: VerbContext<ProvisionOptions>, requests: string[]): Promise<ExitCode> {
  const { client, out, options } = context;
  const { watch, wait, idempotencyKey = randomUUID(), deadline, balancer } = options;
  const { allowRemove, allowDowngrade } = options;
  const wishes = {
    ...(deadline === undefined ? {} : { deadlineSeconds: deadline }),
    ...(balancer === undefined ? {} : { balancer }),
    ...(allowRemove === undefined ? {} : { allowRemove }),
    ...(allowDowngrade === undefined ? {} : { allowDowngrade }),
  };
  const rollout = await client.startRollout({ requests, ...targetOf(options), ...wishes }, idempotencyKey);
  if (watch === true || wait === true) {
    // Whoever is cut off from here can go on elsewhere.
    if (!out.asJson) context.progress.write(`rollout ${rollout.id}\n`);
    return followRollout(context, rollout.id, watch !== true);
  }
  out.result(rollout, () => {
    out.line(`${out.colors.green('started')} rollout ${rollout.id}`);
    out.line(out.colors.dim(`follow it with: leonore rollout watch ${rollout.id}`));
  });
  return ExitCode.Done;
}
