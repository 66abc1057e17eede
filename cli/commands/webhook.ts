import { setTimeout as delay } from 'node:timers/promises';
import { Command, Option } from 'commander';
import type { LeonoreClient } from '../../client/leonore-client.js';
import type { Webhook, WebhookDelivery } from '../../client/resources.js';
import { toldEventTypes, type ToldEventType } from '../../domain/webhook/event-types.js';
import { webhookDeliveryStates, type WebhookDeliveryState } from '../../domain/webhook/retry.js';
import { collect, duration, wholeNumber } from '../arguments.js';
import { badUsage } from '../bad-usage.js';
import type { Cli, VerbContext } from '../cli.js';
import { ExitCode } from '../exit-code.js';
import { addConfirmation } from '../confirm.js';
import { counted, instantText } from '../output.js';

/** Of deliveries, what people look through. */
const shownDeliveries = 50;
/** An attempt takes ten seconds at most, and begins within some. */
const testWithinMs = 30_000;
const lookAgainMs = 300;

/** `leonore webhook create | list | show | test | rotate | remove | deliveries | retry`: who is told of what happens. */
export function webhookCommand(cli: Cli): Command {
  const command = new Command('webhook').description('who is told of what happens');
  cli.serverVerb(
    command
      .command('create')
      .description('have somebody told of what happens; what requests are signed with is shown this once')
      .argument('<name>')
      .argument('<url>')
      .option(
        '--event <type>',
        `only of this; may be repeated (default: all): ${toldEventTypes.join(', ')}`,
        collect,
      ),
    create,
  );
  cli.serverVerb(command.command('list').description('list webhooks, and how they stand'), list);
  cli.serverVerb(command.command('show').description('show one of them').argument('<name>'), show);
  cli.serverVerb(
    command
      .command('test')
      .description('send it a message to try it by, and say what came of it')
      .argument('<name>'),
    test,
  );
  cli.serverVerb(
    command
      .command('rotate')
      .description('give it another secret, shown this once; the one before signs too for a while')
      .argument('<name>')
      .option('--overlap <time>', 'for how long both sign, such as 6h or 2d (default: a day)', duration),
    rotate,
  );
  cli.serverVerb(
    addConfirmation(
      command
        .command('remove')
        .description('tell it nothing any more, nor what waits for it')
        .argument('<name>'),
    ),
    remove,
  );
  cli.serverVerb(
    command
      .command('deliveries')
      .description('what it is to be told, and was; the latest first')
      .argument('<name>')
      .addOption(new Option('--state <state>', 'only these').choices(webhookDeliveryStates))
      .option('--most <n>', 'how many are shown', wholeNumber(1, 500), shownDeliveries),
    deliveries,
  );
  cli.serverVerb(
    command
      .command('retry')
      .description('try anew what was given up: all of it, or some')
      .argument('<name>')
      .argument('[deliveries...]'),
    retry,
  );
  return command;
}

async function create(
  { client, out, options: { event } }: VerbContext<{ readonly event?: readonly string[] }>,
  name: string,
  url: string,
): Promise<undefined> {
  const made = await client.webhooks.create({
    name,
    url,
    ...(event === undefined ? {} : { events: event.map(eventTypeOf) }),
  });
  out.result(made, () => {
    out.line(`made ${name}; by this secret, shown this once, its requests are verified:`);
    out.line(made.secret);
  });
}

function eventTypeOf(text: string): ToldEventType {
  const type = toldEventTypes.find((one) => one === text);
  if (type === undefined) throw badUsage(`"${text}" is none of ${toldEventTypes.join(', ')}.`);
  return type;
}

async function list({ client, out }: VerbContext<object>): Promise<undefined> {
  const webhooks = await client.webhooks.list();
  out.result(webhooks, () =>
    out.table(
      ['NAME', 'URL', 'STANDS', 'WAITING', 'DEAD', 'DROPPED', 'MADE BY'],
      webhooks.map((webhook) => [
        webhook.name,
        webhook.url,
        standingText(webhook),
        webhook.waiting,
        webhook.dead,
        webhook.dropped,
        webhook.createdBy,
      ]),
      'no webhooks',
    ),
  );
}

