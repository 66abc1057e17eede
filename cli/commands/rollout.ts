import { Command } from 'commander';
import type { Delivery, Rollout } from '../../client/resources.js';
import { troubleStates } from '../../domain/delivery/state.js';
import type { Cli, VerbContext } from '../cli.js';
import { countsText } from '../counts-text.js';
import type { ExitCode } from '../exit-code.js';
import { followRollout } from '../follow-rollout.js';
import { durationText, instantText, printable, type Output } from '../output.js';

type Context = VerbContext<object>;

/** Deliveries that went wrong and are shown with a rollout; `--json` has them all. */
const shownTroubles = 50;

/** `leonore rollout list | show | watch | why | reasons | cancel`. */
export function rolloutCommand(cli: Cli): Command {
  const command = new Command('rollout').description('requests to provision, and how they went');
  cli.serverVerb(command.command('list').description('list all rollouts, newest first'), list);
  cli.serverVerb(
    command
      .command('show')
      .description('show a rollout: counts, steps, groups, and what went wrong')
      .argument('<id>'),
    show,
    ['rollout'],
  );
  cli.serverVerb(
    command
      .command('watch')
      .description('follow a rollout until it has ended; exit 0 only when it succeeded')
      .argument('<id>'),
    followRollout,
    ['rollout'],
  );
  cli.serverVerb(
    command
      .command('why')
      .description('say what came of a rollout, or an order, on a gateway: what went wrong, and what to do')
      .argument('<id>')
      .argument('<gateway>'),
    why,
    ['rollout', 'order'],
  );
  cli.serverVerb(
    command
      .command('reasons')
      .description('count why gateways could not be served by a rollout, with an example of each reason')
      .argument('<id>'),
    reasons,
    ['rollout'],
  );
  cli.serverVerb(
    command.command('cancel').description('stop what no gateway has begun to install').argument('<id>'),
    cancel,
    ['rollout'],
  );
  return command;
}

async function list({ client, out }: Context): Promise<undefined> {
  const rollouts = await client.rollouts();
  out.result(rollouts, () =>
    out.table(
      ['ID', 'WHAT', 'DEPLOYMENT', 'STATE', 'BY', 'STARTED', 'TOOK'],
      rollouts.map(({ id, requests, deployment, state, waitingFor, createdBy, createdAt, endedAt }) => [
        id,
        requests.join(' '),
        deployment,
        waitingFor === null ? state : `${state}, waiting for ${waitingFor}`,
        createdBy,
        instantText(createdAt),
        durationText(createdAt, endedAt),
      ]),
      'no rollouts',
    ),
  );
}

async function show({ client, out }: Context, id: string): Promise<undefined> {
  const rollout = await client.rollout(id);
  const troubles: Delivery[] = [];
  for (const state of troubleStates) {
    if (rollout.counts[state] > 0) troubles.push(...(await client.deliveries(id, state)));
  }
  out.result({ ...rollout, troubles }, () => drawRollout(out, rollout, troubles));
}

async function reasons({ client, out }: VerbContext<object>, id: string): Promise<undefined> {
  const counted = await client.rolloutReasons(id);
  out.result(counted, () =>
    out.table(
      ['GATEWAYS', 'CLASS', 'WHY', 'FOR INSTANCE', 'PRINTED'],
      counted.map(({ count, class: failure, template, example }) => [
        count,
        failure,
        template,
        example.gatewayId,
        example.output ?? '',
      ]),
      'nothing ended badly',
    ),
  );
}

async function why({ client, out }: Context, id: string, gateway: string): Promise<undefined> {
  const [delivery, { conditions, troubles, lastSeenAt }] = await Promise.all([
    client.delivery(id, gateway),
    client.gateway(gateway),
  ]);
  out.result({ ...delivery, gateway: { conditions, troubles, lastSeenAt } }, () => {
    const { action, artifact, requests, state, failure, createdBy, createdAt, endedAt, history } = delivery;
    out.facts({
      what: `${action} ${artifact ?? requests.join(' ')}`,
      gateway,
      state,
      'asked for by': createdBy,
      started: instantText(createdAt),
      took: durationText(createdAt, endedAt),
      'the gateway is': `${conditions.join(', ')}, last heard of at ${instantText(lastSeenAt)}`,
    });
    if (failure !== null) {
      out.heading('Why');
      out.line(printable(failure));
    }
    out.heading('What happened');
    out.table(
      ['WHEN', 'WHAT'],
      history.map(({ at, what }) => [instantText(at), what]),
      'nothing yet',
    );
    if (troubles.length === 0) return;
    out.heading('Not as it should be now');
    for (const trouble of troubles) out.line(`  ${printable(trouble)}`);
  });
}

