import { Command } from 'commander';
import type { Cli } from './cli.js';
import { addCommonOptions } from './common-options.js';

interface DeferredCommand {
  readonly name: string;
  /** What the command says of itself, for the help of them all. */
  readonly summary: string;
  readonly load: (cli: Cli) => Promise<Command>;
}

/** All verbs: loaded only when they are asked for, so that none waits for the code of another. */
const deferred: readonly DeferredCommand[] = [
  {
    name: 'artifact',
    summary: 'the artifact repository',
    load: async (cli) => (await import('./commands/artifact.js')).artifactCommand(cli),
  },
  {
    name: 'gateway',
    summary: 'the fleet',
    load: async (cli) => (await import('./commands/gateway.js')).gatewayCommand(cli),
  },
  {
    name: 'fleet',
    summary:
      'the fleet in numbers: how gateways stand, which versions are where, what failed within a day, how they stand to what is wanted',
    load: async (cli) => (await import('./commands/fleet.js')).fleetCommand(cli),
  },
  {
    name: 'token',
    summary: 'people and services: their tokens, roles and scopes',
    load: async (cli) => (await import('./commands/token.js')).tokenCommand(cli),
  },
  {
    name: 'login',
    summary:
      'sign in to a server, by a code that is entered in a browser or with --token, and use it from now on',
    load: async (cli) => (await import('./commands/login.js')).loginCommand(cli),
  },
  {
    name: 'logout',
    summary: 'end the session at the server, and forget its token',
    load: async (cli) => (await import('./commands/login.js')).logoutCommand(cli),
  },
  {
    name: 'context',
    summary: 'servers that are known here, and which of them is in use',
    load: async (cli) => (await import('./commands/context.js')).contextCommand(cli),
  },
  {
    name: 'session',
    summary: 'people who have signed in',
    load: async (cli) => (await import('./commands/session.js')).sessionCommand(cli),
  },
  {
    name: 'audit',
    summary: 'who changed what, when, and from where; the latest first',
    load: async (cli) => (await import('./commands/audit.js')).auditCommand(cli),
  },
  {
    name: 'webhook',
    summary: 'who is told of what happens',
    load: async (cli) => (await import('./commands/webhook.js')).webhookCommand(cli),
  },
  {
    name: 'enrolment',
    summary: 'tokens with which gateways may enrol',
    load: async (cli) => (await import('./commands/enrolment.js')).enrolmentCommand(cli),
  },
  {
    name: 'deployment',
    summary: 'named sets of gateways',
    load: async (cli) => (await import('./commands/deployment.js')).deploymentCommand(cli),
  },
  {
    name: 'plan',
    summary: 'dry run: groups, plans, removals, risks, and why not',
    load: async (cli) => (await import('./commands/plan.js')).planCommand(cli),
  },
  {
    name: 'provision',
    summary: 'start a rollout',
    load: async (cli) => (await import('./commands/provision.js')).provisionCommand(cli),
  },
  {
    name: 'rollout',
    summary: 'requests to provision, and how they went',
    load: async (cli) => (await import('./commands/rollout.js')).rolloutCommand(cli),
  },
  {
    name: 'want',
    summary:
      'keep the gateways of a deployment at artifacts: those that join, come back or drift are brought there by rollouts',
    load: async (cli) => (await import('./commands/wanted.js')).wantCommand(cli),
  },
  {
    name: 'wanted',
    summary: 'what deployments are kept at',
    load: async (cli) => (await import('./commands/wanted.js')).wantedCommand(cli),
  },
  {
    name: 'value',
    summary: 'values of the fleet, of selectors and of gateways; the nearest of a key counts',
    load: async (cli) => (await import('./commands/value.js')).valueCommand(cli),
  },
  {
    name: 'campaign',
    summary: 'new versions to many gateways, in phases',
    load: async (cli) => (await import('./commands/campaign.js')).campaignCommand(cli),
  },
  {
    name: 'order',
    summary: 'uninstall, start or stop artifacts on gateways, or ask for profiles',
    load: async (cli) => (await import('./commands/order.js')).orderCommand(cli),
  },
  {
    name: 'node',
    summary: 'LEONORE nodes',
    load: async (cli) => (await import('./commands/node.js')).nodeCommand(cli),
  },
  {
    name: 'package',
    summary: 'application packages',
    load: async (cli) => (await import('./commands/package.js')).packageCommand(cli),
  },
  {
    name: 'key',
    summary: 'signing keys, on this machine',
    load: async (cli) => (await import('./commands/key.js')).keyCommand(cli),
  },
  {
    name: 'trust',
    summary: 'who may sign what: roots and delegations, kept in a directory',
    load: async (cli) => (await import('./commands/trust.js')).trustCommand(cli),
  },
  {
    name: 'up',
    summary: 'run PostgreSQL, Temporal, api, coordinator and nodes on this machine, until Ctrl-C',
    load: async () => (await import('./commands/up.js')).upCommand(),
  },
  {
    name: 'agent',
    summary: 'run a gateway agent in the foreground, until Ctrl-C',
    load: async () => (await import('./commands/agent.js')).agentCommand(),
  },
  {
    name: 'resolve',
    summary: 'find plans from a catalog file; no server needed',
    load: async (cli) => (await import('./commands/resolve.js')).resolveCommand(cli),
  },
  {
    name: 'completion',
    summary: 'print what completes commands in a shell',
    load: async (cli) => (await import('./commands/completion.js')).completionCommand(cli, wholeProgram),
  },
];

/** Adds the verbs: those among the words of the command line whole, the others by name for the help. */
export async function addDeferredCommands(
  program: Command,
  args: readonly string[],
  cli: Cli,
): Promise<void> {
  for (const { name, summary, load } of deferred) {
    program.addCommand(args.includes(name) ? await load(cli) : new Command(name).description(summary));
  }
}

/** `leonore` with all verbs whole: for what is about all of them. */
export async function wholeProgram(cli: Cli): Promise<Command> {
  const program = new Command('leonore');
  for (const { load } of deferred) program.addCommand(await load(cli));
  addCommonOptions(program);
  return program;
}
