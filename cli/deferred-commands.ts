import { Command } from 'commander';
import type { Cli } from './cli.js';

interface DeferredCommand {
  readonly name: string;
  readonly summary: string;
  readonly load: (cli: Cli) => Promise<Command>;
}

/** Verbs whose code is heavy: loaded only when they are asked for, so that an agent carries no Temporal. */
const deferred: readonly DeferredCommand[] = [
  {
    name: 'up',
    summary: 'run the embedded stack on this machine, until Ctrl-C',
    load: async () => (await import('./commands/up.js')).upCommand(),
  },
  {
    name: 'agent',
    summary: 'run the gateway agent',
    load: async () => (await import('./commands/agent.js')).agentCommand(),
  },
  {
    name: 'resolve',
    summary: 'find plans from a catalog file; no server needed',
    load: async (cli) => (await import('./commands/resolve.js')).resolveCommand(cli),
  },
];

/** Adds the deferred verbs: those among the words of the command line whole, the others by name for the help. */
export async function addDeferredCommands(
  program: Command,
  args: readonly string[],
  cli: Cli,
): Promise<void> {
  for (const { name, summary, load } of deferred) {
    program.addCommand(args.includes(name) ? await load(cli) : new Command(name).description(summary));
  }
}
