import { randomUUID } from 'node:crypto';
import { Command, Option } from 'commander';
import type { WantedMember, WantedState, WantedStateDetail } from '../../client/resources.js';
import { presetNames } from '../../domain/campaign/presets.js';
import { standings } from '../../domain/wanted-state/judge.js';
import { duration } from '../arguments.js';
import type { Cli, VerbContext } from '../cli.js';
import { instantText, type Output } from '../output.js';
import { standingWords } from '../standing-words.js';
import { strategyOfOption } from '../strategy-option.js';

interface WantOptions {
  readonly deployment: string;
  readonly automatic?: true;
  readonly strategy?: string;
  readonly deadline?: number;
  readonly idempotencyKey?: string;
}

interface ShowOptions {
  readonly standing?: WantedMember['standing'];
}

/** `leonore want`: keeps the gateways of a deployment at artifacts. */
export function wantCommand(cli: Cli): Command {
  return cli.serverVerb(
    new Command('want')
      .description(
        'keep the gateways of a deployment at artifacts: those that join, come back or drift are brought there by rollouts',
      )
      .argument('<name[@range]...>', 'what is wanted')
      .requiredOption('--deployment <name>', 'of which gateways')
      .option('--automatic', 'roll out a new version in the range by itself, to all at once')
      .option(
        '--strategy <file|preset>',
        `roll out a new version in the range by itself, by a campaign: ${presetNames.join(', ')}, or a YAML or JSON file`,
      )
      .option('--deadline <time>', 'after which a silent gateway counts as lost: 90s, 15m, 6h, 2d', duration)
      .option('--idempotency-key <key>', 'the same key gives the same wanted state'),
    want,
  );
}

/** `leonore wanted list | show | end`: what deployments are kept at. */
export function wantedCommand(cli: Cli): Command {
  const command = new Command('wanted').description('what deployments are kept at');
  cli.serverVerb(command.command('list').description('list all wanted states, newest first'), list);
  cli.serverVerb(
    command
      .command('show')
      .description('show how many gateways stand how, and why those that are not as wanted are not')
      .argument('<id>')
      .addOption(
        new Option('--standing <standing>', 'list the gateways that stand so').choices([...standings]),
      ),
    show,
    ['wanted-state'],
  );
  cli.serverVerb(
    command
      .command('end')
      .description('keep the deployment no longer; what is installed stays')
      .argument('<id>'),
    end,
    ['wanted-state'],
  );
  return command;
}

async function want(
  { client, out, options }: VerbContext<WantOptions>,
  requests: string[],
): Promise<undefined> {
  const { deployment, automatic, strategy, deadline, idempotencyKey = randomUUID() } = options;
  const wanted = await client.wantState(
    {
      requests,
      deployment,
      ...(automatic === undefined ? {} : { automatic }),
      ...(strategy === undefined ? {} : { strategy: await strategyOfOption(strategy) }),
      ...(deadline === undefined ? {} : { deadlineSeconds: deadline }),
    },
    idempotencyKey,
  );
  out.result(wanted, () => {
    out.line(`${out.colors.green('wanted')} ${wanted.versions.join(' ')} for ${deployment}: ${wanted.id}`);
    out.line(out.colors.dim(`see how it stands with: leonore wanted show ${wanted.id}`));
  });
}

async function list({ client, out }: VerbContext<object>): Promise<undefined> {
  const wanted = await client.wantedStates();
  out.result(wanted, () =>
    out.table(
      ['ID', 'WANTED', 'NEWEST', 'DEPLOYMENT', 'NEW VERSIONS', 'SINCE', 'ENDED'],
      wanted.map(({ id, requests, versions, deployment, automatic, strategy, createdAt, endedAt }) => [
        id,
        requests.join(' '),
        versions.join(' '),
        deployment,
        newVersionsWord({ automatic, strategy }),
        instantText(createdAt),
        endedAt === null ? '' : instantText(endedAt),
      ]),
      'no wanted states',
    ),
  );
}

async function show({ client, out, options }: VerbContext<ShowOptions>, id: string): Promise<undefined> {
  const wanted = await client.wantedState(id);
  if (options.standing === undefined) {
    out.result(wanted, () => drawWanted(out, wanted));
    return;
  }
  const gateways = await client.wantedGateways(id, options.standing);
  out.result({ ...wanted, gateways }, () => {
    drawWanted(out, wanted);
    out.heading('Gateways');
    out.table(
      ['ID', 'SINCE', 'ATTEMPTS', 'NEXT', 'WHY'],
      gateways.map(({ gatewayId, changedAt, attempts, dueAt, reason }) => [
        gatewayId,
        instantText(changedAt),
        attempts,
        dueAt === null ? '' : instantText(dueAt),
        reason,
      ]),
      'none',
    );
  });
}

async function end({ client, out }: VerbContext<object>, id: string): Promise<undefined> {
  const wanted = await client.endWantedState(id);
  out.result(wanted, () => out.line(`ended ${wanted.id}`));
}

function drawWanted(out: Output, wanted: WantedStateDetail): void {
  out.facts({
    id: wanted.id,
    wanted: wanted.requests.join(' '),
    newest: wanted.versions.join(' '),
    deployment: wanted.deployment,
    'new versions': newVersionsWord(wanted),
    since: instantText(wanted.createdAt),
    ended: wanted.endedAt === null ? null : instantText(wanted.endedAt),
    problem: wanted.problem,
    note: wanted.lookingAtAll ? 'not all gateways have been looked at yet' : null,
  });
  out.heading('Gateways by how they stand');
  out.facts(
    Object.fromEntries(standings.map((standing) => [standingWords[standing], wanted.compliance[standing]])),
  );
  if (wanted.strategy !== null) drawCampaigns(out, wanted.campaigns);
  out.heading('Rollouts');
  out.table(
    ['ID', 'STATE', 'GATEWAYS', 'STARTED'],
    wanted.rollouts.map(({ id, state, gateways, createdAt }) => [
      id,
      state,
      gateways,
      instantText(createdAt),
    ]),
    'none',
  );
}

function drawCampaigns(out: Output, campaigns: WantedStateDetail['campaigns']): void {
  out.heading('Campaigns');
  out.table(
    ['ID', 'STATE', 'BRINGS', 'STARTED'],
    campaigns.map(({ id, state, selected, createdAt }) => [
      id,
      state,
      selected.join(' '),
      instantText(createdAt),
    ]),
    'none',
  );
}

/** How a new version in the range goes out. */
function newVersionsWord({ automatic, strategy }: Pick<WantedState, 'automatic' | 'strategy'>): string {
  if (strategy !== null) return 'by campaigns';
  return automatic ? 'to all at once' : 'when asked';
}
