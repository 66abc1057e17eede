import { Command, Option } from 'commander';
import type { Token } from '../../client/resources.js';
import { grantText } from '../../domain/access/grant.js';
import { roles, type Role } from '../../domain/access/role.js';
import { collect, duration } from '../arguments.js';
import { badUsage } from '../bad-usage.js';
import type { Cli, VerbContext } from '../cli.js';
import { addConfirmation } from '../confirm.js';
import { instantText } from '../output.js';

interface CreateOptions {
  readonly role?: Role;
  readonly scope?: string;
  readonly grant?: readonly string[];
  /** Seconds. */
  readonly expires?: number;
}

type Grant = { role: Role; scope?: string };

/** `leonore token create | list | revoke`: people and services, what they may do, and for which gateways. */
export function tokenCommand(cli: Cli): Command {
  const command = new Command('token').description('people and services: their tokens, roles and scopes');
  cli.serverVerb(
    command
      .command('create')
      .description('make a token for a person or a service; it is shown this once')
      .argument('<name>')
      .addOption(new Option('--role <role>', 'what it may do').choices(roles))
      .option(
        '--scope <selector>',
        'for which gateways: over labels, such as \'labels.building in ("b1", "b2")\' (default: all)',
      )
      .option(
        '--grant <role=selector>',
        'a further role with a scope of its own, or ROLE alone; may be repeated',
        collect,
      )
      .option('--expires <time>', 'how long, such as 6h, 2d or 90d (default: until it is revoked)', duration),
    create,
  );
  cli.serverVerb(
    command.command('list').description('list tokens; what is sent as token is not shown'),
    list,
  );
  cli.serverVerb(
    addConfirmation(command.command('revoke').description('make a token void at once').argument('<name>')),
    revoke,
  );
  return command;
}

async function create(
  { client, out, options }: VerbContext<CreateOptions>,
  name: string,
): Promise<undefined> {
  const { role, scope, grant = [], expires } = options;
  if (role === undefined && scope !== undefined) throw badUsage('--scope belongs to --role.');
  const first: Grant[] = role === undefined ? [] : [{ role, ...(scope === undefined ? {} : { scope }) }];
  const grants = [...first, ...grant.map(grantOf)];
  if (grants.length === 0) throw badUsage('Give a --role, or a --grant.');
  const made = await client.people.createToken({
    name,
    grants,
    ...(expires === undefined ? {} : { expiresInSeconds: expires }),
  });
  out.result(made, () => {
    out.line(`made ${name}; its token is shown this once:`);
    out.line(made.secret);
  });
}

async function list({ client, out }: VerbContext<object>): Promise<undefined> {
  const tokens = await client.people.tokens();
  out.result(tokens, () =>
    out.table(
      ['NAME', 'MAY', 'EXPIRES', 'LAST USED', 'MADE BY'],
      tokens.map((token: Token) => [
        token.name,
        token.grants.map(grantText).join(', '),
        token.expiresAt === null ? '' : instantText(token.expiresAt),
        token.lastUsedAt === null ? '' : instantText(token.lastUsedAt),
        token.createdBy,
      ]),
      'no tokens',
    ),
  );
}

async function revoke({ client, out, confirm }: VerbContext<object>, name: string): Promise<undefined> {
  await confirm(`revoke the token ${name}`);
  await client.people.revokeToken(name);
  out.result({ revoked: name }, () => out.line(`revoked ${name}`));
}

/** `ROLE=SELECTOR`, or `ROLE`. */
function grantOf(text: string): Grant {
  const [, word = '', scope] = /^(\w+)(?:=([\s\S]+))?$/u.exec(text) ?? [];
  const role = roles.find((one) => one === word);
  if (role === undefined) throw badUsage(`"${text}" is not ROLE=SELECTOR; roles are ${roles.join(', ')}.`);
  return { role, ...(scope === undefined ? {} : { scope }) };
}
