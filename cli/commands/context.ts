import { Command } from 'commander';
import type { Cli, OfflineContext } from '../cli.js';
import {
  contextOf,
  readContexts,
  withContext,
  withoutContext,
  writeContexts,
  type Context,
  type Contexts,
} from '../contexts.js';
import { badUsage } from '../bad-usage.js';
import { instantText, printable } from '../output.js';

/** A context as it is shown: its token is not. */
interface Shown {
  readonly name: string;
  readonly inUse: boolean;
  /** URL of the API; null where a running `leonore up` says it. */
  readonly server: string | null;
  /** Data directory of a `leonore up`; null for another server. */
  readonly stack: string | null;
  readonly ca: string | null;
  readonly hasToken: boolean;
  readonly expiresAt: string | null;
}

/** `leonore context list | show | use | remove`: servers that are known here. */
export function contextCommand(cli: Cli): Command {
  const { env } = cli.environment;
  const command = new Command('context').description(
    'servers that are known here, and which of them is in use',
  );
  const list = async ({ out }: OfflineContext<object>): Promise<undefined> => {
    const contexts = await readContexts(env);
    const shown = Object.keys(contexts.contexts)
      .sort()
      .map((name) => shownOf(contexts, name));
    out.result(shown, () =>
      out.table(
        ['', 'NAME', 'SERVER', 'SIGNED IN'],
        shown.map(({ name, inUse, server, stack, hasToken, expiresAt }) => [
          inUse ? '*' : '',
          name,
          server ?? `leonore up --data ${stack ?? ''}`,
          stack !== null ? 'while it runs' : signedIn(hasToken, expiresAt),
        ]),
        'no contexts; `leonore login --server URL` makes one',
      ),
    );
  };
  const show = async ({ out }: OfflineContext<object>, named: string | undefined): Promise<undefined> => {
    const contexts = await readContexts(env);
    const name = named ?? contexts.current;
    if (name === null) throw badUsage('No context is in use; name one.');
    const shown = shownOf(contexts, name);
    const { server, stack, ca, hasToken, expiresAt } = shown;
    out.result(shown, () =>
      out.facts({
        name,
        'in use': shown.inUse ? 'yes' : 'no',
        server,
        'data directory': stack,
        authority: ca,
        'signed in': stack === null ? signedIn(hasToken, expiresAt) : null,
      }),
    );
  };
  const use = async ({ out }: OfflineContext<object>, name: string): Promise<undefined> => {
    const contexts = await readContexts(env);
    await writeContexts(env, withContext(contexts, name, contextOf(contexts, name), true));
    out.result({ inUse: name }, () => out.line(`using ${printable(name)} from now on`));
  };
  const remove = async ({ out }: OfflineContext<object>, name: string): Promise<undefined> => {
    const contexts = await readContexts(env);
    contextOf(contexts, name);
    await writeContexts(env, withoutContext(contexts, name));
    out.result({ removed: name }, () => out.line(`removed ${printable(name)}`));
  };
  cli.offlineVerb(command.command('list').description('list them; tokens are not shown'), list);
  cli.offlineVerb(command.command('show').description('show one, or that in use').argument('[name]'), show);
  cli.offlineVerb(command.command('use').description('use one from now on').argument('<name>'), use);
  cli.offlineVerb(
    command
      .command('remove')
      .description('forget one, with its token; a session goes on at the server until `leonore logout`')
      .argument('<name>'),
    remove,
  );
  return command;
}

function shownOf(contexts: Contexts, name: string): Shown {
  const context: Context = contextOf(contexts, name);
  const inUse = contexts.current === name;
  if ('stack' in context)
    return { name, inUse, server: null, stack: context.stack, ca: null, hasToken: false, expiresAt: null };
  const { server, token, ca = null, expiresAt = null } = context;
  return { name, inUse, server, stack: null, ca, hasToken: token !== undefined, expiresAt };
}

function signedIn(hasToken: boolean, expiresAt: string | null): string {
  if (!hasToken) return 'no';
  return expiresAt === null ? 'yes' : `until ${instantText(expiresAt)}`;
}