async function show({ client, out }: VerbContext<object>, name: string): Promise<undefined> {
  const webhook = await client.webhooks.get(name);
  out.result(webhook, () =>
    out.facts({
      name: webhook.name,
      url: webhook.url,
      'told of': webhook.events.join(', '),
      'of gateways': webhook.scopes.length === 0 ? 'of the whole fleet' : webhook.scopes.join(' or '),
      stands: standingText(webhook),
      waiting: webhook.waiting,
      dead: webhook.dead,
      dropped: webhook.dropped,
      'old secret until': webhook.previousSecretUntil && instantText(webhook.previousSecretUntil),
      made: `${instantText(webhook.createdAt)} by ${webhook.createdBy}`,
    }),
  );
}

function standingText({ failures, restsUntil, goneAt }: Webhook): string {
  if (goneAt !== null) return `gone since ${instantText(goneAt)}`;
  if (failures === 0) return 'well';
  const failed = `${counted(failures, 'failure')} in a row`;
  return restsUntil === null ? failed : `${failed}, rests until ${instantText(restsUntil)}`;
}

async function test({ client, out }: VerbContext<object>, name: string): Promise<ExitCode> {
  const delivery = await attempted(client, name, await client.webhooks.test(name));
  const isDone = delivery.state === 'delivered';
  out.result(delivery, () =>
    out.line(
      isDone
        ? `${name} took it: ${delivery.status ?? ''}`
        : `${name} did not take it: ${delivery.problem ?? 'nothing has been sent yet; is a coordinator up?'}`,
    ),
  );
  return isDone ? ExitCode.Done : ExitCode.Failed;
}

/** A delivery after its first attempt, or as it is when that takes too long. */
async function attempted(
  client: LeonoreClient,
  name: string,
  delivery: WebhookDelivery,
): Promise<WebhookDelivery> {
  const giveUpAtMs = performance.now() + testWithinMs;
  let seen = delivery;
  while (seen.triedAt === null && performance.now() < giveUpAtMs) {
    await delay(lookAgainMs);
    seen = await client.webhooks.delivery(name, delivery.id);
  }
  return seen;
}

async function rotate(
  { client, out, options: { overlap } }: VerbContext<{ readonly overlap?: number }>,
  name: string,
): Promise<undefined> {
  const rotated = await client.webhooks.rotate(name, overlap);
  out.result(rotated, () => {
    const { previousSecretUntil: until } = rotated.webhook;
    out.line(`the new secret of ${name}, shown this once:`);
    out.line(rotated.secret);
    if (until !== null) out.line(`the one before signs too until ${instantText(until)}`);
  });
}

async function remove({ client, out, confirm }: VerbContext<object>, name: string): Promise<undefined> {
  await confirm(`remove the webhook ${name} and what it was not told yet`);
  await client.webhooks.remove(name);
  out.result({ removed: name }, () => out.line(`removed ${name}`));
}

async function deliveries(
  {
    client,
    out,
    options: { state, most },
  }: VerbContext<{ readonly state?: WebhookDeliveryState; readonly most: number }>,
  name: string,
): Promise<undefined> {
  const found = await client.webhooks.deliveries(name, state, most);
  out.result(found, () =>
    out.table(
      ['ID', 'WHEN', 'WHAT', 'STATE', 'TRIED', 'AGAIN', 'PROBLEM'],
      found.map((one) => [
        one.id,
        instantText(one.occurredAt),
        one.type,
        one.state,
        one.attempts,
        one.dueAt === null ? '' : instantText(one.dueAt),
        one.problem,
      ]),
      'nothing',
    ),
  );
}

async function retry({ client, out }: VerbContext<object>, name: string, ids: string[]): Promise<undefined> {
  const retried = await client.webhooks.retry(name, ids);
  out.result({ retried }, () => out.line(`${retried} will be tried anew`));
}
