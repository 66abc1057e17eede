import { Command } from 'commander';
import type { LeonoreClient } from '../../client/leonore-client.js';
import type { GivenOrder, NewOrder } from '../../client/requests.js';
import type { GatewayOrder } from '../../client/resources.js';
import { collect, duration } from '../arguments.js';
import { badUsage } from '../bad-usage.js';
import type { Cli, VerbContext } from '../cli.js';
import { addConfirmation } from '../confirm.js';
import { ExitCode } from '../exit-code.js';
import { looks } from '../look-until.js';
import { instantText } from '../output.js';
import { wholeId } from '../whole-id.js';
import { counted } from '../../domain/units.js';

/** Gateways are wiped as they are taken out of service. */
type Action = Exclude<NewOrder['action'], 'wipe'>;

interface GiveOptions {
  readonly gateway?: string[];
  readonly deployment?: string;
  readonly deadline?: number;
  readonly idempotencyKey?: string;
  readonly wait?: true;
  readonly keepData?: boolean;
  readonly dryRun?: true;
}

interface ListOptions {
  readonly order?: string;
  readonly gateway?: string;
}

/** Between two looks whether an order has been carried out everywhere. */
const lookEveryMs = 1_000;

const descriptions: Readonly<Record<Action, string>> = {
  uninstall:
    'remove an artifact, and dependencies that nothing needs any more; refused when another artifact needs it',
  start: 'start an application, and keep it up from now on',
  stop: 'stop an application, and keep it stopped until it is started or replaced',
  profile: 'ask gateways for fresh profiles',
};

/** `leonore order uninstall | start | stop | profile | list | cancel`: what gateways do besides what is provisioned. */
export function orderCommand(cli: Cli): Command {
  const command = new Command('order').description(
    'uninstall, start or stop artifacts on gateways, or ask for profiles',
  );
  const orderVerb = (action: Action): Command =>
    command
      .command(action)
      .description(descriptions[action])
      .option('--gateway <id>', 'a gateway; may be given several times', collect)
      .option('--deployment <name>', 'all gateways of a deployment that it can be about')
      .option(
        '--deadline <time>',
        'time for gateways to answer, such as 90s, 15m, 6h or 2d (default: 1d)',
        duration,
      )
      .option('--idempotency-key <key>', 'the same key gives the same order')
      .option('--wait', 'wait until it is carried out everywhere; exit 0 only when it succeeded');
  for (const action of ['uninstall', 'start', 'stop'] as const) {
    const verb = orderVerb(action).argument('<name>', 'name of the artifact');
    if (action === 'uninstall') {
      addConfirmation(verb)
        .option('--keep-data', 'its data stays on the gateway; default: as the policy of the artifact says')
        .option('--no-keep-data', 'its data goes, whatever the policy of the artifact says')
        .option('--dry-run', 'say what would go, and from how many gateways; nothing is removed');
    }
    cli.serverVerb(verb, (context: VerbContext<GiveOptions>, name: string) => give(context, action, name));
  }
  cli.serverVerb(orderVerb('profile'), (context: VerbContext<GiveOptions>) => give(context, 'profile'));
  cli.serverVerb(
    command
      .command('list')
      .description('list orders, one line a gateway, oldest first')
      .option('--order <id>', 'of one order')
      .option('--gateway <id>', 'of one gateway'),
    list,
  );
  cli.serverVerb(
    command
      .command('cancel')
      .description('withdraw an order from the gateways that have not begun with it')
      .argument('<id>'),
    cancel,
    ['order'],
  );
  return command;
}

async function give(
  { client, out, options, confirm }: VerbContext<GiveOptions>,
  action: Action,
  artifact?: string,
): Promise<ExitCode | undefined> {
  const { gateway, deployment, deadline, idempotencyKey, wait, keepData, dryRun } = options;
  if ((gateway === undefined) === (deployment === undefined)) {
    throw badUsage('Give either --gateway or --deployment.');
  }
  const wanted: NewOrder = {
    action,
    ...(artifact === undefined ? {} : { artifact }),
    ...(gateway === undefined ? {} : { gatewayIds: gateway }),
    ...(deployment === undefined ? {} : { deployment }),
    ...(deadline === undefined ? {} : { deadlineSeconds: deadline }),
    ...(keepData === undefined ? {} : { keepData }),
  };
  const what = artifact === undefined ? action : `${action} ${artifact}`;
  if (dryRun === true) {
    const preview = await client.previewOrder(wanted);
    out.result(preview, () => drawReach(out, `would ${what}`, preview));
    return undefined;
  }
  if (action === 'uninstall') await confirm(`${what} from ${deployment ?? gateway?.join(', ') ?? ''}`);
  const order = await client.giveOrder(wanted, idempotencyKey);
  if (wait !== true) {
    out.result(order, () => drawReach(out, `order ${order.id}: ${what}`, order));
    return undefined;
  }
  const parts = await endedParts(client, order.id);
  draw(out, parts);
  return parts.every(({ state }) => state === 'succeeded') ? undefined : ExitCode.Failed;
}

/** On how many gateways, and what goes with it. */
function drawReach(
  out: VerbContext<object>['out'],
  what: string,
  { gateways, also }: Pick<GivenOrder, 'gateways' | 'also'>,
): void {
  out.line(`${what} on ${counted(gateways, 'gateway')}`);
  for (const [name, count] of Object.entries(also))
    out.line(`  and ${name} on ${count} of them, which nothing needs any more`);
}

/** The parts of an order, once all have ended: at the latest at its deadline. */
export async function endedParts(client: LeonoreClient, order: string): Promise<GatewayOrder[]> {
  for await (const parts of looks(() => client.orders({ order }), { everyMs: lookEveryMs }))
    if (parts.every(({ endedAt }) => endedAt !== null)) return parts;
  return [];
}

async function list({ client, out, options }: VerbContext<ListOptions>): Promise<undefined> {
  const { order, gateway } = options;
  draw(
    out,
    await client.orders({
      ...(order === undefined ? {} : { order: await wholeId(client, ['order'], order) }),
      ...(gateway === undefined ? {} : { gateway }),
    }),
  );
}

async function cancel({ client, out }: VerbContext<object>, id: string): Promise<undefined> {
  const answer = await client.cancelOrder(id);
  out.result(answer, () => out.line(`withdrawn from ${counted(answer.cancelled, 'gateway')}`));
}

function draw(out: VerbContext<object>['out'], parts: readonly GatewayOrder[]): void {
  out.result(parts, () =>
    out.table(
      ['ORDER', 'GATEWAY', 'ACTION', 'ARTIFACT', 'STATE', 'GIVEN', 'WHY'],
      parts.map(({ order, gatewayId, action, artifact, state, createdAt, error }) => [
        order,
        gatewayId,
        action,
        artifact,
        state,
        instantText(createdAt),
        error === null ? '' : JSON.stringify(error),
      ]),
      'no orders',
    ),
  );
}