async function cancel({ client, out }: Context, id: string): Promise<ExitCode | undefined> {
  const rollout = await client.cancelRollout(id);
  out.result(rollout, () => out.line(`rollout ${rollout.id} is ${rollout.state}`));
  return undefined;
}

function drawRollout(out: Output, rollout: Rollout, troubles: readonly Delivery[]): void {
  out.facts({
    id: rollout.id,
    what: rollout.requests.join(' '),
    deployment: rollout.deployment,
    state: rollout.state,
    'may remove': rollout.allowRemove ? 'what was asked for before' : null,
    'may bring': rollout.allowDowngrade ? 'older versions than there are' : null,
    'waiting for': rollout.waitingFor,
    deliveries: countsText(rollout.counts),
    'asked for by': rollout.createdBy,
    started: instantText(rollout.createdAt),
    took: durationText(rollout.createdAt, rollout.endedAt),
    failure: rollout.failureText,
  });
  if (rollout.channels.length > 0) {
    out.heading('By protocol and strategy');
    out.table(
      ['PROTOCOL', 'STRATEGY', 'DELIVERIES'],
      rollout.channels.map(({ protocol, strategy, counts }) => [protocol, strategy, countsText(counts)]),
      '',
    );
  }
  out.heading('Steps');
  out.table(
    ['', 'STEP', 'NODE', 'TOOK'],
    rollout.steps.map(({ step, name, nodeId, startedAt, endedAt }) => [
      step,
      name,
      nodeId,
      endedAt === null ? `${durationText(startedAt, null)} …` : durationText(startedAt, endedAt),
    ]),
    'not begun',
  );
  out.heading('Groups');
  out.table(
    ['GATEWAYS', 'NODE', 'STATE', 'PACKAGE', 'PLAN'],
    rollout.groups.map(({ gateways, nodeId, state, packageId, plans, planIndex }) => [
      gateways,
      nodeId,
      state,
      packageId?.slice(0, 12) ?? '',
      plans[planIndex ?? 0]?.install.join(' ') ?? '',
    ]),
    'none yet',
  );
  for (const { explanation, gateways, state } of rollout.groups) {
    if (explanation !== null)
      out.line(`${out.colors.yellow(`${gateways} ${state}`)}: ${printable(explanation)}`);
  }
  drawEvents(out, rollout.events);
  drawTroubles(out, troubles);
}

function drawEvents(out: Output, events: Rollout['events']): void {
  if (events.length === 0) return;
  out.heading('What happened besides');
  out.table(
    ['WHEN', 'WHAT', ''],
    events.map(({ at, kind, detail }) => [instantText(at), kind, factsText(detail)]),
    '',
  );
}

/** `what` says it in words; the other facts follow. */
function factsText({ what, ...facts }: Readonly<Record<string, unknown>>): string {
  const named = Object.entries(facts).map(([name, value]) => `${name} ${JSON.stringify(value)}`);
  return [...(typeof what === 'string' ? [what] : []), ...named].join(', ');
}

function drawTroubles(out: Output, troubles: readonly Delivery[]): void {
  if (troubles.length === 0) return;
  out.heading('What went wrong');
  out.table(
    ['GATEWAY', 'STATE', 'WHY'],
    troubles.slice(0, shownTroubles).map(({ gatewayId, state, failure }) => [gatewayId, state, failure]),
    '',
  );
  const more = troubles.length - shownTroubles;
  if (more > 0) out.line(out.colors.dim(`and ${more} more; --json has them all`));
}
