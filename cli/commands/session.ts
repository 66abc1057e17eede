import { Command } from 'commander';
import { grantText } from '../../domain/access/grant.js';
import type { Cli, VerbContext } from '../cli.js';
import { addConfirmation } from '../confirm.js';
import { instantText } from '../output.js';

/** `leonore session list | revoke`: people who have signed in. */
export function sessionCommand(cli: Cli): Command {
  const command = new Command('session').description('people who have signed in');
  cli.serverVerb(command.command('list').description('list them, the latest first'), list);
  cli.serverVerb(
    addConfirmation(command.command('revoke').description('end a session at once').argument('<id>')),
    revoke,
  );
  return command;
}

async function list({ client, out }: VerbContext<object>): Promise<undefined> {
  const sessions = await client.signIn.sessions();
  out.result(sessions, () =>
    out.table(
      ['ID', 'NAME', 'BY', 'FROM', 'MAY', 'SINCE', 'LAST USED', 'UNTIL'],
      sessions.map(({ id, name, kind, address, grants, createdAt, lastUsedAt, expiresAt }) => [
        id,
        name,
        kind,
        address,
        grants.map(grantText).join(', '),
        instantText(createdAt),
        instantText(lastUsedAt),
        instantText(expiresAt),
      ]),
      'nobody is signed in',
    ),
  );
}

async function revoke({ client, out, confirm }: VerbContext<object>, id: string): Promise<undefined> {
  await confirm(`end the session ${id}`);
  await client.signIn.revoke(id);
  out.result({ revoked: id }, () => out.line(`revoked ${id}`));
}
