import { Option, type Command } from 'commander';
import type { GatewayFilter } from '../client/requests.js';
import { gatewayConditions, type GatewayCondition } from '../domain/gateway/condition.js';

/** Options by which gateways are chosen. */
export interface GatewayFilterOptions {
  readonly select?: string;
  readonly text?: string;
  readonly state?: GatewayCondition;
  readonly artifact?: string;
  readonly node?: string;
  readonly protocol?: string;
  readonly unwell?: true;
}

/** Adds the options by which a command chooses gateways. */
export function addGatewayFilter(command: Command): Command {
  return command
    .option('--select <selector>', 'only those that a selector matches, such as \'labels.building == "b1"\'')
    .option('--text <part>', 'only those with this in id, name, mac or a label')
    .addOption(new Option('--state <state>', 'only those that stand so').choices(gatewayConditions))
    .option('--artifact <name[@range]>', 'only those that have it installed')
    .option('--node <id>', 'only those of a node')
    .option('--protocol <name>', 'only those that speak it')
    .option('--unwell', 'only those on which something is not as it should be');
}

/** What the API is asked for. */
export function gatewayFilterOf(options: GatewayFilterOptions): GatewayFilter {
  const { unwell, select, text, state, artifact, node, protocol } = options;
  return {
    ...(select === undefined ? {} : { select }),
    ...(text === undefined ? {} : { text }),
    ...(state === undefined ? {} : { state }),
    ...(artifact === undefined ? {} : { artifact }),
    ...(node === undefined ? {} : { node }),
    ...(protocol === undefined ? {} : { protocol }),
    ...(unwell === undefined ? {} : { unwell: 'true' as const }),
  };
}
