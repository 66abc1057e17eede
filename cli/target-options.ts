import type { Command } from 'commander';
import { collect } from './arguments.js';
import { badUsage } from './bad-usage.js';

/** Whom a verb is for, as options. */
export interface TargetOptions {
  readonly deployment?: string;
  readonly gateway?: string[];
  readonly select?: string;
}

/** Adds the options that name gateways: a verb takes exactly one of the three. */
export function addTargetOptions(command: Command): Command {
  return command
    .option('--deployment <name>', 'for all gateways of a deployment')
    .option('--gateway <id>', 'for a gateway; may be given many times', collect)
    .option('--select <expr>', 'for all that match, such as: labels.building == "b1"');
}

/** What the options say, as the API takes it. @throws CommanderError when they are none, or more than one */
export function targetOf({ deployment, gateway, select }: TargetOptions) {
  if ([deployment, gateway, select].filter((given) => given !== undefined).length !== 1)
    throw badUsage('give exactly one of --deployment, --gateway and --select');
  if (deployment !== undefined) return { deployment };
  return gateway === undefined ? { select: select ?? '' } : { gateways: gateway };
}
